/** Studies and archives for the specs, made in temporary folders: wrapped real images, phantoms, media directories. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writePhantomStudy } from '../../src/testing/phantomStudy.ts';
import { sharedData } from '../../src/testing/sharedData.ts';
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

/** A made-up head with T1c and T1. */
export async function phantom(): Promise<{ readonly path: string; readonly files: number }> {
  const path = folder();
  const { files } = await writePhantomStudy(path, { uid: '2.25.881', series: ['t1c', 't1'] });
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

/** Fills a data folder with a small archive by the command line, as a hospital would: import with reports, then index. */
export async function fillArchive(dataDir: string): Promise<void> {
  const from = folder();
  for (const at of reports.keys()) await writePhantomStudy(join(from, String(at)), { uid: `2.25.70${at}`, accession: `ACC${at}`, series: ['t1c'], seed: at });
  const table = join(folder(), 'reports.csv');
  writeFileSync(table, ['accession,report', ...reports.map((report, at) => `ACC${at},"${report}"`)].join('\n'));
  const brat = (...words: string[]): void => { execFileSync(process.execPath, [join(root, 'dist', 'cli', 'main.js'), ...words, '--data-dir', dataDir], { stdio: 'pipe' }); };
  brat('import', from, '--reports', table);
  brat('index');
}
