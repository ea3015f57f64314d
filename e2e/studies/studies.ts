/** Studies and archives for the specs, made in temporary folders: wrapped real images, phantoms, media directories. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Draft } from '../../src/shared/contract.ts';
import { openEngine } from '../../src/testing/engineForTests.ts';
import { writeHeadStudy } from '../../src/testing/headPhantom.ts';
import { writePhantomStudy } from '../../src/testing/phantomStudy.ts';
import { sentence } from '../../src/testing/reportSentences.ts';
import { sharedData } from '../../src/testing/sharedData.ts';
import { decided, draftFor, draftingPack, flagOn, storeSigned, type Decision, type SignedParts } from '../../src/testing/signedReports.ts';
import { wrapTumourStudy } from '../../src/testing/wrapTumourStudy.ts';
import { zipFile } from '../../src/testing/zipFile.ts';

const root = join(import.meta.dirname, '..', '..');
const folder = (): string => mkdtempSync(join(tmpdir(), 'brat-study-'));

/** The real data's folder of one study, or null where it is not installed. */
export function realStudy(name: string): string | null {
  const path = join(sharedData, name);
  return existsSync(path) ? path : null;
}

/** A copy without `ref/`, which holds other programs' NIfTI. */
export function dicomOnly(study: string): string {
  const copy = folder();
  cpSync(study, copy, { recursive: true, filter: (file) => !file.startsWith(join(study, 'ref')) });
  return copy;
}

