/**
 * Powell's method of conjugate directions (Powell, The Computer Journal 1964; with the guard of Numerical Recipes against
 * directions that fall together): finds a maximum without derivatives. Line searches bracket and then fit parabolas.
 */

export interface PowellOptions {
  /** First step along each direction, in the parameters' own units. */
  readonly step: number;
  /** Ends when a round moves no parameter by more than this. */
  readonly tolerance: number;
  readonly rounds: number;
}

/** @returns the parameters and the value there; never worse than at the start */
export function maximise(of: (at: readonly number[]) => number, start: readonly number[], { step, tolerance, rounds }: PowellOptions): { readonly at: number[]; readonly value: number } {
  const size = start.length;
  const directions: number[][] = start.map((_, n) => start.map((__, m) => (n === m ? 1 : 0)));
  let at = [...start];
  let value = of(at);
  let reach = step;
  for (let round = 0; round < rounds; round++) {
    const [before, valueBefore] = [at, value];
    let most = 0;
    let bestDirection = 0;
    for (let n = 0; n < size; n++) {
      const line = alongLine(of, at, value, directions[n]!, reach);
      if (line.value - value > most) {
        most = line.value - value;
        bestDirection = n;
      }
      ({ at, value } = line);
    }
    const moved = at.map((x, n) => x - before[n]!);
    const length = Math.hypot(...moved);
    if (Math.max(...moved.map(Math.abs)) <= tolerance) {
      if (reach <= tolerance * 2) break;
      reach /= 4;
      continue;
    }
    // The round's whole move as a direction of its own, if going on along it pays.
    const beyond = of(at.map((x, n) => x + moved[n]!));
    if (beyond > valueBefore && 2 * (valueBefore - 2 * value + beyond) * (valueBefore - value + most) ** 2 > -most * (valueBefore - beyond) ** 2) {
      const direction = moved.map((x) => x / length);
      ({ at, value } = alongLine(of, at, value, direction, reach));
      directions[bestDirection] = directions[size - 1]!;
      directions[size - 1] = direction;
    }
    reach = Math.max(tolerance, Math.min(reach, length));
  }
  return { at, value };
}

/** The best point along a line: steps in the better direction, doubled while it pays, then parabolas. */
function alongLine(of: (at: readonly number[]) => number, from: readonly number[], value: number, direction: readonly number[], step: number): { at: number[]; value: number } {
  const pointAt = (t: number): number[] => from.map((x, n) => x + t * direction[n]!);
  const probe = (t: number): { t: number; value: number } => ({ t, value: of(pointAt(t)) });
  let middle = { t: 0, value };
  let left = probe(-step);
  let right = probe(step);
  for (let grow = 0; grow < 6 && (left.value > middle.value || right.value > middle.value); grow++) {
    if (right.value >= left.value) {
      [left, middle, right] = [middle, right, probe(right.t + 1.6 * (right.t - middle.t))];
    } else {
      [right, middle, left] = [middle, left, probe(left.t - 1.6 * (middle.t - left.t))];
    }
  }
  for (let fit = 0; fit < 3; fit++) {
    const t = vertexOf(left, middle, right);
    if (t === null || Math.abs(t - middle.t) < 1e-3 * step) break;
    const tried = probe(t);
    if (tried.value > middle.value) {
      if (t > middle.t) left = middle;
      else right = middle;
      middle = tried;
    } else if (t > middle.t) {
      right = tried;
    } else {
      left = tried;
    }
  }
  return { at: pointAt(middle.t), value: middle.value };
}

interface OnLine {
  readonly t: number;
  readonly value: number;
}

/** Where the parabola through three points is highest, kept between the outer two; null if it has no summit. */
function vertexOf(a: OnLine, b: OnLine, c: OnLine): number | null {
  const p = (b.t - a.t) * (b.value - c.value);
  const q = (b.t - c.t) * (b.value - a.value);
  const below = p - q;
  if (!(below > 1e-15)) return null;
  const t = b.t - ((b.t - a.t) * p - (b.t - c.t) * q) / (2 * below);
  return t > a.t && t < c.t ? t : null;
}
