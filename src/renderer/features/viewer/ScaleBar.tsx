import type { ReactNode } from 'react';
import { texts } from '../../texts.ts';
import type { PlaneCamera } from './planes.ts';

const lengthsMm = [200, 100, 50, 20, 10, 5, 2, 1];

/** A bar of a round length, at most a quarter of the picture. */
export function ScaleBar({ camera, pane }: { readonly camera: PlaneCamera; readonly pane: { readonly width: number; readonly height: number } }): ReactNode {
  const pixelsPerMm = pane.height / (2 * camera.parallelScale);
  const mm = lengthsMm.find((length) => length * pixelsPerMm <= pane.width / 4) ?? 1;
  return <span className="scale-bar" style={{ width: mm * pixelsPerMm }} data-mm={mm}>{texts.viewer.scale(mm)}</span>;
}
