/** What sentences are held against, gathered by services/flagging: nothing here is computed from pixels. */
import type { Measurement, ReportSentence, StudyFindings } from '../../shared/contract.ts';
import type { ViewPlace } from '../ground/viewPlace.ts';
import type { SentenceReading } from '../statements/readSentence.ts';

export interface PlacedMeasurement {
  readonly measurement: Measurement;
  /** Of the middle of its points; null where no middle plane is known. */
  readonly towardsLeftMm: number | null;
}

export interface Evidence {
  /** What the heads said of the image; null where none did. Not used where the image is outside of what the pack was made for. */
  readonly found: StudyFindings | null;
  /** By view. */
  readonly views: ReadonlyMap<number, ViewPlace>;
  readonly measurements: readonly PlacedMeasurement[];
  /** An earlier study of the patient was opened beside this one. */
  readonly priorOpened: boolean;
  /** Cosine below which no view supports a sentence; null for a pack that was not calibrated. */
  readonly supportThreshold: number | null;
}

/** A sentence of findings or impression that stands, with what it says. */
export interface ReadSentence {
  readonly sentence: ReportSentence;
  readonly reading: SentenceReading;
}

/** A flag before it is known whether it was dismissed. `key` says which fault it is, whatever the sentence's other words. */
export interface Fault {
  readonly kind: 'unsupported' | 'wrong-side' | 'contradiction' | 'prior-wording' | 'missed-finding';
  readonly sentence: string | null;
  readonly key: string;
  readonly reason: string;
}

export type Hemisphere = 'left' | 'right';

export const otherSide = (side: Hemisphere): Hemisphere => (side === 'left' ? 'right' : 'left');

export const percent = (probability: number): string => `${Math.round(100 * probability)} %`;

export const quoted = (text: string): string => `“${text.length > 90 ? `${text.slice(0, 87).trimEnd()}…` : text}”`;
