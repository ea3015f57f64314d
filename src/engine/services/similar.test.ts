import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { contract, type SimilarFilter, type SimilarQuery } from '../../shared/contract.ts';
import { call, drain, openEngine } from '../../testing/engineForTests.ts';
import { writePhantomStudy } from '../../testing/phantomStudy.ts';
import { temporaryFolder } from '../../testing/temporaryFolder.ts';
import { makeTinyPack, tiny } from '../../testing/tinyPack.ts';
import type { Engine } from '../create.ts';
import { alignPairwise, similarityMatrix } from '../search/alignment.ts';
import { findEncoding } from '../store/analyses.ts';

let packFolder = '';
beforeAll(async () => { packFolder = (await makeTinyPack()).folder; });
afterAll(() => { rmSync(packFolder, { recursive: true, force: true }); });

const reports = ['No mass is seen.', 'There is an enhancing mass in the left frontal lobe of 3 cm.', 'No mass is seen. There is hydrocephalus.', 'There is an enhancing mass in the right frontal lobe of 1 cm. There is edema.'];
const study = '2.25.700';

/** Four studies with reports, all but the last of one made-up patient; all are encoded, the first is read. */
async function archiveOfFour(): Promise<Engine> {
  const [dataDir, source] = [temporaryFolder(), temporaryFolder()];
  for (const [n] of reports.entries()) await writePhantomStudy(join(source, String(n)), { uid: `2.25.70${n}`, accession: `ACC${n}`, series: ['t1c'], seed: n, ...(n === 3 ? { elements: [['00100020', 'LO', 'P2'], ['00100010', 'PN', 'Roe^Ann'], ['00100030', 'DA', '19700101']] } : {}) });
  const table = temporaryFolder({ 'reports.csv': ['accession,report', ...reports.map((text, n) => `ACC${n},"${text}"`)].join('\n') });
  const engine = await openEngine(dataDir, { packFolders: [packFolder], pack: 'tiny' });
  onTestFinished(() => engine.close());
  await drain(engine.importPaths([source], call.signal));
  await engine.attachReports(join(table, 'reports.csv'));
  await drain(engine.indexArchive(call.signal));
  return engine;
}

const search = async (engine: Engine, query: SimilarQuery, filter?: Partial<SimilarFilter>) => {
  const answer = await engine.handlers['similar.search']({ study, query, limit: 10, ...(filter && { filter: { patient: 'any', ...filter } }) }, call);
  expect(contract['similar.search'].result.parse(answer)).toEqual(answer);
  return answer;
};

const whole = { shape: 'box', centreLps: [0, 0, 17], halfAxesLps: [[92, 0, 0], [0, 92, 0], [0, 0, 20]] } as const;

describe('a search', () => {
  test('by image, report and text names what made it, and what is known of each case', async () => {
    const engine = await archiveOfFour();
    for (const by of ['image', 'report'] as const) {
      const { cases, pack, searched } = await search(engine, { by });
      expect(cases.map((item) => item.case).sort()).toEqual(['2.25.701', '2.25.702', '2.25.703']);
      expect({ pack: pack.id, training: pack.training, searched }).toEqual({ pack: 'tiny', training: 'untrained', searched: 4 });
      expect(cases.find((item) => item.case === '2.25.703')).toMatchObject({ samePatient: false, study: '2.25.703', findings: expect.arrayContaining([{ question: 'locations', answer: 'Right frontal lobe' }]) as unknown });
      expect(cases.find((item) => item.case === '2.25.702')).toMatchObject({ samePatient: true, findings: expect.arrayContaining([{ question: 'hydrocephalus', answer: 'Yes' }]) as unknown });
    }
    const byText = await search(engine, { by: 'text', text: 'An enhancing mass in the left frontal lobe.' });
    expect(byText.cases).toHaveLength(3);
    await expect(search(engine, { by: 'text', text: ' . ' })).rejects.toMatchObject({ code: 'search/bad-query' });
  });

  test('by a region goes with the views that look there, and says so when none does', async () => {
    const engine = await archiveOfFour();
    const everything = await search(engine, { by: 'region', region: whole, anyway: false } as never);
    expect(everything.region!.used).toHaveLength(tiny.views);
    expect(everything.region!.note).toBe('');
    const byImage = await search(engine, { by: 'image' });
    // All views look at the whole, so it is the search by image.
    expect(everything.cases.map((item) => [item.case, item.similarity.toFixed(5)])).toEqual(byImage.cases.map((item) => [item.case, item.similarity.toFixed(5)]));
    const beside = { ...whole, centreLps: [0, 0, 4000] as const };
    expect(await search(engine, { by: 'region', region: beside, anyway: true } as never)).toMatchObject({ cases: [], region: { used: [], note: 'The region lies outside of what the model read.' } });
    await expect(search(engine, { by: 'region', region: { ...whole, halfAxesLps: [[1, 0, 0], [1, 0, 0], [0, 0, 1]] }, anyway: false } as never)).rejects.toMatchObject({ code: 'search/bad-query' });
  });

  test('is narrowed by finding and by patient', async () => {
    const engine = await archiveOfFour();
    const found = async (filter: Partial<SimilarFilter>) => (await search(engine, { by: 'image' }, filter)).cases.map((item) => item.case).sort();
    expect(await found({ finding: { question: 'enhancing', answer: 'Yes' } })).toEqual(['2.25.701', '2.25.703']);
    expect(await found({ finding: { question: 'enhancing', answer: 'No' } })).toEqual(['2.25.702']);
    expect(await found({ patient: 'same' })).toEqual(['2.25.701', '2.25.702']);
    expect(await found({ patient: 'other' })).toEqual(['2.25.703']);
    expect(await found({ patient: 'same', finding: { question: 'hydrocephalus', answer: 'Yes' } })).toEqual(['2.25.702']);
    const known = await engine.handlers['similar.findings']({}, call);
    expect(known.find(({ question, answer }) => question === 'enhancing' && answer === 'Yes')?.cases).toBe(2);
    // A report that changes is read anew.
    const table = temporaryFolder({ 'r.csv': 'study_uid,report\n2.25.702,There is an enhancing mass in the left frontal lobe.\n' });
    await engine.attachReports(join(table, 'r.csv'));
    expect((await engine.handlers['similar.findings']({}, call)).find(({ question, answer }) => question === 'enhancing' && answer === 'Yes')?.cases).toBe(3);
  });
});

