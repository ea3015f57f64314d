import { describe, expect, test } from 'vitest';
import { placeHere, placeThere } from '../../shared/correspondence.ts';
import { lps, type Lps } from '../../shared/geometry.ts';
import { repeatable } from './mutualInformation.ts';
import { mapByExtent, mapByPairs, type AxisMaps, type PairedPlaces } from './sliceMap.ts';

const here = { least: lps(-75, -95, -60), most: lps(75, 90, 80), centre: lps(0, 0, 10) };
const there = { least: lps(-60, -100, 20), most: lps(80, 70, 150), centre: lps(10, -10, 85) };

const through = (axes: AxisMaps, point: Lps): Lps => placeThere({ toOther: null, axes: axes.map((knots) => knots.map(([a, b]) => [a, b] as [number, number])) as never }, point)!;

function isGrowing(axes: AxisMaps): boolean {
  return [0, 1, 2].every((axis) => {
    let before = -Infinity;
    for (let mm = -130; mm <= 130; mm++) {
      const at = through(axes, lps(mm, mm, mm))[axis]!;
      if (!(at > before)) return false;
      before = at;
    }
    return true;
  });
}

describe('the place of one head in another', () => {
  test('by extent the ends go to the ends, and the way back leads home', () => {
    const axes = mapByExtent(here, there);
    expect([...through(axes, here.least)]).toEqual([...there.least]);
    expect([...through(axes, here.most)]).toEqual([...there.most]);
    const plain = { toOther: null, axes: axes.map((knots) => knots.map(([a, b]) => [a, b] as [number, number])) as never };
    expect([...placeHere(plain, placeThere(plain, lps(11, -22, 33))!)!].map((mm) => Math.round(mm * 1e6) / 1e6)).toEqual([11, -22, 33]);
  });

  test('paired places bend the map towards themselves', () => {
    const pairs: PairedPlaces[] = [-40, -10, 20, 50].map((z) => ({ here: lps(0, 0, z), there: lps(10, -10, z + 84), similarity: 0.8 }));
    const { axes, byPairs } = mapByPairs(pairs, here, there);
    expect(byPairs).toEqual([false, false, true]);
    for (const z of [-40, -10, 20, 50]) expect(through(axes, lps(0, 0, z))[2]).toBeCloseTo(z + 84, 6);
    expect(isGrowing(axes)).toBe(true);
  });

  test('pairs of poor similarity count less, those below nothing not at all', () => {
    const good: PairedPlaces[] = [-40, 0, 40].map((z) => ({ here: lps(0, 0, z), there: lps(0, 0, z + 85), similarity: 0.9 }));
    const bad: PairedPlaces = { here: lps(0, 0, 1), there: lps(0, 0, 30), similarity: -0.5 };
    expect(mapByPairs([...good, bad], here, there).axes).toEqual(mapByPairs(good, here, there).axes);
  });

  test('it grows whatever the pairs say: at random, backwards, all at one place, none', () => {
    const random = repeatable(5);
    const between = (a: Lps, b: Lps): Lps => lps(...([0, 1, 2].map((n) => a[n]! + random() * (b[n]! - a[n]!)) as [number, number, number]));
    for (let round = 0; round < 200; round++) {
      const pairs = Array.from({ length: 32 }, (): PairedPlaces => ({ here: between(here.least, here.most), there: between(there.least, there.most), similarity: random() }));
      expect(isGrowing(mapByPairs(pairs, here, there).axes)).toBe(true);
    }
    const backwards = [-50, -20, 10, 40, 70].map((z): PairedPlaces => ({ here: lps(z, z, z), there: lps(-z, -z, 85 - z), similarity: 1 }));
    expect(isGrowing(mapByPairs(backwards, here, there).axes)).toBe(true);
    const alike = Array.from({ length: 32 }, (): PairedPlaces => ({ here: lps(0, 0, 0), there: lps(5, 5, 90), similarity: 1 }));
    expect(mapByPairs(alike, here, there)).toMatchObject({ byPairs: [false, false, false], axes: mapByExtent(here, there) });
    expect(mapByPairs([], here, there).axes).toEqual(mapByExtent(here, there));
  });
});
