/** A lens over a picture: the pixels of its own canvas, enlarged. */
import { useEffect, useRef } from 'react';
import type { ReactNode } from 'react';
import type { Place } from './MeasurementShape.tsx';

const lensPx = 220;
const enlargement = 2.5;

export function Magnifier({ pane, at: [x, y] }: { readonly pane: string; readonly at: Place }): ReactNode {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const picture = document.querySelector<HTMLCanvasElement>(`[data-testid="viewport-${pane}"] .pane-host canvas`);
    const context = canvas.current?.getContext('2d');
    if (picture === null || context == null) return;
    const perPixel = picture.width / picture.clientWidth;
    const taken = (lensPx / enlargement) * perPixel;
    context.fillStyle = '#000';
    context.fillRect(0, 0, lensPx, lensPx);
    context.drawImage(picture, x * perPixel - taken / 2, y * perPixel - taken / 2, taken, taken, 0, 0, lensPx, lensPx);
  }, [pane, x, y]);
  return <canvas ref={canvas} className="magnifier" width={lensPx} height={lensPx} style={{ left: x - lensPx / 2, top: y - lensPx / 2 }} aria-hidden data-testid="magnifier" />;
}
