import { useEffect, useRef } from 'react';
import type { ReactNode } from 'react';
import { ijk, lps, voxelToPatient } from '../../../shared/geometry.ts';
import type { Lps } from '../../../shared/geometry.ts';
import type { LoadedVolume } from '../viewer/loadVolume.ts';
import { paneToPatient, patientToPane } from '../viewer/planes.ts';
import type { PlaneCamera, ViewPlane } from '../viewer/planes.ts';
import { useAttention } from './attentionStore.ts';
import { sampleGrid } from './attentionSampling.ts';
import type { AttentionGrid } from './attentionSampling.ts';
import { attentionColours } from './colourMap.ts';

/** Screen pixels per sample: the grid is far coarser, and the browser smooths between. */
const pixelsPerSample = 4;

interface AttentionCanvasProps {
  readonly camera: PlaneCamera;
  readonly plane: ViewPlane;
  readonly volume: LoadedVolume;
  readonly pane: { readonly width: number; readonly height: number };
}

/** Where the volume lies in the pane, its outer edges in pixels: beyond them there is nothing to attend to. */
function volumeBox({ camera, plane, volume, pane }: AttentionCanvasProps): { readonly x: readonly [number, number]; readonly y: readonly [number, number] } {
  const corner = (end: 0 | 1): readonly [number, number] => {
    const at = volume.dims.map((count) => (end === 0 ? -0.5 : count - 0.5)) as [number, number, number];
    return patientToPane(camera, plane.right, pane, voxelToPatient(volume.voxelToLps, ijk(...at)));
  };
  const [a, b] = [corner(0), corner(1)];
  return { x: [Math.min(a[0], b[0]), Math.max(a[0], b[0])], y: [Math.min(a[1], b[1]), Math.max(a[1], b[1])] };
}

function draw(canvas: HTMLCanvasElement, grid: AttentionGrid, props: AttentionCanvasProps): void {
  const { camera, plane: { right }, pane } = props;
  const box = volumeBox(props);
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
    const x = ((at % width) + 0.5) * pixelsPerSample;
    const y = (Math.floor(at / width) + 0.5) * pixelsPerSample;
    if (value < 0 || x < box.x[0] || x > box.x[1] || y < box.y[0] || y > box.y[1]) continue;
    const colour = 4 * Math.min(255, Math.round(value * 255));
    for (let c = 0; c < 4; c++) image.data[4 * at + c] = attentionColours[colour + c]!;
  }
  canvas.getContext('2d')?.putImageData(image, 0, 0);
}

export function AttentionCanvas({ camera, plane, volume, pane }: AttentionCanvasProps): ReactNode {
  const { grid, visible, opacity } = useAttention();
  const canvas = useRef<HTMLCanvasElement>(null);
  const shown = visible && grid !== null;
  useEffect(() => {
    if (shown && canvas.current !== null && pane.width > 0) draw(canvas.current, grid, { camera, plane, volume, pane });
  }, [shown, grid, camera, plane, volume, pane]);
  if (!shown) return null;
  return <canvas ref={canvas} className="attention-canvas" data-testid="attention-overlay" data-view={grid.view} style={{ opacity }} aria-hidden />;
}
