/** Takes cases out of the archive for good, as a withdrawn consent asks for: rows, vectors, words, codes in memory and in files. */
import { EngineError } from '../../shared/errors.ts';
import { archiveStudiesOfAccession, findArchiveStudy, setStudyState } from '../store/archiveJournal.ts';
import { recordAudit } from '../store/audit.ts';
import { findCase } from '../store/cases.ts';
import type { AnalysisParts } from './analysis.ts';

/**
 * @param wanted study UIDs, ids of cases, or accession numbers
 * @returns ids of what was removed; a later import does not bring it back
 * @throws EngineError `store/not-found` naming the first that is not there, before anything is removed
 */
export function removeCases({ store, archive, clock, changes }: Pick<AnalysisParts, 'store' | 'archive' | 'clock' | 'changes'>, wanted: readonly string[]): string[] {
  const { db } = store;
  const ids = wanted.flatMap((name) => {
    if (findCase(db, name) || findArchiveStudy(db, name)) return [name];
    const found = archiveStudiesOfAccession(db, name).map(({ uid }) => uid);
    if (found.length === 0) throw new EngineError('store/not-found', 'There is neither a case nor an archived study of this name', { subject: name, advice: 'Pass a study UID or an accession number' });
    return found;
  });
  for (const id of ids) {
    // Codes go first: what a kill leaves of them is not used without its row, and the next start wipes it.
    archive.forgetCase(id);
    db.transaction(() => {
      db.run('DELETE FROM archive_case WHERE id = ?', id);
      setStudyState(db, id, 'removed');
    });
    archive.forgetCase(id);
  }
  recordAudit(db, clock, 'archive.removed', { cases: ids.length });
  store.forget();
  changes.emit(null);
  return ids;
}
