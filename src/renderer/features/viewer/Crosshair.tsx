import type { ReactNode } from 'react';
import type { Lps } from '../../../shared/geometry.ts';
import type { LoadedVolume } from './loadVolume.ts';
import { patientToPane, planeNames } from './planes.ts';
import type { PlaneCamera, ViewPlane } from './planes.ts';
import { useViewer } from './viewerStore.ts';

interface CrosshairProps {
  readonly plane: ViewPlane;
  readonly camera: PlaneCamera;
  readonly pane: { readonly width: number; readonly height: number };
  readonly volume: LoadedVolume;
  /** The place that is looked at. */
  readonly at: Lps;
}

/** Left free around the place itself, so that the lines do not hide what they point at, pixels. */
const gap = 16;

/** Where the two other planes cut this one, each in its plane's colour. */
export function Crosshair({ plane: { name, right, across }, camera, pane, volume, at }: CrosshairProps): ReactNode {
  const crosshair = useViewer((state) => state.crosshair);
  if (!crosshair) return null;
  const [x, y] = patientToPane(camera, right, pane, at);
  const upright = planeNames.find((other) => volume.planes[other].axis === across);
  const level = planeNames.find((other) => other !== name && other !== upright);
  return (
    <svg className="crosshair" width={pane.width} height={pane.height} aria-hidden data-testid={`crosshair-${name}`} data-x={x.toFixed(1)} data-y={y.toFixed(1)}>
      <path className={upright} d={`M${x} 0V${y - gap}M${x} ${y + gap}V${pane.height}`} />
      <path className={level} d={`M0 ${y}H${x - gap}M${x + gap} ${y}H${pane.width}`} />
    </svg>
  );
}
