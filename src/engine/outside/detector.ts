/**
 * Tells an input of another kind than the pack was made for, by the statistics of its training inputs that travel with it
 * (brat_train/outside/fit.py). Measurements are projected on the leading directions; each part is a straight line between
 * training inputs and one kind of other images, or the distance from all training inputs, counted in standard deviations
 * of training inputs. The score is the largest part. It says nothing of how good a draft is, and a model that saw
 * simulated images only is unproven on every real one, inside or not.
 */
import type { InsideOfTraining } from '../../shared/contract.ts';
import { EngineError } from '../../shared/errors.ts';
import { readPackArray } from '../pack/load.ts';
import type { Pack } from '../pack/pack.ts';
import { inSteps } from './darkened.ts';
import { measure, measurementCount } from './measure.ts';

export interface OutsideDetector {
  /**
   * @param volume the encoder's input, float32 [channels, S, A, R]; the first channel with an image is judged
   * @throws EngineError `pack/bad-shape` if the statistics are of another input size
   */
  judge(volume: Float32Array): InsideOfTraining;
  /** Parts of the score by name, for tests and `brat doctor`. */
  parts(volume: Float32Array): Readonly<Record<string, number>>;
}

interface Statistics {
  readonly mean: Float32Array;
  readonly scale: Float32Array;
  readonly directions: readonly Float32Array[];
  readonly parts: readonly { readonly name: string; readonly weights: Float32Array; readonly bias: number; readonly centre: number; readonly spread: number }[];
}

/** Why an input is outside, by the part that says so most. */
const reasons: Readonly<Record<string, string>> = {
  contrast: 'dark and bright tissues are not as in the images it was made with, but rather as in T2, CT or a map',
  anatomy: 'the part of the body, its extent or the way it lies is not as in the images it was made with',
  slices: 'the slices do not run through a head as in the images it was made with: too few, out of order, or only a part',
  texture: 'it looks like noise, a map or a picture without anatomy',
  'before-contrast': 'it looks rather like T1 before contrast',
  t2: 'it looks rather like T2',
  flair: 'it looks rather like FLAIR',
  unlike: 'as a whole it is far from every image it was made with',
  beside: 'it shows something that no image it was made with shows',
};

/** Null where the pack says nothing about its training inputs. @throws EngineError `pack/bad-shape` */
export async function createOutsideDetector(pack: Pack): Promise<OutsideDetector | null> {
  const { madeFor, input } = pack.manifest;
  if (!madeFor) return null;
  const statistics = await readStatistics(pack, madeFor);
  const cells = input.size[0] * input.size[1] * input.size[2];

  const parts = (volume: Float32Array): [name: string, value: number][] => {
    const channel = firstImage(volume, cells);
    const x = measure(inSteps(channel), input.size).map((value, at) => (value - statistics.mean[at]!) / statistics.scale[at]!);
    const z = statistics.directions.map((direction) => product(direction, x));
    const along = product(z, z);
    return statistics.parts.map(({ name, weights, bias, centre, spread }): [string, number] => [name, (rawPart(name, weights, bias) - centre) / spread]);

    function rawPart(name: string, weights: Float32Array, bias: number): number {
      if (name === 'unlike') return Math.log(z.reduce((sum, value, at) => sum + (value * value) / weights[at]!, 0) / z.length + 1e-9);
      if (name === 'beside') return Math.log(Math.max(product(x, x) - along, 0) + 1e-9);
      return product(weights, z) + bias;
    }
  };

  return {
    judge(volume) {
      const [name, score] = parts(volume).reduce((most, part) => (part[1] > most[1] ? part : most));
      const inside = score <= madeFor.threshold;
      return { inside, score, threshold: madeFor.threshold, reason: inside ? '' : (reasons[name] ?? name), madeFor: madeFor.description };
    },
    parts: (volume) => Object.fromEntries(parts(volume)),
  };
}

/** Channels that were not acquired are all zero. */
export function firstImage(volume: Float32Array, cells: number): Float32Array {
  for (let from = 0; from + cells <= volume.length; from += cells) {
    const channel = volume.subarray(from, from + cells);
    for (let at = 0; at < channel.length; at++) if (channel[at] !== 0) return channel;
  }
  return volume.subarray(0, cells);
}

function product(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += a[at]! * b[at]!;
  return sum;
}

async function readStatistics(pack: Pack, madeFor: NonNullable<Pack['manifest']['madeFor']>): Promise<Statistics> {
  const bad = (file: string, what: string): EngineError => new EngineError('pack/bad-shape', `${file}: ${what}`, { subject: file, advice: 'Install the model pack again' });
  const rowsOf = async (file: string, count: number | null, width: number | null): Promise<Float32Array[]> => {
    const { data, shape } = await readPackArray(pack, file);
    const [rows = 0, columns = 0] = shape;
    if (!(data instanceof Float32Array) || shape.length !== 2 || rows !== (count ?? rows) || columns !== (width ?? columns) || !data.every(Number.isFinite)) {
      throw bad(file, `it does not hold finite float32 [${count ?? 'any'}, ${width ?? 'any'}]`);
    }
    return Array.from({ length: rows }, (_, row) => data.subarray(row * columns, (row + 1) * columns));
  };
  const [mean, scale, ...directions] = await rowsOf(madeFor.basis, null, measurementCount);
  if (!mean || !scale || directions.length === 0) throw bad(madeFor.basis, 'it holds no directions');
  if (!scale.every((value) => value > 0)) throw bad(madeFor.basis, 'a scale is not above 0');
  const count = directions.length;
  const rows = await rowsOf(madeFor.kinds, madeFor.parts.length, count + 3);
  const parts = rows.map((row, at) => ({ name: madeFor.parts[at]!, weights: row.subarray(0, count), bias: row[count]!, centre: row[count + 1]!, spread: row[count + 2]! }));
  if (!parts.every(({ spread }) => spread > 0)) throw bad(madeFor.kinds, 'a spread is not above 0');
  return { mean, scale, directions, parts };
}
