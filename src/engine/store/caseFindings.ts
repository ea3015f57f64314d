/** Answers to the structured questions as they were read from the reports of cases. */
import type { CaseFinding } from '../../shared/contract.ts';
import type { ReadDb, WriteDb } from './database.ts';

/** Cases whose report was not read by this version of the rules, with their sentences. */
export function casesToRead(db: ReadDb, version: number, limit: number): { readonly id: string; readonly sentences: readonly string[] }[] {
  return db
    .all<{ id: string }>('SELECT c.id FROM archive_case c LEFT JOIN case_reading r ON r.case_id = c.id WHERE r.version IS NOT ? LIMIT ?', version, limit)
    .map(({ id }) => ({ id, sentences: db.all<{ text: string }>('SELECT text FROM sentence WHERE case_id = ? ORDER BY position', id).map(({ text }) => text) }));
}

export const isRead = (db: ReadDb, id: string, version: number): boolean => db.get('SELECT 1 FROM case_reading WHERE case_id = ? AND version = ?', id, version) !== undefined;

export const findingsOfCase = (db: ReadDb, id: string): CaseFinding[] => db.all<CaseFinding>('SELECT question, answer FROM case_finding WHERE case_id = ?', id);

export const casesWithFinding = (db: ReadDb, { question, answer }: CaseFinding): string[] =>
  db.all<{ case_id: string }>('SELECT case_id FROM case_finding WHERE question = ? AND answer = ?', question, answer).map((row) => row.case_id);

export const countFindings = (db: ReadDb): (CaseFinding & { readonly cases: number })[] =>
  db.all('SELECT question, answer, count(*) AS cases FROM case_finding GROUP BY question, answer');

export function putCaseFindings(db: WriteDb, version: number, read: readonly { readonly id: string; readonly findings: readonly CaseFinding[] }[]): void {
  db.transaction(() => {
    for (const { id, findings } of read) {
      db.run('DELETE FROM case_finding WHERE case_id = ?', id);
      for (const { question, answer } of findings) db.run('INSERT INTO case_finding (case_id, question, answer) VALUES (?, ?, ?) ON CONFLICT DO NOTHING', id, question, answer);
      db.run('INSERT OR REPLACE INTO case_reading (case_id, version) VALUES (?, ?)', id, version);
    }
  });
}
