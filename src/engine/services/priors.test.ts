import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { placeThere } from '../../shared/correspondence.ts';
import { contract } from '../../shared/contract.ts';
import { composeAffine, invertAffine, lps, type Affine } from '../../shared/geometry.ts';
import type { TestElement } from '../../testing/dicomFiles.ts';
import { call, drain, openEngine } from '../../testing/engineForTests.ts';
import { axialGrid, writeHeadStudy } from '../../testing/headPhantom.ts';
import { writePhantomStudy } from '../../testing/phantomStudy.ts';
import { temporaryFolder } from '../../testing/temporaryFolder.ts';
import type { Engine } from '../create.ts';
import { disagreementMm, motionMatrix, type Motion } from '../registration/rigid.ts';

async function engineWith(studies: readonly { readonly uid: string; readonly elements: readonly TestElement[] }[]): Promise<Engine> {
  const [dataDir, source] = [temporaryFolder(), temporaryFolder()];
  for (const { uid, elements } of studies) await writePhantomStudy(join(source, uid), { uid, accession: `A${uid.slice(-2)}`, series: ['t1c'], elements });
  const engine = await openEngine(dataDir);
  onTestFinished(() => engine.close());
  await drain(engine.importPaths([source], call.signal));
  return engine;
}

const on = (date: string): TestElement => ['00080020', 'DA', date];

test('earlier studies of the patient are listed, checked by name and birth date, the newest first', async () => {
  const engine = await engineWith([
    { uid: '2.25.10', elements: [on('20240601')] },
    { uid: '2.25.11', elements: [on('20220301')] },
    { uid: '2.25.12', elements: [on('20230301')] },
    { uid: '2.25.13', elements: [on('20250101')] },
    { uid: '2.25.14', elements: [on('20210101'), ['00100010', 'PN', 'Smith^Jane']] },
    { uid: '2.25.15', elements: [on('20230501'), ['00100020', 'LO', 'OLD-77']] },
    { uid: '2.25.16', elements: [on('20200101'), ['00100020', 'LO', 'P9'], ['00100010', 'PN', 'Roe^Ann']] },
    { uid: '2.25.17', elements: [on('20230101'), ['00100021', 'LO', 'Elsewhere'], ['00100010', 'PN', 'Roe^Ann']] },
  ]);
  const listed = await engine.handlers['priors.list']({ study: '2.25.10' }, call);
  expect(contract['priors.list'].result.parse(listed)).toEqual(listed);
  // Later studies are none, nor those of others with the same birth date; one issuer alone says nothing against a number.
  expect(listed.map(({ study, relation, differs }) => [study, relation, differs])).toEqual([
    ['2.25.12', 'same', []],
    ['2.25.11', 'same', []],
    ['2.25.17', 'mismatch', ['name']],
    ['2.25.14', 'mismatch', ['name']],
    ['2.25.15', 'possible', ['patientId']],
  ]);
  expect(listed[0]).toMatchObject({ shown: { series: '2.25.12.1', stack: 0 }, openedAt: null, report: null });
  await engine.handlers['priors.opened']({ study: '2.25.10', prior: '2.25.12' }, call);
  expect((await engine.handlers['priors.list']({ study: '2.25.10' }, call))[0]!.openedAt).toBe('2026-01-05T09:00:00.000Z');
  const table = temporaryFolder({ 'r.csv': 'study_uid,report\n2.25.11,No mass is seen.\n' });
  await engine.attachReports(join(table, 'r.csv'));
  expect((await engine.handlers['priors.list']({ study: '2.25.10' }, call))[1]!.report).toMatchObject({ kind: 'attached', text: 'No mass is seen.' });
});

test('patients are looked up by index', async () => {
  const engine = await engineWith([{ uid: '2.25.10', elements: [] }]);
  for (const path of ['$.patientId', '$.birthDate']) {
    const plan = engine.parts.store.db.all<{ detail: string }>(`EXPLAIN QUERY PLAN SELECT uid FROM study WHERE json_extract(attributes, '${path}') = ?`, 'x');
    expect(plan[0]!.detail).toMatch(/^SEARCH study USING (?:COVERING )?INDEX study_by/);
  }
});