test('why a case is similar: the pairs are those of the alignment, and where each view looked', async () => {
  const engine = await archiveOfFour();
  const { db } = engine.parts.store;
  const explained = await engine.handlers['case.explain']({ study, case: '2.25.703' }, call);
  expect(contract['case.explain'].result.parse(explained)).toEqual(explained);
  const [here, there] = [study, '2.25.703'].map((uid) => findEncoding(db, uid, explained.pack)!.encoded);
  const expected = alignPairwise(similarityMatrix(here!.projected, there!.projected, here!.width), here!.viewCount, there!.viewCount);
  expect(explained.pairs.map(({ view, caseView, similarity }) => ({ row: view, column: caseView, similarity }))).toEqual(expected.pairs);
  expect(explained.similarity).toBe(expected.mean);
  expect((await search(engine, { by: 'image' })).cases.find((item) => item.case === '2.25.703')!.similarity).toBeCloseTo(explained.similarity, 6);
  expect(explained.missing).toBe('');
  for (const pair of explained.pairs) {
    const picture = (await engine.handlers['view.picture']({ study: '2.25.703', view: pair.caseView, size: 64 }, call))!;
    expect(Buffer.from(picture.png).toString('latin1', 1, 4)).toBe('PNG');
    expect(picture.slice).toBe(pair.there!.slice);
    for (const share of picture.mark!) expect(share >= 0 && share <= 1).toBe(true);
  }
});

test('a case without images explains itself without them, and says why', async () => {
  const engine = await archiveOfFour();
  const { db } = engine.parts.store;
  db.run("UPDATE archive_case SET study_uid = NULL, demo = 1 WHERE id = '2.25.701'");
  const explained = await engine.handlers['case.explain']({ study, case: '2.25.701' }, call);
  expect(explained).toMatchObject({ there: null, missing: expect.stringContaining('demonstration') as string });
  expect(explained.pairs).toHaveLength(tiny.views);
  expect(explained.pairs.every(({ there }) => there === null)).toBe(true);
  await expect(engine.handlers['case.explain']({ study, case: 'nobody' }, call)).rejects.toMatchObject({ code: 'store/not-found' });
});

test('pins are kept per study, newest first, and go with the case', async () => {
  const engine = await archiveOfFour();
  await engine.handlers['pins.set']({ study, case: '2.25.701', pinned: true }, call);
  const pins = await engine.handlers['pins.set']({ study, case: '2.25.703', pinned: true }, call);
  expect(contract['pins.set'].result.parse(pins)).toEqual(pins);
  expect(pins.map((item) => item.case).sort()).toEqual(['2.25.701', '2.25.703']);
  expect((await search(engine, { by: 'image' })).cases.filter((item) => item.pinned)).toHaveLength(2);
  expect(await engine.handlers['pins.list']({ study: '2.25.702' }, call)).toEqual([]);
  await engine.handlers['pins.set']({ study, case: '2.25.701', pinned: false }, call);
  await engine.handlers['study.remove']({ study: '2.25.703' }, call);
  expect(await engine.handlers['pins.list']({ study }, call)).toEqual([]);
});
