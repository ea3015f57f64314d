/** The demonstration pack's own limits: what it was made for passes, what is made of it by force does not, and a draft waits to be asked for. */
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { call, drain, listed, openEngine } from '../../testing/engineForTests.ts';
import { temporaryFolder } from '../../testing/temporaryFolder.ts';
import { writePhantomStudy } from '../../testing/phantomStudy.ts';
import { readGolden } from '../encode/golden.ts';
import { loadPack } from '../pack/load.ts';
import { createOutsideDetector, type OutsideDetector } from './detector.ts';

const folder = resolve(import.meta.dirname, '../../../resources/models/demo');
const demoZip = resolve(import.meta.dirname, '../../../resources/demo/studies/1-ring-lesion.zip');
const [ns, na, nr] = [32, 256, 256];

/** A copy of the pack whose limit is so low that everything lies outside. */
async function strictPack(): Promise<string> {
  const copy = join(temporaryFolder(), 'demo');
  await cp(folder, copy, { recursive: true });
  const manifest = JSON.parse(await readFile(join(copy, 'manifest.json'), 'utf8')) as { madeFor: { threshold: number } };
  manifest.madeFor.threshold = -100;
  await writeFile(join(copy, 'manifest.json'), JSON.stringify(manifest));
  return copy;
}

describe('the limits of the demo pack', () => {
  let detector: OutsideDetector;
  beforeAll(async () => { detector = (await createOutsideDetector(await loadPack(folder)))!; });

  test('noise is outside with a reason, and so is a picture of nothing', () => {
    const noise = Float32Array.from({ length: ns * na * nr }, (_, at) => ((at * 7919 + (at >> 8) * 104_729) % 65_537) / 65_537);
    expect(detector.judge(noise)).toMatchObject({ inside: false, reason: expect.stringMatching(/\w/) as string });
    expect(detector.judge(new Float32Array(ns * na * nr)).inside).toBe(false);
  });

  test('the golden case upside down, and as a negative, is outside', async () => {
    const pack = await loadPack(folder);
    const { volume } = await readGolden(pack);
    const upsideDown = volume.map((_, at) => volume[(ns - 1 - Math.floor(at / (na * nr))) * na * nr + (at % (na * nr))]!);
    const negative = volume.map((value) => 1 - value);
    for (const image of [upsideDown, negative]) expect(detector.judge(image).inside).toBe(false);
  });
});

describe('a study outside of what the pack was made for', () => {
  test('gets no draft until it is asked for, and then one with the mark, kept with it', async () => {
    const strict = await strictPack();
    const source = temporaryFolder();
    const { study } = await writePhantomStudy(source);
    const engine = await openEngine(temporaryFolder(), { packFolders: [strict], pack: 'demo' });
    onTestFinished(() => engine.close());
    await drain(engine.importPaths([source], call.signal));

    const events = await drain(engine.handlers['study.analyse']({ study, force: false }, call));
    expect(events.at(-1)).toMatchObject({ kind: 'withheld', insideOfTraining: { inside: false, threshold: -100 } });
    expect(events.some((event) => event.kind === 'sentence' || event.kind === 'text' || event.kind === 'done')).toBe(false);
    expect(await engine.handlers['study.draft']({ study }, call)).toBeNull();
    expect(await engine.handlers['study.findings']({ study }, call)).toMatchObject({ insideOfTraining: { inside: false } });

    const asked = await drain(engine.handlers['study.analyse']({ study, force: false, anyway: true }, call));
    expect(asked.filter((event) => event.kind === 'step' && event.step === 'encode')).toMatchObject([{ state: 'skipped' }]);
    expect(asked.at(-1)).toMatchObject({ kind: 'done', draft: { outside: { inside: false } } });
    expect(await engine.handlers['study.draft']({ study }, call)).toMatchObject({ outside: { inside: false } });
  });
});

test('a demonstration study, from its files, is of the kind the pack was made for', async () => {
  const engine = await openEngine(temporaryFolder(), { packFolders: [folder], pack: 'demo' });
  onTestFinished(() => engine.close());
  await drain(engine.importPaths([demoZip], call.signal));
  const { study } = (await listed(engine))[0]!;
  const events = await drain(engine.handlers['study.analyse']({ study, force: false }, call));
  const found = events.find((event) => event.kind === 'findings')!.findings;
  expect(found.insideOfTraining).toMatchObject({ inside: true, reason: '' });
  expect(events.at(-1)).toMatchObject({ kind: 'done', draft: { outside: null } });
});
