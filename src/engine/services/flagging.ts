/** Flags of a report: what is known of the study is gathered once and kept, so that an edit costs milliseconds. */
import type { Handlers, Measurement, Reader, ReportContent, ReportFlag, StudyFindings } from '../../shared/contract.ts';
import { EngineError } from '../../shared/errors.ts';
import { lps } from '../../shared/geometry.ts';
import { planeOf, type MiddlePlane } from '../findings/middlePlane.ts';
import type { Evidence, PlacedMeasurement } from '../flags/evidence.ts';
import { flagReport } from '../flags/flagReport.ts';
import { viewPlace, type ViewPlace } from '../ground/viewPlace.ts';
import { recordAudit, studyMark } from '../store/audit.ts';
import { findFindings } from '../store/findings.ts';
import { dismissalsOf, findMiddlePlane, putDismissal, putMiddlePlane, removeDismissal } from '../store/flags.ts';
import type { Store } from '../store/openStore.ts';
import { middleOf } from './examining.ts';
import type { Grounding, ReadStudy } from './grounding.ts';
import type { Library } from './library.ts';
import { prepareChannels, type ReadingParts } from './reading.ts';

export interface FlaggingParts extends Pick<ReadingParts, 'decoder' | 'preprocessor' | 'clock'> {
  readonly store: Store;
  readonly library: Library;
  readonly grounding: Grounding;
  /** Whether an earlier study of the patient was opened beside this one. */
  readonly priorOpened: (study: string) => boolean;
  readonly measurementsOf: (study: string) => readonly Measurement[];
  /** Who is signed in; null before the first reader. @throws `reader/not-signed-in` while the window is locked */
  readonly reader: () => Reader | null;
}

interface Known {
  readonly middle: MiddlePlane;
  readonly views: ReadonlyMap<number, ViewPlace>;
}

export class Flagging {
  readonly #parts: FlaggingParts;
  readonly #known = new WeakMap<ReadStudy, Promise<Known>>();

  constructor(parts: FlaggingParts) {
    this.#parts = parts;
  }

  /** @throws EngineError `store/not-found`, what loading a volume throws when the middle plane was never made */
  async flags(study: string, content: Pick<ReportContent, 'sentences'>): Promise<ReportFlag[]> {
    const { store, library } = this.#parts;
    library.study(study);
    return flagReport(content, await this.#evidence(study), dismissalsOf(store.db, study));
  }

  async #evidence(study: string): Promise<Evidence> {
    const { grounding, priorOpened, measurementsOf } = this.#parts;
    const read = await grounding.read(study);
    const known = read && (await this.#know(read));
    const calibration = read?.pack.manifest.calibration;
    return {
      found: read && this.#found(study, read),
      views: known?.views ?? new Map(),
      measurements: measurementsOf(study).map((measurement) => this.#place(measurement, read, known)),
      priorOpened: priorOpened(study),
      supportThreshold: calibration?.calibrated === true ? calibration.supportThreshold : null,
    };
  }

  #found(study: string, { encoded }: ReadStudy): StudyFindings | null {
    return findFindings(this.#parts.store.db, study, encoded.pack)?.findings ?? null;
  }

  #know(read: ReadStudy): Promise<Known> {
    let known = this.#known.get(read);
    if (!known) {
      known = this.#middle(read).then((middle) => {
        const views = Array.from({ length: read.encoded.viewCount }, (_, view) => [view, viewPlace(read.encoded, view, read.geometry, middle)] as const);
        return { middle, views: new Map(views.filter((entry): entry is [number, ViewPlace] => entry[1] !== null)) };
      });
      this.#known.set(read, known);
      known.catch(() => this.#known.delete(read));
    }
    return known;
  }

  /** Made when the study was read; studies read by an earlier version get it now, once. */
  async #middle({ pack, channels }: ReadStudy): Promise<MiddlePlane> {
    const { db } = this.#parts.store;
    const stored = findMiddlePlane(db, channels.series, channels.stack);
    if (stored) return planeOf(stored);
    const middle = middleOf(await prepareChannels(this.#parts, pack, channels, new AbortController().signal), channels, pack);
    putMiddlePlane(db, channels.series, channels.stack, middle);
    return middle;
  }

  /** Series of one frame of reference share one patient space; in another one the plane means nothing. */
  #place(measurement: Measurement, read: ReadStudy | null, known: Known | null): PlacedMeasurement {
    const frame = read?.channels.first.geometry.frameOfReferenceUid ?? '';
    if (!known || (measurement.series !== read?.channels.series && (frame === '' || measurement.frameOfReference !== frame))) return { measurement, towardsLeftMm: null };
    const { pointsLps } = measurement;
    const [x, y, z] = [0, 1, 2].map((axis) => pointsLps.reduce((sum, point) => sum + point[axis as 0 | 1 | 2], 0) / pointsLps.length) as [number, number, number];
    return { measurement, towardsLeftMm: known.middle.towardsLeftMm(lps(x, y, z)) };
  }

  dismiss(study: string, flag: string, by: string, why: string): void {
    const { store, library, clock } = this.#parts;
    library.study(study);
    const reader = this.#parts.reader();
    store.db.transaction(() => {
      putDismissal(store.db, study, flag, { by, why, at: clock.now().toISOString() });
      recordAudit(store.db, clock, 'flag.dismissed', { study: studyMark(study), kind: kindOf(flag) }, reader?.id ?? by);
    });
  }

  /** @throws EngineError `report/unknown-flag` */
  restore(study: string, flag: string, by: string): void {
    const { store, library, clock } = this.#parts;
    library.study(study);
    const reader = this.#parts.reader();
    store.db.transaction(() => {
      if (!removeDismissal(store.db, study, flag)) throw new EngineError('report/unknown-flag', 'This flag was not dismissed', { subject: 'flag', advice: 'Open the report again' });
      recordAudit(store.db, clock, 'flag.restored', { study: studyMark(study), kind: kindOf(flag) }, reader?.id ?? by);
    });
  }
}

/** The readable part of a flag's id. */
const kindOf = (flag: string): string => flag.replace(/-[0-9a-f]{16}$/, '');

export function flaggingHandlers(flagging: Flagging, grounding: Grounding): Pick<Handlers, 'report.flags' | 'report.dismissFlag' | 'report.restoreFlag' | 'report.ground' | 'study.viewsAt'> {
  return {
    'report.flags': ({ study, content }) => flagging.flags(study, content),
    'report.dismissFlag': ({ study, flag, by, why }) => {
      flagging.dismiss(study, flag, by, why);
      return {};
    },
    'report.restoreFlag': ({ study, flag, by }) => {
      flagging.restore(study, flag, by);
      return {};
    },
    'report.ground': ({ study, sentences }) => grounding.ground(study, sentences),
    'study.viewsAt': ({ study, pointLps }) => grounding.viewsAt(study, pointLps),
  };
}
