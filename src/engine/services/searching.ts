/** Search by free text, and the picture of a case. */
import type { CaseFilter, Handlers, SimilarCase } from '../../shared/contract.ts';
import { EngineError } from '../../shared/errors.ts';
import { splitSentences } from '../draft/sentences.ts';
import { packKey, packStamp } from '../pack/pack.ts';
import type { Clock } from '../ports.ts';
import { recordAudit } from '../store/audit.ts';
import { caseThumbnail, findCase } from '../store/cases.ts';
import type { Store } from '../store/openStore.ts';
import type { Archive, Query } from './archive.ts';
import type { Library } from './library.ts';
import type { Models } from './models.ts';
import type { Volumes } from './volumes.ts';

export interface SearchParts {
  readonly store: Store;
  readonly models: Models;
  readonly archive: Archive;
  readonly library: Library;
  readonly volumes: Volumes;
  readonly clock: Clock;
}

/** Ways to search beside the usual one. */
export type SearchHow = Pick<Query, 'proven' | 'withWords'>;

/**
 * Cases whose images fit a text, by the alignment of its sentences with their views.
 * @throws EngineError `search/bad-query` for a text without a word, `pack/no-text-encoder`, `search/no-cases`
 */
export async function searchText({ store, models, archive, clock }: Pick<SearchParts, 'store' | 'models' | 'archive' | 'clock'>, text: string, limit: number, signal: AbortSignal, filter?: CaseFilter, how: SearchHow = {}): Promise<SimilarCase[]> {
  const pack = await models.pack();
  const { encoder, text: textPart } = pack.manifest;
  if (!textPart) throw new EngineError('pack/no-text-encoder', `Pack ${packKey(pack)} has no text encoder`, { subject: packKey(pack), advice: 'Choose a pack with a text encoder' });
  const sentences = splitSentences(text).slice(0, textPart.maxSentences);
  if (sentences.length === 0) throw new EngineError('search/bad-query', 'The text has no word to search for', { subject: 'text', advice: 'Describe a finding in a sentence' });
  const stamp = packStamp(pack);
  if (archive.encodedCount(stamp, encoder.width) === 0) {
    throw new EngineError('search/no-cases', `The archive holds no case of ${packKey(pack)}`, { subject: packKey(pack), advice: 'Import studies with reports and run brat index' });
  }
  const vectors = await (await models.textEncoder())!.encodeSentences(sentences);
  const found = await archive.similar({ by: 'text', vectors, width: encoder.width, pack: stamp, limit, study: null, filter, signal, ...how });
  recordAudit(store.db, clock, 'searched', { by: 'text', found: found.length });
  return found;
}

export function searchHandlers(parts: SearchParts): Pick<Handlers, 'search.text' | 'case.thumbnail'> {
  const { store, library, volumes } = parts;
  return {
    'search.text': ({ text, limit, filter }, { signal }) => searchText(parts, text, limit, signal, filter),
    'case.thumbnail': async ({ case: id }) => {
      const item = findCase(store.db, id);
      if (!item) throw new EngineError('store/not-found', 'The case is not stored here', { subject: id, advice: 'Search again' });
      const stored = caseThumbnail(store.db, id);
      if (stored) return { png: new Uint8Array(stored) };
      const chosen = item.study === null ? null : (await library.images(item.study)).choice.chosen;
      return { png: chosen && new Uint8Array(await volumes.thumbnail(chosen.seriesUid)) };
    },
  };
}
