/** Real series against the demonstration pack's limits. The two real post-contrast tumours are looked at, never chosen by. */
import { readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { InsideOfTraining } from '../../shared/contract.ts';
import { describeWithData, sharedData } from '../../testing/sharedData.ts';
import { createFrameDecoder } from '../dicom/decode/frameDecoder.ts';
import { readInstance } from '../dicom/header.ts';
import { loadPack } from '../pack/load.ts';
import { buildStacks } from '../volume/buildStacks.ts';
import { groupSeries } from '../volume/groupSeries.ts';
import { loadVolume } from '../volume/loadVolume.ts';
import { createPreprocessor } from '../volume/preprocess.ts';
import { createOutsideDetector, type OutsideDetector } from './detector.ts';

describeWithData('real series', () => {
  const decoder = createFrameDecoder();
  const preprocessor = createPreprocessor();
  let detector: OutsideDetector;
  beforeAll(async () => { detector = (await createOutsideDetector(await loadPack(resolve(import.meta.dirname, '../../../resources/models/demo'))))!; });
  afterAll(() => Promise.all([decoder.close(), preprocessor.close()]));

  async function judge(path: string): Promise<InsideOfTraining> {
    const files = path.endsWith('.gz') ? [path] : readdirSync(path).map((name) => join(path, name));
    const instances = await Promise.all(files.map((file) => readInstance({ path: file, name: basename(file) })));
    const [stack] = groupSeries(instances).flatMap(buildStacks);
    return detector.judge(await preprocessor.run([await loadVolume(stack!, decoder)], [32, 256, 256]));
  }

  test.each([
    ['a test object of a scanner', 'philips-t1w-ffe-axial-phantom/dicom'],
    ['another one', 'philips-t1w-tse-enhanced-phantom/dicom'],
    ['a bar pattern under the header of a T1', 'ge-mprage-oblique-jpeg-lossless/dicom'],
    ['a head before contrast, lying prone', 'siemens-t1-fl2d-sag-hfp-jpeg-ls/dicom'],
    ['six slices of an echo-planar test object', 'siemens-xa10-enhanced-epi/ref/upstream-dcm2niix.nii.gz'],
  ])('%s is outside of what the pack was made for', async (_, path) => {
    expect(await judge(join(sharedData, path))).toMatchObject({ inside: false });
  });

  test('of one patient, T1 after contrast is more like what the pack was made for than its FLAIR, T2 and T1 before contrast', async () => {
    const scores: Record<string, number> = {};
    for (const name of ['t1-post-gad', 't1', 't2', 'flair']) scores[name] = (await judge(join(sharedData, 'tumour-tcga-fg-6692-native', `${name}.nii.gz`))).score;
    for (const name of ['t1', 't2', 'flair']) expect(scores['t1-post-gad'], JSON.stringify(scores)).toBeLessThan(scores[name]!);
  });
});
