import { describe, expect, test } from 'vitest';
import { isDraftOpen, nothingLooked, sliceShown, withShown } from './looking.ts';
import type { DraftGate, ShownPicture } from './looking.ts';

const picture: ShownPicture = {
  series: '1.2', stack: 0, ready: true, plane: 'sagittal', location: [3, 4, 5],
  axes: { axial: { axis: 0 }, coronal: { axis: 1 }, sagittal: { axis: 2 } },
};

describe('slices that were shown', () => {
  const wanted = { series: '1.2', stack: 0 };
  test.each([
    ['the plane the series was acquired in, whatever it is called', picture, 5],
    ['a pane without a chosen plane shows the acquired one', { ...picture, plane: null }, 5],
    ['a plane across the slices shows none of them', { ...picture, plane: 'axial' as const }, null],
    ['another stack', { ...picture, stack: 1 }, null],
    ['a volume that is still on its way', { ...picture, ready: false }, null],
  ])('%s', (_, shown, slice) => {
    expect(sliceShown(shown, wanted)).toBe(slice);
  });
  test('are counted once, and a set that did not grow is the same one', () => {
    const seen = withShown(new Set([1]), [2, null, 2]);
    expect([...seen]).toEqual([1, 2]);
    expect(withShown(seen, [1, null])).toBe(seen);
  });
});

describe('the draft', () => {
  const gate: DraftGate = { session: { hasReaders: true }, policy: { readFirst: true }, looked: { seen: 3, of: 4 }, content: { firstImpression: ' ' }, taken: false };
  test.each([
    ['stays closed before all slices were shown', {}, false],
    ['opens with the last slice', { looked: { seen: 4, of: 4 } }, true],
    ['opens with a first impression', { content: { firstImpression: 'Normal.' } }, true],
    ['opens when the policy does not ask', { policy: { readFirst: false } }, true],
    ['stays open once it was taken', { taken: true, looked: nothingLooked }, true],
    ['does not open by slices nobody can show', { looked: nothingLooked }, false],
    ['is closed while nobody knows who reads', { session: null }, false],
    ['is closed while the policy is not known', { policy: null }, false],
    ['is shown as it is where there are no readers', { session: { hasReaders: false }, policy: null }, true],
  ] as const)('%s', (_, change, open) => {
    expect(isDraftOpen({ ...gate, ...change })).toBe(open);
  });
});
