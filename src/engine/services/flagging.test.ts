/** Flags and grounding of a stored study, through the engine's own handlers. */
import { rmSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { contract, type ReportFlag, type ReportSentence } from '../../shared/contract.ts';
import { call, drain, openEngine } from '../../testing/engineForTests.ts';
import { writePhantomStudy } from '../../testing/phantomStudy.ts';
import { findingsOf, sentenceOf } from '../../testing/reportParts.ts';
import { temporaryFolder } from '../../testing/temporaryFolder.ts';
import { makeTinyPackWithHeads } from '../../testing/tinyHeads.ts';
import { tiny } from '../../testing/tinyPack.ts';
import type { Engine } from '../create.ts';
import { auditPage } from '../store/audit.ts';

let pack = '';
beforeAll(async () => { pack = await makeTinyPackWithHeads(); });
afterAll(() => { rmSync(pack, { recursive: true, force: true }); });

/** A study with a bright ball on the patient's left, read by the tiny pack. */
async function readStudy(options: { readonly analyse?: boolean } = {}): Promise<{ engine: Engine; study: string; dataDir: string }> {
  const [source, dataDir] = [temporaryFolder(), temporaryFolder()];
  const { study } = await writePhantomStudy(source, { lesionRadius: 0.36 });
  const engine = await openEngine(dataDir, { packFolders: [pack], pack: 'tiny' });
  onTestFinished(() => engine.close());
  await drain(engine.importPaths([source], call.signal));
  if (options.analyse !== false) await drain(engine.handlers['study.analyse']({ study, force: false }, call));
  return { engine, study, dataDir };
}

const flagsOf = async (engine: Engine, study: string, sentences: ReportSentence[]): Promise<ReportFlag[]> => {
  const flags = await engine.handlers['report.flags']({ study, content: { sentences } }, call);
  expect(contract['report.flags'].result.parse(flags)).toEqual(flags);
  return flags;
};
const wrong = findingsOf('There is an enhancing lesion in the right frontal lobe.');

describe('flags of a study', () => {
  test('the side of the text against the side of what lies in the image', async () => {
    const { engine, study } = await readStudy();
    expect(await flagsOf(engine, study, wrong)).toMatchObject([{ kind: 'wrong-side', sentence: 's1' }, { kind: 'missed-finding', sentence: null }]);
    expect((await flagsOf(engine, study, findingsOf('There is an enhancing lesion in the left frontal lobe.'))).map(({ kind }) => kind)).not.toContain('wrong-side');
  });

  test('a study that nobody read is held against its own words alone', async () => {
    const { engine, study } = await readStudy({ analyse: false });
    expect(await flagsOf(engine, study, [...wrong, sentenceOf('s2', 'No enhancing lesion.')])).toMatchObject([{ kind: 'contradiction', sentence: 's2' }]);
  });

  test('a study read by a version that kept no middle plane gets one', async () => {
    const { engine, study } = await readStudy();
    const { db } = engine.parts.store;
    const plane = db.get<{ plane: string }>('SELECT plane FROM middle_plane')!.plane;
    db.run('DELETE FROM middle_plane');
    await flagsOf(engine, study, wrong);
    expect(db.get<{ plane: string }>('SELECT plane FROM middle_plane')!.plane).toBe(plane);
  });

  test('a dismissal is kept with who, when and why, survives a restart, stands in the audit, and can be taken back', async () => {
    const { engine, study, dataDir } = await readStudy();
    const [flag] = await flagsOf(engine, study, wrong);
    await engine.handlers['report.dismissFlag']({ study, flag: flag!.id, by: 'A. Reader', why: 'The head took the choroid plexus for a lesion' }, call);
    await engine.close();
    const again = await openEngine(dataDir, { packFolders: [pack], pack: 'tiny' });
    onTestFinished(() => again.close());
    const dismissed = { by: 'A. Reader', at: '2026-01-05T09:00:00.000Z', why: 'The head took the choroid plexus for a lesion' };
    expect((await flagsOf(again, study, wrong))[0]).toMatchObject({ id: flag!.id, dismissed });
    const [entry] = auditPage(again.parts.store.db, { before: null, limit: 20, study }).entries.filter(({ kind }) => kind === 'flag.dismissed');
    expect(entry).toMatchObject({ actor: 'A. Reader', detail: expect.stringContaining('"kind":"wrong-side"') as string });
    await again.handlers['report.restoreFlag']({ study, flag: flag!.id, by: 'A. Reader' }, call);
    expect((await flagsOf(again, study, wrong))[0]!.dismissed).toBeNull();
    expect(() => again.handlers['report.restoreFlag']({ study, flag: flag!.id, by: 'A. Reader' }, call)).toThrow(expect.objectContaining({ code: 'report/unknown-flag' }));
  });

  test('an edit of a long report is flagged within 200 ms', async () => {
    const { engine, study } = await readStudy();
    const sentences = Array.from({ length: 60 }, (_, at) => sentenceOf(`s${at}`, `There is a ${at + 2} mm enhancing lesion in the ${at % 2 ? 'left' : 'right'} frontal lobe number ${at}, compared to the prior study.`));
    await flagsOf(engine, study, sentences);
    const started = performance.now();
    const flags = await engine.handlers['report.flags']({ study, content: { sentences: sentences.map((one, at) => (at === 30 ? { ...one, text: 'No enhancing lesion.' } : one)) } }, call);
    expect(performance.now() - started).toBeLessThan(200);
    expect(flags.length).toBeGreaterThan(50);
  });
});

describe('grounding of what a reader writes', () => {
  test('is that of the draft for the draft\'s own sentences', async () => {
    const { engine, study } = await readStudy();
    const draft = (await engine.handlers['study.draft']({ study }, call))!;
    const texts = draft.sentences.map(({ index, text }) => ({ id: `s${index}`, text }));
    const grounded = await engine.handlers['report.ground']({ study, sentences: texts }, call);
    expect(contract['report.ground'].result.parse(grounded)).toEqual(grounded);
    expect(grounded).toHaveLength(draft.sentences.length);
    for (const [at, { view, similarity, slice, supported }] of draft.sentences.entries()) {
      expect(grounded[at]!.grounding).toEqual(view === null ? null : { view, similarity: expect.closeTo(similarity!, 5) as number, slice, supported });
    }
  });

  test('gives each sentence a view of its own, as many as there are, and none to a sentence without a word', async () => {
    const { engine, study } = await readStudy();
    const texts = ['No mass is seen.', '...', 'The ventricles are normal in size.', 'There is edema.', 'An enhancing mass of 2 cm.', 'No edema is seen in the left frontal lobe.'];
    const grounded = await engine.handlers['report.ground']({ study, sentences: texts.map((text, at) => ({ id: `s${at}`, text })) }, call);
    const views = grounded.flatMap(({ grounding }) => grounding?.view ?? []);
    expect(grounded[1]!.grounding).toBeNull();
    expect(views).toHaveLength(tiny.views);
    expect(new Set(views).size).toBe(tiny.views);
  });

  test('needs a study that was read', async () => {
    const { engine, study } = await readStudy({ analyse: false });
    await expect(engine.handlers['report.ground']({ study, sentences: wrong }, call)).rejects.toMatchObject({ code: 'search/not-encoded' });
    await expect(engine.handlers['study.viewsAt']({ study, pointLps: [0, 0, 0] }, call)).rejects.toMatchObject({ code: 'search/not-encoded' });
  });

  test('views at a place are those whose map is strong there', async () => {
    const { engine, study } = await readStudy();
    const map = await engine.handlers['study.attention']({ study, view: 2 }, call);
    const values = new Float32Array(map.values.buffer.slice(map.values.byteOffset, map.values.byteOffset + map.values.byteLength));
    const strongest = values.indexOf(Math.max(...values));
    const [ni, nj] = map.dims;
    const [i, j, k] = [strongest % ni, Math.floor(strongest / ni) % nj, Math.floor(strongest / (ni * nj))];
    const m = map.voxelToLps;
    const pointLps = [0, 1, 2].map((row) => m[4 * row]! * i + m[4 * row + 1]! * j + m[4 * row + 2]! * k + m[4 * row + 3]!) as [number, number, number];
    const views = await engine.handlers['study.viewsAt']({ study, pointLps }, call);
    expect(views.find(({ view }) => view === 2)?.weight).toBe(1);
    expect(views.map(({ weight }) => weight)).toEqual(views.map(({ weight }) => weight).toSorted((a, b) => b - a));
  });
});