/** The tumour patient as one zip: T1c, its plain T1, T2, FLAIR, and decoys that carry the agent's name. */
export async function tumourZip(): Promise<string> {
  const from = folder();
  await wrapTumourStudy(from);
  const files = readdirSync(from, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const zip = join(folder(), 'export.zip');
  writeFileSync(zip, zipFile(files.map(({ parentPath, name }) => ({ name: join(parentPath.slice(from.length + 1), name), content: readFileSync(join(parentPath, name)), deflate: true }))));
  return zip;
}

/** A made-up head, with T1c and T1 unless others are wanted. */
export async function phantom(series: readonly ('t1c' | 't1' | 'flair')[] = ['t1c', 't1']): Promise<{ readonly path: string; readonly files: number }> {
  const path = folder();
  const { files } = await writePhantomStudy(path, { uid: '2.25.881', series });
  return { path, files };
}

/** A medium as scanners write it: the phantom's files beside a DICOMDIR by DCMTK. Null without DCMTK. */
export async function medium(): Promise<{ readonly path: string; readonly files: number } | null> {
  const { path, files } = await phantom();
  for (const [name, short] of [['t1c', 'S1'], ['t1', 'S2']] as const) renameSync(join(path, name), join(path, short));
  try {
    execFileSync('dcmmkdir', ['+I', '+r', '+id', path, '+D', join(path, 'DICOMDIR'), '-W', '-Nxc', 'S1', 'S2'], { stdio: 'pipe' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  return { path, files };
}

const reports = ['There is a ring-enhancing mass in the left frontal lobe. No midline shift.', 'No mass is seen. The ventricles are of normal size.', 'Postoperative cavity. A small enhancing focus remains.'];

/** Runs the built command line on a data folder. */
const bratIn = (dataDir: string) => (...words: string[]): void => { execFileSync(process.execPath, [join(root, 'dist', 'cli', 'main.js'), ...words, '--data-dir', dataDir], { stdio: 'pipe' }); };

/**
 * A study of 2024 without a report, an earlier one of the same patient in another pose, one under the same number with another
 * name, and another patient's; all but the first have reports and are indexed.
 */
export async function fillHeads(dataDir: string): Promise<void> {
  const from = folder();
  await writeHeadStudy(join(from, 'now'), { uid: '2.25.810', accession: 'NOW', elements: [['00080020', 'DA', '20240601']] });
  await writeHeadStudy(join(from, 'before'), { uid: '2.25.811', accession: 'BEFORE', motion: [6, -4, 9, 5, -8, 12], seed: 2, elements: [['00080020', 'DA', '20220301']] });
  await writeHeadStudy(join(from, 'doubt'), { uid: '2.25.812', accession: 'DOUBT', motion: [0, 0, 4, 0, 0, 0], seed: 3, elements: [['00080020', 'DA', '20210101'], ['00100010', 'PN', 'Smith^Joan']] });
  await writeHeadStudy(join(from, 'other'), { uid: '2.25.813', accession: 'OTHER', motion: [2, 3, 0, 0, 0, 20], seed: 4, elements: [['00080020', 'DA', '20200101'], ['00100010', 'PN', 'Roe^Ann'], ['00100020', 'LO', 'P2'], ['00100030', 'DA', '19700101']] });
  const table = join(folder(), 'reports.csv');
  writeFileSync(table, ['accession,report', 'BEFORE,"There is an enhancing mass in the left frontal lobe. No midline shift."', 'DOUBT,"No mass is seen."', 'OTHER,"There is an enhancing mass in the right parietal lobe. There is hydrocephalus."'].join('\n'));
  const brat = bratIn(dataDir);
  brat('import', from, '--reports', table);
  brat('index');
}

/** Fills a data folder with a small archive by the command line, as a hospital would: import with reports, then index. */
export async function fillArchive(dataDir: string): Promise<void> {
  const from = folder();
  for (const at of reports.keys()) await writePhantomStudy(join(from, String(at)), { uid: `2.25.70${at}`, accession: `ACC${at}`, series: ['t1c'], seed: at });
  const table = join(folder(), 'reports.csv');
  writeFileSync(table, ['accession,report', ...reports.map((report, at) => `ACC${at},"${report}"`)].join('\n'));
  const brat = bratIn(dataDir);
  brat('import', from, '--reports', table);
  brat('index');
}

/** Half a year of signed reports: two versions of a pack, of which one follows the other, and reports without a draft. */
export async function fillSigned(dataDir: string): Promise<void> {
  const engine = await openEngine(dataDir);
  const texts = ['There is a ring-enhancing mass in the left frontal lobe.', 'There is no midline shift.', 'There is hydrocephalus.*'];
  const [first, second] = [draftFor(texts), draftFor(texts, { ...draftingPack, version: '2.0.0' })];
  const sign = (month: number, n: number, seconds: number, parts: Pick<SignedParts, 'sentences' | 'draft' | 'flags'>): void => {
    const openedAt = Date.UTC(2026, month, 1 + n, 9);
    storeSigned(engine.parts.store.db, { ...parts, study: `2.25.9${month}${parts.draft?.pack.version.charAt(0) ?? 0}${n}`, openedAt: new Date(openedAt).toISOString(), signedAt: new Date(openedAt + 1000 * seconds).toISOString() });
  };
  const drafted = (draft: Draft, decisions: readonly Decision[]): Pick<SignedParts, 'sentences' | 'draft' | 'flags'> => ({ draft, sentences: decided(draft, decisions), flags: decisions[2] === true ? [flagOn('unsupported', 's2')] : [] });
  for (let month = 0; month < 6; month++) {
    for (let n = 0; month < 4 && n < (month === 1 ? 6 : 12); n++) sign(month, n, 120 + 30 * n, drafted(first, [true, n % 3 === 2 ? 'There is a midline shift of 4 mm.' : true, n % 3 === 0 ? true : null]));
    for (let n = 0; month > 2 && n < 11; n++) sign(month, n, 60 + 25 * n, drafted(second, [true, true, n % 4 === 0 ? null : true]));
    for (let n = 0; n < (month === 0 ? 10 : 4); n++) sign(month, n, 300 + 40 * n + 10 * month, { sentences: [sentence('own', 'No mass is seen.')] });
  }
  await engine.close();
}
