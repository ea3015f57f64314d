/** Tries the heads of the pack in use on its golden case, for `brat doctor`: that they run, and give what they promise. */
import { connectedRegions } from '../findings/components.ts';
import { readGolden } from '../encode/golden.ts';
import type { Models } from './models.ts';

export interface HeadsTest {
  /** What ran, in words; empty for a pack without heads. */
  readonly message: string;
}

/** @throws EngineError of the head that does not run */
export async function testHeads(models: Models): Promise<HeadsTest> {
  const signal = new AbortController().signal;
  const [findings, lesion, outside] = [await models.findingsHead(), await models.lesionHead(), await models.outsideDetector()];
  if (!findings && !lesion && !outside) return { message: '' };
  const golden = await readGolden(await models.pack());
  const told: string[] = [];
  if (findings) told.push(`${(await findings.answer(await (await models.encoder()).encode(golden.volume, { signal }), { signal })).length} answers`);
  if (lesion) {
    const { grid: [superior, anterior, right], values, threshold } = await lesion.find(golden.volume, { signal });
    const regions = connectedRegions([right, anterior, superior], (cell) => values[cell]! >= threshold);
    told.push(`${regions.length} lesions in ${superior} x ${anterior} x ${right} cells`);
  }
  if (outside) {
    const { score, threshold } = outside.judge(golden.volume);
    told.push(`golden case scores ${score.toFixed(2)} where ${threshold.toFixed(2)} is the limit of what it was made for`);
  }
  return { message: told.join(', ') };
}
