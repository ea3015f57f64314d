/** Where the slice of the active pane cuts the other panes. */
import type { ReactNode } from 'react';
import { cutLine } from './cutLine.ts';
import { patientToPane } from './planes.ts';
import { areLinked, paneOf, planeOf, seriesIn, useViewer } from './viewerStore.ts';
import type { PaneScene, PaneSize } from './usePaneCamera.ts';

export function ReferenceLines({ pane: id, scene, size }: { readonly pane: string; readonly scene: PaneScene; readonly size: PaneSize }): ReactNode {
  const shown = useViewer((state) => state.referenceLines);
  const active = useViewer((state) => state.active);
  const crosshair = useViewer((state) => state.crosshair);
  const series = useViewer((state) => seriesIn(state, active));
  const pane = useViewer((state) => paneOf(state, active));
  const linked = useViewer((state) => active !== id && areLinked(state, active, id));
  if (!linked || pane === undefined || series === undefined || series.volume === null) return null;
  const place = scene.series.point;
  const [x, y] = patientToPane(scene.camera, scene.plane.right, size, place);
  const line = shown ? cutLine(planeOf(pane, series.volume).normal, place, scene) : null;
  const ends = line?.map((end) => patientToPane(scene.camera, scene.plane.right, size, end)) ?? [];
  return (
    <svg className="crosshair reference" width={size.width} height={size.height} aria-hidden data-testid={`reference-${id}`}>
      {crosshair ? <path className="place" d={`M${x - 7} ${y}H${x - 2}M${x + 2} ${y}H${x + 7}M${x} ${y - 7}V${y - 2}M${x} ${y + 2}V${y + 7}`} /> : null}
      {ends.length === 2 ? <path className="line" d={`M${ends[0]!.join(' ')}L${ends[1]!.join(' ')}`} /> : null}
    </svg>
  );
}
