/**
 * The worklist in the database: an entry for each study, and pages of entries by words, filters and order. Each order has
 * an index that holds the filtered columns too, so that a page far down reads no row it does not give back.
 */
import type { StudyState, WorklistQuery, WorklistSort } from '../../shared/contract.ts';
import type { StudyAttributes } from '../dicom/types.ts';
import type { ReadDb, SqlValue, WriteDb } from './database.ts';
import { wordsOf } from './fold.ts';
import { entryOf } from './worklistEntry.ts';

/** Adds the entry of a study that was just added; its series and instances are counted as they come. */
export function addEntry(db: WriteDb, uid: string, attributes: StudyAttributes, demo: boolean, now: string): void {
  const { name, patient, age, date, description, text } = entryOf(attributes);
  db.run(
    "INSERT INTO worklist_entry (study_uid, name, patient, age, study_date, description, added_at, series_count, instance_count, demo, state, text) VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, ?, 'new', ?)",
    uid, name, patient, age, date, description, now, demo ? 1 : 0, text,
  );
}

/** @returns whether it was another one before */
export const setEntryState = (db: WriteDb, study: string, state: StudyState): boolean =>
  db.run('UPDATE worklist_entry SET state = ? WHERE study_uid = ? AND state <> ?', state, study, state) > 0;

/** Studies in the order they were added, from a number on. */
export const entriesFrom = (db: ReadDb, number: number, limit: number): { number: number; study_uid: string }[] =>
  db.all('SELECT number, study_uid FROM worklist_entry WHERE number > ? ORDER BY number LIMIT ?', number, limit);

export const studiesInState = (db: ReadDb, state: StudyState): string[] =>
  db.all<{ study_uid: string }>('SELECT study_uid FROM worklist_entry WHERE state = ? ORDER BY number', state).map((row) => row.study_uid);

export const countStates = (db: ReadDb): { state: StudyState; count: number }[] =>
  db.all('SELECT state, count(*) AS count FROM worklist_entry GROUP BY state');

const columnOf: Readonly<Record<WorklistSort, string>> = { name: 'name', patient: 'patient', age: 'age', date: 'study_date', description: 'description', series: 'series_count', added: 'added_at', state: 'state' };

/** With fewer matches than this they are sorted; with more, the order's own index is walked until the page is full. */
const fewMatches = 1000;

interface Condition {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

function conditionsOf({ states, demo, from, to }: WorklistQuery): Condition {
  const parts: string[] = [];
  const values: SqlValue[] = [];
  if (states !== undefined) {
    parts.push(`state IN (${states.map(() => '?').join(', ')})`);
    values.push(...states);
  }
  if (demo !== undefined) { parts.push('demo = ?'); values.push(demo ? 1 : 0); }
  if (from !== undefined) { parts.push('study_date >= ?'); values.push(from); }
  if (to !== undefined) { parts.push("study_date <> '' AND study_date <= ?"); values.push(to); }
  return { sql: parts.map((part) => ` AND ${part}`).join(''), values };
}

/** Words as a full-text query: each as the beginning of a word. They hold letters and digits only, so nothing needs escaping. */
export function matchOf(text: string): string | null {
  const words = wordsOf(text);
  return words.length === 0 ? null : words.map((word) => `"${word}"*`).join(' AND ');
}

/** The entries of a page in order, by number, and how many there are in all. */
export function pageOfWorklist(db: ReadDb, query: WorklistQuery): { readonly total: number; readonly numbers: readonly number[] } {
  const { sql, values } = conditionsOf(query);
  const match = matchOf(query.text);
  // Words were asked for, and nothing of them can be found: no study, rather than all of them.
  if (match === null && query.text.trim() !== '') return { total: 0, numbers: [] };
  const column = columnOf[query.sort];
  const direction = query.descending ? 'DESC' : 'ASC';
  const walk = `FROM worklist_entry INDEXED BY worklist_by_${column} WHERE`;
  const order = `ORDER BY ${column} ${direction}, number ${direction} LIMIT ? OFFSET ?`;
  const count = (from: string, ...parameters: readonly SqlValue[]): number => db.get<{ n: number }>(`SELECT count(*) AS n ${from}`, ...parameters)!.n;
  const numbers = (from: string, ...parameters: readonly SqlValue[]): number[] => db.all<{ number: number }>(`SELECT number ${from} ${order}`, ...parameters, query.limit, query.offset).map((row) => row.number);
  if (match === null) return { total: count(`FROM worklist_entry WHERE 1${sql}`, ...values), numbers: numbers(`${walk} 1${sql}`, ...values) };

  const among = `number IN (SELECT rowid FROM worklist_text WHERE worklist_text MATCH ?)${sql}`;
  const matches = count('FROM worklist_text WHERE worklist_text MATCH ?', match);
  const total = sql === '' ? matches : count(`FROM worklist_entry WHERE ${among}`, match, ...values);
  const few = 'FROM worklist_text CROSS JOIN worklist_entry ON number = worklist_text.rowid WHERE worklist_text MATCH ?';
  return { total, numbers: matches < fewMatches ? numbers(`${few}${sql}`, match, ...values) : numbers(`${walk} ${among}`, match, ...values) };
}
