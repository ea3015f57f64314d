/** What a pane shows and from where, as its parts draw it and its mouse reads it. */
import { useMemo } from 'react';
import type { Ijk } from '../../../shared/geometry.ts';
import type { LoadedVolume } from './loadVolume.ts';
import { viewOf } from './panes.ts';
import { planeCamera } from './planes.ts';
import type { PlaneCamera, ViewPlane } from './planes.ts';
import { paneOf, planeOf, seriesIn, useView, useViewer } from './viewerStore.ts';
import type { ShownSeries, ViewerState } from './viewerStore.ts';

export interface PaneSize {
  readonly width: number;
  readonly height: number;
}

export interface PaneScene {
  readonly series: ShownSeries;
  readonly volume: LoadedVolume;
  readonly plane: ViewPlane;
  readonly camera: PlaneCamera;
}

/** Whether a pane can be drawn: a lone slice shows nothing in a plane across it. */
const isDrawable = ({ only }: LoadedVolume, { axis }: ViewPlane): boolean => only === null || axis === 2;

/** While another slice is on its way, the one that is here stays. */
const drawnAt = ({ only }: LoadedVolume, location: Ijk): Ijk => (only === null ? location : ([location[0], location[1], only] as unknown as Ijk));

/** A pane's scene as the state has it now; null when there is nothing to draw. */
export function sceneOf(state: ViewerState, id: string, size: PaneSize): PaneScene | null {
  const pane = paneOf(state, id);
  const series = seriesIn(state, id);
  if (pane === undefined || series === undefined || series.volume === null || !(size.width > 0)) return null;
  const { volume, location } = series;
  const plane = planeOf(pane, volume);
  if (!isDrawable(volume, plane)) return null;
  return { series, volume, plane, camera: planeCamera(volume.voxelToLps, volume.dims, plane, drawnAt(volume, location), viewOf(state.views, id), size) };
}

export function usePaneScene(id: string, size: PaneSize): PaneScene | null {
  const pane = useViewer((state) => paneOf(state, id));
  const series = useViewer((state) => seriesIn(state, id));
  const view = useView(id);
  const volume = series?.volume ?? null;
  const plane = pane === undefined || volume === null ? null : planeOf(pane, volume);
  const slice = volume === null || plane === null ? 0 : drawnAt(volume, series!.location)[plane.axis];
  const camera = useMemo(
    () => {
      if (volume === null || plane === null || !(size.width > 0) || !isDrawable(volume, plane)) return null;
      const at = [0, 0, 0] as [number, number, number];
      at[plane.axis] = slice;
      return planeCamera(volume.voxelToLps, volume.dims, plane, at as unknown as Ijk, view, size);
    },
    // Only the slice of this plane moves its camera: the two other coordinates of the location do not.
    [volume, plane, slice, view, size],
  );
  return series === undefined || volume === null || plane === null || camera === null ? null : { series, volume, plane, camera };
}
