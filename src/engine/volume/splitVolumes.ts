/**
 * Several volumes in one set of parallel frames: echoes, time points, b values, magnitude and phase. The sign of it is
 * that positions repeat (or do not make one even stack); the cure is the simplest choice of header attributes under
 * which each part holds every position once. Attributes that merely vary (trigger time per slice) are not used.
 */
import { dot } from '../../shared/geometry.ts';
import { compareValues, discriminators, type Discriminator } from './discriminators.ts';
import type { PlacedFrame } from './placedFrame.ts';
import { samePositionMm } from './sliceSpacing.ts';
import { stackFrames } from './sliceStack.ts';

export interface VolumePart {
  readonly label: string;
  readonly frames: readonly PlacedFrame[];
}

/** More than this many attributes together explain nothing any more. */
const mostAttributes = 3;
/** A split made only because the whole is uneven must give parts that are clearly volumes. */
const fewestSlices = 3;

/** @param frames of one orientation and size. @returns parts in order of their attribute values; one part with an empty label when nothing splits them */
export function splitVolumes(frames: readonly PlacedFrame[]): VolumePart[] {
  const whole: VolumePart = { label: '', frames };
  const positions = positionIndices(frames);
  const mostRepeats = Math.max(...countsOf(positions));
  if (mostRepeats === 1 && stackFrames(frames).geometry !== null) return [whole];

  const explanations = combinations(informative(frames))
    .map((keys) => ({ keys, parts: partition(frames, keys) }))
    .filter(({ parts }) => parts.every((part) => holdsEachPositionOnce(part.indices, positions)))
    .sort((a, b) => a.parts.length - b.parts.length || a.keys.length - b.keys.length);
  const sound = explanations.find(({ parts }) => parts.every((part) => part.indices.length >= fewestSlices && stackFrames(part.indices.map((n) => frames[n]!)).geometry !== null));
  const best = sound ?? (mostRepeats > 1 ? explanations[0] : undefined);
  if (best) return best.parts.map((part) => ({ label: part.label, frames: part.indices.map((n) => frames[n]!) }));
  return mostRepeats > 1 ? (byRepeat(frames, positions) ?? [whole]) : [whole];
}

/** Number of the distinct position each frame lies at, along the normal. */
function positionIndices(frames: readonly PlacedFrame[]): number[] {
  const { normal } = frames[0]!;
  const order = frames.map((frame, n) => ({ n, offsetMm: dot(frame.positionLps, normal) })).sort((a, b) => a.offsetMm - b.offsetMm);
  const indices = new Array<number>(frames.length).fill(0);
  let position = 0;
  order.forEach(({ n, offsetMm }, rank) => {
    if (rank > 0 && offsetMm - order[rank - 1]!.offsetMm >= samePositionMm) position += 1;
    indices[n] = position;
  });
  return indices;
}

function countsOf(positions: readonly number[]): number[] {
  const counts: number[] = [];
  for (const position of positions) counts[position] = (counts[position] ?? 0) + 1;
  return counts;
}

const holdsEachPositionOnce = (indices: readonly number[], positions: readonly number[]): boolean => new Set(indices.map((n) => positions[n])).size === indices.length;

/** Attributes that vary here, leaving out those that say the same as an earlier one. */
function informative(frames: readonly PlacedFrame[]): Discriminator[] {
  const seen = new Set<string>();
  return discriminators.filter((discriminator) => {
    const codes = new Map<string, number>();
    const pattern = frames.map((frame) => {
      const value = String(discriminator.of(frame));
      if (!codes.has(value)) codes.set(value, codes.size);
      return codes.get(value);
    });
    const key = pattern.join(',');
    if (codes.size < 2 || seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function combinations(keys: readonly Discriminator[]): Discriminator[][] {
  const bySize: Discriminator[][][] = [[[]]];
  for (let size = 1; size <= mostAttributes; size++)
    bySize.push(bySize[size - 1]!.flatMap((chosen) => keys.slice(chosen.length === 0 ? 0 : keys.indexOf(chosen.at(-1)!) + 1).map((key) => [...chosen, key])));
  return bySize.slice(1).flat();
}

function partition(frames: readonly PlacedFrame[], keys: readonly Discriminator[]): { label: string; indices: number[] }[] {
  const parts = new Map<string, { values: (string | number | null)[]; indices: number[] }>();
  frames.forEach((frame, n) => {
    const values = keys.map((key) => key.of(frame));
    const id = JSON.stringify(values);
    const part = parts.get(id) ?? { values, indices: [] };
    parts.set(id, part);
    part.indices.push(n);
  });
  return [...parts.values()]
    .sort((a, b) => a.values.map((value, n) => compareValues(value, b.values[n]!)).find((order) => order !== 0) ?? 0)
    .map(({ values, indices }) => ({ label: values.map((value, n) => keys[n]!.label(value)).filter(Boolean).join(', '), indices }));
}

/**
 * Every position repeated equally often and nothing in the header says why: repeats are numbered in the order of
 * acquisition. Instance numbers choose between frames at one place here, never where a frame lies.
 */
function byRepeat(frames: readonly PlacedFrame[], positions: readonly number[]): VolumePart[] | null {
  const counts = countsOf(positions);
  const repeats = counts[0]!;
  if (!counts.every((count) => count === repeats) || counts.length < 2) return null;
  const order = frames.map((_, n) => n).sort((a, b) => compareValues(frames[a]!.instance.instanceNumber, frames[b]!.instance.instanceNumber) || frames[a]!.header.frame - frames[b]!.header.frame);
  const parts: PlacedFrame[][] = Array.from({ length: repeats }, () => []);
  const used = new Array<number>(counts.length).fill(0);
  for (const n of order) {
    const position = positions[n]!;
    parts[used[position]!]!.push(frames[n]!);
    used[position] = used[position]! + 1;
  }
  return parts.map((members, n) => ({ label: `repeat ${n + 1}`, frames: members }));
}
