/** One measurement as lines in a picture. */
import type { ReactNode } from 'react';
import type { MeasurementKind } from '../../../shared/contract.ts';

export type Place = readonly [number, number];

interface ShapeProps {
  readonly kind: MeasurementKind;
  /** Points in the pane, pixels. */
  readonly places: readonly Place[];
  readonly lines: readonly string[];
  readonly label: string;
  /** Size of the pane: the words stay inside. */
  readonly width: number;
}

const tipLength = 11;

function pathOf(kind: MeasurementKind, places: readonly Place[]): string {
  const [a, b, c, d] = places;
  const at = (place: Place): string => `${place[0].toFixed(2)} ${place[1].toFixed(2)}`;
  if (a === undefined) return '';
  if (kind === 'probe' || b === undefined) return `M${a[0] - 6} ${a[1]}H${a[0] + 6}M${a[0]} ${a[1] - 6}V${a[1] + 6}`;
  if (kind === 'ellipse' && c !== undefined && d !== undefined) {
    const [rx, ry] = [Math.hypot(b[0] - a[0], b[1] - a[1]) / 2, Math.hypot(d[0] - c[0], d[1] - c[1]) / 2];
    const turn = (Math.atan2(b[1] - a[1], b[0] - a[0]) * 180) / Math.PI;
    return `M${at(a)}A${rx} ${ry} ${turn} 1 1 ${at(b)}A${rx} ${ry} ${turn} 1 1 ${at(a)}Z`;
  }
  if (kind === 'arrow') {
    const angle = Math.atan2(b[1] - a[1], b[0] - a[0]);
    const wing = (turn: number): Place => [a[0] + tipLength * Math.cos(angle + turn), a[1] + tipLength * Math.sin(angle + turn)];
    return `M${at(b)}L${at(a)}M${at(wing(0.45))}L${at(a)}L${at(wing(-0.45))}`;
  }
  return `M${places.map(at).join('L')}`;
}

export function MeasurementShape({ kind, places, lines, label, width }: ShapeProps): ReactNode {
  const path = pathOf(kind, places);
  const words = [label, ...lines].filter(Boolean);
  const anchor = kind === 'arrow' ? (places[1] ?? places[0]) : places.reduce<Place | undefined>((best, place) => (best === undefined || place[0] > best[0] ? place : best), undefined);
  const left = anchor !== undefined && anchor[0] > width - 130;
  return (
    <>
      <path className="shade" d={path} />
      <path className="stroke" d={path} />
      {anchor === undefined ? null : words.map((line, at) => (
        <text key={line} x={anchor[0] + (left ? -9 : 9)} y={anchor[1] + 4 + (at - (words.length - 1) / 2) * 14} textAnchor={left ? 'end' : 'start'}>{line}</text>
      ))}
      <path className="grip" d={path} />
    </>
  );
}
