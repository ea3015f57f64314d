/** Brings the pictures to a measurement or a key image. */
import type { KeyImage, Measurement } from '../../../shared/contract.ts';
import { axisStep, dot, lps, norm } from '../../../shared/geometry.ts';
import type { Lps } from '../../../shared/geometry.ts';
import type { LoadedVolume } from '../viewer/loadVolume.ts';
import { keyOf } from '../viewer/panes.ts';
import { planeNames } from '../viewer/planes.ts';
import type { PlaneName } from '../viewer/planes.ts';
import { useViewer } from '../viewer/viewerStore.ts';
import { centreOf, pointsOf } from './measure.ts';
import { useMeasurements } from './measurementStore.ts';

/** The plane whose one slice holds all points, the one the volume was acquired in before others; null when there is none. */
export function planeThrough(points: readonly Lps[], { planes, voxelToLps }: Pick<LoadedVolume, 'planes' | 'voxelToLps'>): PlaneName | null {
  const holds = (name: PlaneName): boolean => {
    const { normal, axis } = planes[name];
    const depths = points.map((point) => dot(point, normal));
    return Math.max(...depths) - Math.min(...depths) <= norm(axisStep(voxelToLps, axis)) / 2;
  };
  return planeNames.toSorted((a, b) => Number(planes[b].axis === 2) - Number(planes[a].axis === 2)).find(holds) ?? null;
}

export function jumpToMeasurement(item: Measurement): void {
  const points = pointsOf(item);
  const volume = useViewer.getState().shown[keyOf(item)]?.volume ?? null;
  useMeasurements.getState().select(item.id);
  useViewer.getState().goTo({ study: item.study, series: item.series, stack: item.stack }, centreOf(points, item.kind), volume === null ? null : planeThrough(points, volume));
}

export function jumpToKeyImage({ study, series, stack, pointLps, plane }: KeyImage): void {
  useViewer.getState().goTo({ study, series, stack }, lps(...pointLps), plane);
}