describe('the slices of two studies', () => {
  const posed: Motion = [5, -4, 8, 6, -10, 14];
  const truth = motionMatrix(posed, lps(0, 0, 0));

  async function twoHeads(options: { readonly frame?: string; readonly sameDay?: boolean; readonly motion?: Motion }): Promise<Engine> {
    const [dataDir, source] = [temporaryFolder(), temporaryFolder()];
    const frames = options.frame === undefined ? {} : { frameOfReference: options.frame };
    await writeHeadStudy(join(source, 'a'), { uid: '2.25.20', ...frames, elements: [on('20240601')] });
    await writeHeadStudy(join(source, 'b'), { uid: '2.25.21', ...frames, motion: options.motion ?? posed, seed: 2, elements: [on(options.sameDay ? '20240601' : '20230601')] });
    const engine = await openEngine(dataDir);
    onTestFinished(() => engine.close());
    await drain(engine.importPaths([source], call.signal));
    return engine;
  }

  const match = (engine: Engine, register = true) =>
    engine.handlers['volumes.match']({ here: { series: '2.25.20.1', stack: 0 }, there: { series: '2.25.21.1', stack: 0 }, kind: 'prior', register }, call);

  test('of different frames of reference are registered once, and say how well', async () => {
    const engine = await twoHeads({});
    expect(await match(engine, false)).toMatchObject({ by: 'none', toOther: null });
    const found = await match(engine);
    expect(contract['volumes.match'].result.parse(found)).toEqual(found);
    expect(found.by).toBe('registration');
    expect(found.quality).toBeGreaterThan(0.4);
    expect(disagreementMm(found.toOther as unknown as Affine, truth, lps(0, 0, 0))).toBeLessThan(1);
    const place = placeThere(found, lps(34, -24, 22))!;
    const expected = composeAffine(truth, invertAffine([1, 0, 0, -34, 0, 1, 0, 24, 0, 0, 1, -22, 0, 0, 0, 1]));
    expect(Math.hypot(place[0] - expected[3], place[1] - expected[7], place[2] - expected[11])).toBeLessThan(1);
    const started = performance.now();
    expect(await match(engine)).toEqual(found);
    expect(performance.now() - started).toBeLessThan(1000);
    // It goes with either study.
    await engine.handlers['study.remove']({ study: '2.25.21' }, call);
    expect(engine.parts.store.db.all('SELECT * FROM registration')).toEqual([]);
  });

  test('of one frame of reference and one day are matched by it', async () => {
    expect(await match(await twoHeads({ frame: '2.25.5', sameDay: true }))).toMatchObject({ by: 'frame', toOther: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1] });
  });

  test('of one frame of reference but different days are checked: the images decide', async () => {
    const engine = await twoHeads({ frame: '2.25.5' });
    const found = await match(engine);
    expect(found).toMatchObject({ by: 'registration', note: expect.stringContaining('do not lie alike') as string });
    expect(disagreementMm(found.toOther as unknown as Affine, truth, lps(0, 0, 0))).toBeLessThan(1);
    expect(await match(engine, false)).toMatchObject({ by: 'frame', note: expect.stringContaining('not checked') as string });
  });

  test('of two patients go by the ends of their heads where no views are stored', async () => {
    const [dataDir, source] = [temporaryFolder(), temporaryFolder()];
    await writeHeadStudy(join(source, 'a'), { uid: '2.25.20' });
    const { voxelToLps: m } = axialGrid;
    // The same head 51.5 mm higher, on thinner slices.
    const squeezed = [m[0], m[1], m[2], m[3], m[4], m[5], m[6], m[7], m[8], m[9], 4, -40, 0, 0, 0, 1] as unknown as Affine;
    await writeHeadStudy(join(source, 'b'), { uid: '2.25.21', voxelToLps: squeezed, dims: [64, 72, 46], motion: [0, 0, 0, 0, 0, 51.5] });
    const engine = await openEngine(dataDir);
    onTestFinished(() => engine.close());
    await drain(engine.importPaths([source], call.signal));
    const found = await engine.handlers['volumes.match']({ here: { series: '2.25.20.1', stack: 0 }, there: { series: '2.25.21.1', stack: 0 }, kind: 'case' , register: true }, call);
    expect(found).toMatchObject({ by: 'extent', toOther: null, quality: null, note: expect.stringContaining('Two patients') as string });
    const top = placeThere(found, lps(0, 0, 40))!;
    expect(top[2]).toBeGreaterThan(85);
    expect(top[2]).toBeLessThan(98);
  });
});
