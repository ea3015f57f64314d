/** The header attributes that can tell apart volumes sharing one series, with the words a person reads for them. */
import type { PlacedFrame } from './placedFrame.ts';

export interface Discriminator {
  readonly of: (frame: PlacedFrame) => string | number | null;
  readonly label: (value: string | number | null) => string;
}

const rounded = (value: number | null): number | null => (value === null ? null : Math.round(value * 100) / 100);
const text = (value: string | number | null): string => (value === null ? '' : String(value));

/** The order is the order of preference between discriminators that explain a series equally simply. */
export const discriminators: readonly Discriminator[] = [
  { of: (f) => f.header.discriminators.component, label: (v) => text(v).toLowerCase() },
  { of: (f) => f.header.discriminators.echoNumber, label: (v) => `echo ${text(v)}` },
  { of: (f) => rounded(f.header.discriminators.echoTimeMs), label: (v) => `TE ${text(v)} ms` },
  { of: (f) => rounded(f.header.discriminators.inversionTimeMs), label: (v) => `TI ${text(v)} ms` },
  { of: (f) => f.header.discriminators.temporalPosition, label: (v) => `time ${text(v)}` },
  { of: (f) => f.header.discriminators.bValue, label: (v) => (v === null ? 'no b value' : `b ${text(v)}`) },
  { of: (f) => f.header.discriminators.diffusionDirection, label: (v) => (v === null ? 'no direction' : `direction ${text(v)}`) },
  { of: (f) => f.header.discriminators.imageType, label: (v) => text(v).toLowerCase().replaceAll('\\', ' ') },
  // Enhanced files of one series each hold a whole volume, most often one time point.
  { of: (f) => ((f.instance.pixels?.numberOfFrames ?? 1) > 1 ? fileKey(f) : null), label: (v) => `file ${text(v).split('\n')[0]!.trim()}` },
  { of: (f) => rounded(f.header.discriminators.triggerTimeMs), label: (v) => `trigger ${text(v)} ms` },
  { of: (f) => f.header.discriminators.acquisitionNumber, label: (v) => `acquisition ${text(v)}` },
  { of: (f) => f.header.discriminators.dimensionIndex, label: (v) => `index ${text(v)}` },
];

/** Sorts by instance number first, so that several files of one series come out in the order of acquisition. */
function fileKey(frame: PlacedFrame): string {
  const { instance } = frame;
  return `${String(instance.instanceNumber ?? 0).padStart(8)}\n${instance.sopInstanceUid}`;
}

/** Numbers by size, words by letter, absent values first. */
export function compareValues(a: string | number | null, b: string | number | null): number {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a).localeCompare(String(b), 'en', { numeric: true });
}
