/** Makes one case findable at once by what its study's analysis left, without the walk over the archive of indexing.ts. */
import { packKey, packStamp } from '../pack/pack.ts';
import { findEncoding } from '../store/analyses.ts';
import { caseOfStudy, putVectors, sentencesOfCase } from '../store/cases.ts';
import type { Store } from '../store/openStore.ts';
import type { Archive } from './archive.ts';
import type { Models } from './models.ts';

/**
 * Stores the vectors of a study's case with the pack in use. Without views of that pack only its sentences are stored, and
 * `brat index` brings the rest.
 * @throws EngineError of the pack or the text encoder
 */
export async function indexCase({ store, models, archive }: { readonly store: Store; readonly models: Models; readonly archive: Archive }, study: string): Promise<void> {
  archive.refreshStudy(study);
  const found = caseOfStudy(store.db, study);
  if (!found) return;
  const pack = await models.pack();
  const stamp = packStamp(pack);
  const encoding = findEncoding(store.db, study, stamp);
  const text = pack.manifest.text ? await models.textEncoder() : null;
  const sentences = text ? await text.encodeSentences(sentencesOfCase(store.db, found.id)) : null;
  // It may have been removed while its sentences were encoded.
  if (!caseOfStudy(store.db, study)) return;
  store.db.transaction(() => {
    if (encoding) putVectors(store.db, 'views', packKey(pack), found.id, encoding.encoded.width, encoding.encoded.projected);
    if (sentences) putVectors(store.db, 'sentences', packKey(pack), found.id, pack.manifest.encoder.width, sentences);
  });
  archive.refresh(found.id, stamp);
}
