import type { ReactNode } from 'react';
import { voxelToPatient } from '../../../shared/geometry.ts';
import type { LoadedVolume } from './loadVolume.ts';
import { patientToPane, planeNames } from './planes.ts';
import type { PlaneCamera, PlaneName } from './planes.ts';
import { useViewer } from './viewerStore.ts';

interface CrosshairProps {
  readonly plane: PlaneName;
  readonly camera: PlaneCamera;
  readonly pane: { readonly width: number; readonly height: number };
  readonly volume: LoadedVolume;
}

/** Left free around the place itself, so that the lines do not hide what they point at, pixels. */
const gap = 16;

/** Where the two other planes cut this one, each in its plane's colour. */
export function Crosshair({ plane, camera, pane, volume }: CrosshairProps): ReactNode {
  const { location, crosshair } = useViewer();
  if (!crosshair) return null;
  const { right, across } = volume.planes[plane];
  const [x, y] = patientToPane(camera, right, pane, voxelToPatient(volume.voxelToLps, location));
  const upright = planeNames.find((name) => volume.planes[name].axis === across);
  const level = planeNames.find((name) => name !== plane && name !== upright);
  return (
    <svg className="crosshair" width={pane.width} height={pane.height} aria-hidden data-testid={`crosshair-${plane}`} data-x={x.toFixed(1)} data-y={y.toFixed(1)}>
      <path className={upright} d={`M${x} 0V${y - gap}M${x} ${y + gap}V${pane.height}`} />
      <path className={level} d={`M0 ${y}H${x - gap}M${x + gap} ${y}H${pane.width}`} />
    </svg>
  );
}
