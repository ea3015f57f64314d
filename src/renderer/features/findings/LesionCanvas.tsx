/** Outlines of the lesion head's regions over a picture, drawn where the probability crosses the threshold. */
import { useEffect, useRef } from 'react';
import type { ReactNode } from 'react';
import { lps } from '../../../shared/geometry.ts';
import type { Lps } from '../../../shared/geometry.ts';
import { sampleGrid } from '../attention/attentionSampling.ts';
import { paneToPatient } from '../viewer/planes.ts';
import type { PlaneCamera, ViewPlane } from '../viewer/planes.ts';
import { useLesions } from './lesionStore.ts';
import type { LesionGrid } from './lesionStore.ts';
import { outlinePixels } from './outline.ts';

interface LesionCanvasProps {
  readonly camera: PlaneCamera;
  readonly plane: ViewPlane;
  readonly pane: { readonly width: number; readonly height: number };
}

/** Screen pixels per sample. */
const pixelsPerSample = 2;
/** Sky blue of Okabe and Ito: told apart from grey by every kind of colour vision, and from the yellow end of attention. */
const colour = [86, 180, 233] as const;

function draw(canvas: HTMLCanvasElement, grid: LesionGrid, { camera, plane: { right }, pane }: LesionCanvasProps): void {
  const width = Math.max(1, Math.ceil(pane.width / pixelsPerSample));
  const height = Math.max(1, Math.ceil(pane.height / pixelsPerSample));
  canvas.width = width;
  canvas.height = height;
  const step = (2 * camera.parallelScale * pixelsPerSample) / pane.height;
  const along = (d: Lps, by: number): Lps => lps(d[0] * by, d[1] * by, d[2] * by);
  const values = sampleGrid(grid, {
    origin: paneToPatient(camera, right, pane, pixelsPerSample / 2, pixelsPerSample / 2),
    stepRight: along(right, step), stepDown: along(camera.viewUp, -step), width, height,
  });
  const image = new ImageData(width, height);
  for (const at of outlinePixels(values, width, height, grid.threshold)) image.data.set([...colour, 255], 4 * at);
  canvas.getContext('2d')?.putImageData(image, 0, 0);
}

export function LesionCanvas({ camera, plane, pane }: LesionCanvasProps): ReactNode {
  const { grid, visible } = useLesions();
  const canvas = useRef<HTMLCanvasElement>(null);
  const shown = visible && grid !== null;
  useEffect(() => {
    if (shown && canvas.current !== null && pane.width > 0) draw(canvas.current, grid, { camera, plane, pane });
  }, [shown, grid, camera, plane, pane]);
  if (!shown) return null;
  return <canvas ref={canvas} className="lesion-canvas" data-testid="lesion-overlay" aria-hidden />;
}
