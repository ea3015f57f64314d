import { rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { contract, type AnalysisEvent, type StudyFindings } from '../../shared/contract.ts';
import { runBrat } from '../../testing/bratCommand.ts';
import { call, drain, openEngine } from '../../testing/engineForTests.ts';
import { writePhantomStudy } from '../../testing/phantomStudy.ts';
import { temporaryFolder } from '../../testing/temporaryFolder.ts';
import { addTinyHeads, makeTinyPackWithHeads, tinyFindings } from '../../testing/tinyHeads.ts';
import { makeTinyPack } from '../../testing/tinyPack.ts';
import type { Engine } from '../create.ts';
import { testHeads } from './headsTest.ts';

let pack = '';
beforeAll(async () => { pack = await makeTinyPackWithHeads(); });
afterAll(() => { rmSync(pack, { recursive: true, force: true }); });

/** A bright ball of 32 mm radius at LPS (31, -38, 10): in the patient's left. */
const phantom = { lesionRadius: 0.36 } as const;

async function engineWithStudy(): Promise<{ engine: Engine; study: string; source: string }> {
  const source = temporaryFolder();
  const { study } = await writePhantomStudy(source, phantom);
  const engine = await openEngine(temporaryFolder(), { packFolders: [pack], pack: 'tiny' });
  onTestFinished(() => engine.close());
  await drain(engine.importPaths([source], call.signal));
  return { engine, study, source };
}

const foundIn = (events: readonly AnalysisEvent[]): StudyFindings => events.find((event) => event.kind === 'findings')!.findings;

describe('a study read by a pack with heads', () => {
  test('has answers, and its bright ball as a lesion on the patient\'s left at its own place', async () => {
    const { engine, study } = await engineWithStudy();
    const events = await drain(engine.handlers['study.analyse']({ study, force: false }, call));
    for (const event of events) expect(contract['study.analyse'].item.parse(event)).toEqual(event);
    const found = foundIn(events);
    expect(found.findings!.map(({ question, answer }) => ({ question, answer }))).toEqual(tinyFindings);
    expect(found.insideOfTraining).toBeNull();
    const [largest] = found.lesions!;
    expect(largest).toMatchObject({ side: 'left' });
    // Cells are 23 x 23 x 4.6 mm.
    for (const [axis, tolerance] of [12, 12, 5].entries()) expect(Math.abs(largest!.centreLps[axis]! - [31, -38, 10][axis]!)).toBeLessThan(tolerance);
    expect([2, 3]).toContain(largest!.slice);
    expect(largest!.instance).toBe(`2.25.7.1.${largest!.slice + 1}`);
    expect(await engine.handlers['study.findings']({ study }, call)).toEqual(found);

    const map = (await engine.handlers['study.lesionMap']({ study }, call))!;
    const brightest = map.values.indexOf(Math.max(...map.values));
    const [i, j, k] = [brightest % 8, Math.floor(brightest / 8) % 8, Math.floor(brightest / 64)];
    expect(map.voxelToLps[0]! * i + map.voxelToLps[1]! * j + map.voxelToLps[2]! * k + map.voxelToLps[3]!).toBeGreaterThan(0);
  });

  test('shows the same at the second call without reading the images again, and new ones after force', async () => {
    const { engine, study } = await engineWithStudy();
    const first = foundIn(await drain(engine.handlers['study.analyse']({ study, force: false }, call)));
    const again = await drain(engine.handlers['study.analyse']({ study, force: false }, call));
    expect(foundIn(again)).toEqual(first);
    expect(again.every((event) => event.kind !== 'step' || event.state === 'skipped')).toBe(true);
    const forced = await drain(engine.handlers['study.analyse']({ study, force: true }, call));
    expect(forced.some((event) => event.kind === 'step' && event.step === 'findings' && event.state === 'done')).toBe(true);
  });

  test('that was encoded before, without its heads, gets them at the next reading', async () => {
    const { engine, study } = await engineWithStudy();
    await drain(engine.handlers['study.analyse']({ study, force: false }, call));
    engine.parts.store.db.run('DELETE FROM study_findings');
    expect(await engine.handlers['study.findings']({ study }, call)).toBeNull();
    const events = await drain(engine.handlers['study.analyse']({ study, force: false }, call));
    expect(foundIn(events).lesions).not.toHaveLength(0);
    expect(events.some((event) => event.kind === 'step' && event.step === 'encode' && event.state === 'skipped')).toBe(true);
  });

  test('has none of it after another series was chosen', async () => {
    const { engine, study } = await engineWithStudy();
    await drain(engine.handlers['study.analyse']({ study, force: false }, call));
    await engine.handlers['series.setRole']({ series: '2.25.7.3', role: 't1c' }, call);
    expect(await engine.handlers['study.findings']({ study }, call)).toBeNull();
    expect(await engine.handlers['study.lesionMap']({ study }, call)).toBeNull();
  });

  test('brat doctor\'s test of the heads runs them on the golden case', async () => {
    const { engine } = await engineWithStudy();
    expect((await testHeads(engine.parts.models)).message).toMatch(/3 answers, \d+ lesions in 8 x 8 x 8 cells/);
  });
});

test('a head that gives no probability is refused by name', async () => {
  const made = await makeTinyPack();
  onTestFinished(() => { rmSync(made.folder, { recursive: true, force: true }); });
  await addTinyHeads(made.folder, made.manifest);
  // The bridge has the right input and the wrong output.
  const manifest = JSON.parse(await readFile(join(made.folder, 'manifest.json'), 'utf8')) as typeof made.manifest;
  manifest.findings!.file = 'bridge.onnx';
  writeFileSync(join(made.folder, 'manifest.json'), JSON.stringify(manifest));
  const source = temporaryFolder();
  const { study } = await writePhantomStudy(source, phantom);
  const engine = await openEngine(temporaryFolder(), { packFolders: [made.folder], pack: 'tiny' });
  onTestFinished(() => engine.close());
  await drain(engine.importPaths([source], call.signal));
  await expect(drain(engine.handlers['study.analyse']({ study, force: false }, call))).rejects.toMatchObject({ code: 'pack/bad-shape', message: expect.stringContaining('bridge.onnx') as string });
});

test('brat draft --json has findings and lesions, and writes the mask where the lesion is', async () => {
  const source = temporaryFolder();
  await writePhantomStudy(source, phantom);
  const mask = join(temporaryFolder(), 'mask.nii');
  const { code, out } = await runBrat(['draft', source, '--pack', pack, '--provider', 'cpu', '--json', '--lesion-mask', mask], { dataDir: temporaryFolder() });
  expect(code).toBe(0);
  const result = JSON.parse(out) as { findings: unknown[]; lesion: { side: string; centre: number[] }[]; insideOfTraining: unknown; withheld: boolean };
  expect(result).toMatchObject({ insideOfTraining: null, withheld: false });
  expect(result.findings).toHaveLength(3);
  expect(result.lesion[0]).toMatchObject({ side: 'left' });
  const file = await readFile(mask);
  const voxels = file.subarray(352);
  expect(voxels).toHaveLength(24 * 24 * 8);
  // Rows run to the left: the patient's left half of each row has the lesion.
  const halves = [0, 0];
  voxels.forEach((value, at) => { halves[at % 24 < 12 ? 0 : 1]! += value; });
  expect(halves[1]).toBeGreaterThan(10 * halves[0]!);
  // RAS: the first row of the sform grows to the patient's right, so towards the left it falls.
  expect(file.readFloatLE(280)).toBe(-7.5);
});
