import { useEffect, useRef } from 'react';
import type { ReactNode } from 'react';
import { lps } from '../../../shared/geometry.ts';
import type { Lps } from '../../../shared/geometry.ts';
import { paneToPatient } from '../viewer/planes.ts';
import type { PlaneCamera } from '../viewer/planes.ts';
import { useAttention } from './attentionStore.ts';
import { sampleGrid } from './attentionSampling.ts';
import type { AttentionGrid } from './attentionSampling.ts';
import { attentionColours } from './colourMap.ts';

/** Screen pixels per sample: the grid is far coarser, and the browser smooths between. */
const pixelsPerSample = 4;

interface AttentionCanvasProps {
  readonly camera: PlaneCamera;
  readonly right: Lps;
  readonly pane: { readonly width: number; readonly height: number };
}

function draw(canvas: HTMLCanvasElement, grid: AttentionGrid, { camera, right, pane }: AttentionCanvasProps): void {
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
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!;
    if (value < 0) continue;
    const colour = 4 * Math.min(255, Math.round(value * 255));
    for (let c = 0; c < 4; c++) image.data[4 * at + c] = attentionColours[colour + c]!;
  }
  canvas.getContext('2d')?.putImageData(image, 0, 0);
}

export function AttentionCanvas({ camera, right, pane }: AttentionCanvasProps): ReactNode {
  const { grid, visible, opacity } = useAttention();
  const canvas = useRef<HTMLCanvasElement>(null);
  const shown = visible && grid !== null;
  useEffect(() => {
    if (shown && canvas.current !== null && pane.width > 0) draw(canvas.current, grid, { camera, right, pane });
  }, [shown, grid, camera, right, pane]);
  if (!shown) return null;
  return <canvas ref={canvas} className="attention-canvas" data-testid="attention-overlay" data-view={grid.view} style={{ opacity }} aria-hidden />;
}
