/** Which stored slices make each slice of an even grid, when true positions are a little uneven. */

export interface SliceBlend {
  /** Indices of the stored slices below and above. */
  readonly lower: number;
  readonly upper: number;
  /** Share of the upper one, 0..1. */
  readonly weight: number;
}

/** @param offsetsMm ascending true offsets. @returns as many slices, even from the first offset to the last */
export function evenSlices(offsetsMm: readonly number[]): SliceBlend[] {
  const count = offsetsMm.length;
  const first = offsetsMm[0]!;
  const step = (offsetsMm[count - 1]! - first) / (count - 1);
  let lower = 0;
  return offsetsMm.map((_, k) => {
    const target = first + k * step;
    while (lower < count - 2 && offsetsMm[lower + 1]! <= target) lower += 1;
    const weight = (target - offsetsMm[lower]!) / (offsetsMm[lower + 1]! - offsetsMm[lower]!);
    return { lower, upper: lower + 1, weight: Math.min(1, Math.max(0, weight)) };
  });
}
