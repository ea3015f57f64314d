/**
 * Which place in one head belongs to a place in another one, for two patients: each axis of patient space on its own, as a
 * line through a few knots that grows in both. It rests on where paired views looked, held between the ends of the heads;
 * an axis along which they say too little goes by the ends alone. Approximate by nature: rigid registration is for one patient.
 */
import type { Lps } from '../../shared/geometry.ts';
import type { HeadExtent } from './headExtent.ts';

/** Places here and there, mm; both grow from knot to knot. */
export type AxisKnots = readonly (readonly [here: number, there: number])[];
export type AxisMaps = readonly [AxisKnots, AxisKnots, AxisKnots];

/** Where the two views of a pair looked. */
export interface PairedPlaces {
  readonly here: Lps;
  readonly there: Lps;
  readonly similarity: number;
}

/** Knots closer than this become one, mm: attention is no finer. */
const leastGapMm = 8;
/** Places must spread over this part of the head for an axis to go by them. */
const leastSpread = 0.25;
/** A piece may be this many times as steep or as flat as the ends alone would have it. */
const mostSteep = 2.5;

/** By the ends of both heads alone. */
export function mapByExtent(here: HeadExtent, there: HeadExtent): AxisMaps {
  const knots = (axis: 0 | 1 | 2): AxisKnots => [[here.least[axis], there.least[axis]], [here.most[axis], there.most[axis]]];
  return [knots(0), knots(1), knots(2)];
}

/** @returns the map, and along which axes the pairs took part */
export function mapByPairs(pairs: readonly PairedPlaces[], here: HeadExtent, there: HeadExtent): { readonly axes: AxisMaps; readonly byPairs: readonly boolean[] } {
  const byExtent = mapByExtent(here, there);
  const axes = byExtent.map((ends, axis) => withPairs(ends, pairs.map((pair) => ({ here: pair.here[axis]!, there: pair.there[axis]!, weight: Math.max(0, pair.similarity) }))));
  return { axes: axes as unknown as AxisMaps, byPairs: axes.map((knots) => knots.length > 2) };
}

interface Knot {
  readonly here: number;
  readonly there: number;
  readonly weight: number;
}

function withPairs(ends: AxisKnots, pairs: readonly Knot[]): AxisKnots {
  const [[hereLeast, thereLeast], [hereMost, thereMost]] = ends as readonly [readonly [number, number], readonly [number, number]];
  const inside = pairs.filter(({ here, there, weight }) => weight > 0 && here > hereLeast && here < hereMost && there > thereLeast && there < thereMost);
  const spread = inside.length === 0 ? 0 : Math.max(...inside.map(({ here }) => here)) - Math.min(...inside.map(({ here }) => here));
  if (inside.length < 3 || spread < leastSpread * (hereMost - hereLeast)) return ends;
  const even = (thereMost - thereLeast) / (hereMost - hereLeast);
  let knots = pooled(inside.toSorted((a, b) => a.here - b.here || a.there - b.there));
  for (;;) {
    const all = [ends[0]!, ...knots.map(({ here, there }) => [here, there] as const), ends[1]!];
    const fault = all.findIndex((knot, at) => at > 0 && !isFair(all[at - 1]!, knot, even));
    if (fault < 0) return all;
    // Of the two knots of a piece that is too short, steep or flat, the ends stay; two others become one.
    knots = fault === 1 ? knots.slice(1) : fault === all.length - 1 ? knots.slice(0, -1) : [...knots.slice(0, fault - 2), merged(knots[fault - 2]!, knots[fault - 1]!), ...knots.slice(fault)];
  }
}

function isFair([h0, t0]: readonly [number, number], [h1, t1]: readonly [number, number], even: number): boolean {
  const slope = (t1 - t0) / (h1 - h0);
  return h1 - h0 >= leastGapMm && t1 > t0 && slope <= even * mostSteep && slope >= even / mostSteep;
}

const merged = (a: Knot, b: Knot): Knot => {
  const weight = a.weight + b.weight;
  return { here: (a.here * a.weight + b.here * b.weight) / weight, there: (a.there * a.weight + b.there * b.weight) / weight, weight };
};

/** Pools neighbours until places there grow with places here (isotonic regression by pooling adjacent violators). */
function pooled(knots: readonly Knot[]): Knot[] {
  const out: Knot[] = [];
  for (const knot of knots) {
    out.push(knot);
    while (out.length > 1 && (out.at(-1)!.there <= out.at(-2)!.there || out.at(-1)!.here - out.at(-2)!.here < leastGapMm)) {
      const [a, b] = out.splice(-2) as [Knot, Knot];
      out.push(merged(a, b));
    }
  }
  return out;
}
