/**
 * Frames of one series sorted into sets that could share a grid: same size, same pixel spacing, same frame of
 * reference, same orientation. Localizers and reformats hold several such sets in one series.
 */
import { dot } from '../../shared/geometry.ts';
import { planeOf } from './plane.ts';
import type { PlacedFrame } from './placedFrame.ts';

export interface OrientationGroup {
  /** What tells this set from the others of the series; empty when it is the only one. */
  readonly label: string;
  readonly frames: readonly PlacedFrame[];
}

/** Directions within this angle are one orientation: far above rounding, far below any second prescription. */
const sameOrientationDeg = 0.2;

/** @returns sets in order of first appearance */
export function orientationGroups(frames: readonly PlacedFrame[]): OrientationGroup[] {
  const groups: { grid: string; frames: PlacedFrame[] }[] = [];
  const cosine = Math.cos((sameOrientationDeg * Math.PI) / 180);
  for (const frame of frames) {
    const grid = `${frame.columns} x ${frame.rows} at ${frame.pixelSpacingMm.map((mm) => mm.toFixed(4)).join('/')} in ${frame.instance.frameOfReferenceUid}`;
    const group = groups.find(
      ({ grid: other, frames: [first] }) =>
        other === grid && dot(first!.rowDirection, frame.rowDirection) >= cosine && dot(first!.columnDirection, frame.columnDirection) >= cosine,
    );
    if (group) group.frames.push(frame);
    else groups.push({ grid, frames: [frame] });
  }
  if (groups.length === 1) return [{ label: '', frames: groups[0]!.frames }];
  const names = groups.map(({ frames: [first] }) => planeOf(first!.normal));
  return groups.map(({ frames: members }, index) => {
    const name = names[index]!;
    const sameName = names.filter((other) => other === name).length;
    const number = names.slice(0, index + 1).filter((other) => other === name).length;
    return { label: sameName > 1 ? `${name} ${number}` : name, frames: members };
  });
}
