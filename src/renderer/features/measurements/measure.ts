/** From points to a measurement with its numbers, and the words it is told in. Pure. */
import type { Measurement, MeasurementKind } from '../../../shared/contract.ts';
import { lps, patientToVoxel } from '../../../shared/geometry.ts';
import type { Lps } from '../../../shared/geometry.ts';
import { texts } from '../../texts.ts';
import { clampIjk } from '../viewer/planes.ts';
import type { ViewPlane } from '../viewer/planes.ts';
import type { LoadedVolume } from '../viewer/loadVolume.ts';
import { valueAt } from '../viewer/loadVolume.ts';
import { angleDegrees, ellipseAreaMm2, ellipseStatistics, lengthMm, midpoint } from './geometry.ts';
import type { EllipseEnds } from './geometry.ts';

export type Measured = Pick<Measurement, 'value' | 'unit' | 'statistics'>;

export const pointsOf = ({ pointsLps }: Pick<Measurement, 'pointsLps'>): readonly Lps[] => pointsLps.map((point) => lps(...point));

/** Points a kind is made of once it is whole. */
export const pointCounts: Readonly<Record<MeasurementKind, number>> = { length: 2, ellipse: 4, angle: 3, probe: 1, arrow: 2 };

/** The numbers of points in a volume. @param plane the plane they were drawn in */
export function measured(kind: MeasurementKind, points: readonly Lps[], volume: LoadedVolume, plane: ViewPlane): Measured {
  const [a, b, c] = points;
  switch (kind) {
    case 'length': return { value: lengthMm(a!, b!), unit: 'mm', statistics: null };
    case 'angle': {
      const value = angleDegrees(a!, b!, c!);
      return { value: Number.isFinite(value) ? value : null, unit: 'deg', statistics: null };
    }
    case 'ellipse': return { value: ellipseAreaMm2(points as EllipseEnds), unit: 'mm2', statistics: ellipseStatistics(volume, plane, points as EllipseEnds) };
    case 'probe': return { value: valueAt(volume, clampIjk(volume.dims, patientToVoxel(volume.lpsToVoxel, a!))), unit: 'value', statistics: null };
    case 'arrow': return { value: null, unit: 'none', statistics: null };
  }
}

/** Middle of what was measured: where the reader is brought to. */
export function centreOf(points: readonly Lps[], kind: MeasurementKind): Lps {
  const [first, second] = points;
  return kind === 'angle' ? second! : kind === 'arrow' || second === undefined ? first! : midpoint(first!, second);
}

const grey = (value: number): string => (Math.abs(value) >= 100 ? value.toFixed(0) : Math.abs(value) >= 10 ? value.toFixed(1) : value.toPrecision(3));

/** L 12.3 P 45.6 H 7.8, as places are read out. */
export function placeText([x, y, z]: Lps): string {
  const along = (value: number, positive: string, negative: string): string => `${value >= 0 ? positive : negative} ${Math.abs(value).toFixed(1)}`;
  return [along(x, 'L', 'R'), along(y, 'P', 'A'), along(z, 'S', 'I')].join(', ');
}

/** The numbers beside a measurement in the picture, a line each. */
export function measurementLines({ kind, value, unit, statistics, pointsLps }: Pick<Measurement, 'kind' | 'value' | 'unit' | 'statistics' | 'pointsLps'>): readonly string[] {
  const t = texts.measurements;
  switch (unit) {
    case 'mm': return value === null ? [] : [t.mm(value.toFixed(1))];
    case 'deg': return value === null ? [] : [t.degrees(value.toFixed(1))];
    case 'mm2': return [
      ...(value === null ? [] : [t.mm2(value >= 100 ? value.toFixed(0) : value.toFixed(1))]),
      ...(kind === 'ellipse' ? [t.axes(lengthMm(lps(...pointsLps[0]!), lps(...pointsLps[1]!)).toFixed(1), lengthMm(lps(...pointsLps[2]!), lps(...pointsLps[3]!)).toFixed(1))] : []),
      ...(statistics === null ? [] : [t.mean(grey(statistics.mean), grey(statistics.standardDeviation)), t.range(grey(statistics.minimum), grey(statistics.maximum))]),
    ];
    case 'value': return value === null ? [] : [t.value(grey(value)), placeText(lps(...pointsLps[0]!))];
    case 'none': return [];
  }
}

/** One line for the list, the clipboard and the report. */
export function measurementText(item: Measurement): string {
  const name = item.label === '' ? texts.measurements.kinds[item.kind] : item.label;
  return [name, measurementLines(item).join(', ')].filter(Boolean).join(': ');
}
