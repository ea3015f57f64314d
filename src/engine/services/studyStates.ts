/** The state of a study, from what is stored of it and what is under way. The worklist keeps a copy to sort and filter by. */
import type { StudyState } from '../../shared/contract.ts';
import type { ErrorData } from '../../shared/errors.ts';
import { packKey, type Pack } from '../pack/pack.ts';
import { encodingInputs, resultOf, setOutdated } from '../store/analyses.ts';
import type { Store } from '../store/openStore.ts';
import { findProcessing } from '../store/processing.ts';
import { reportState } from '../store/reports.ts';
import type { Library } from './library.ts';
import { isUsable, type Models } from './models.ts';
import { chooseChannels } from './reading.ts';
import type { StudyImages } from './studyImages.ts';

export interface StudyStateParts {
  readonly store: Store;
  readonly library: Library;
  readonly models: Models;
  /** Whether it is being read at this moment. */
  readonly isProcessing: (study: string) => boolean;
}

export class StudyStates {
  readonly #parts: StudyStateParts;

  constructor(parts: StudyStateParts) {
    this.#parts = parts;
  }

  async of(study: string): Promise<StudyState> {
    const { store, models, isProcessing } = this.#parts;
    if (isProcessing(study)) return 'processing';
    const report = reportState(store.db, study);
    if (report !== null) return report;
    await this.#recheck(study);
    const row = findProcessing(store.db, study);
    if (row?.failure === null) return 'queued';
    const pack = await models.pack().then(packKey, () => null);
    return (pack === null ? null : resultOf(store.db, study, pack)) ?? (row === undefined ? 'new' : 'failed');
  }

  /** Why a study could not be processed; null if it was, or never was tried. */
  failureOf(study: string): ErrorData | null {
    return findProcessing(this.#parts.store.db, study)?.failure ?? null;
  }

  /** Holds what packs saw of a study against what they would be shown now: it may have grown, or a reader gave a role. */
  async #recheck(study: string): Promise<void> {
    const { store, library, models } = this.#parts;
    const encodings = encodingInputs(store.db, study);
    if (encodings.length === 0) return;
    const packs = (await models.packs()).filter(isUsable);
    const images = await library.images(study);
    for (const { pack: key, input } of encodings) {
      const pack = packs.find((installed) => packKey(installed) === key);
      if (pack) setOutdated(store.db, study, key, input !== inputOf(images, pack));
    }
  }
}

/** Null where the pack finds nothing to read. */
function inputOf(images: StudyImages, pack: Pack): string | null {
  try {
    return chooseChannels(images, pack).input;
  } catch {
    return null; // said when somebody asks for the study itself
  }
}
