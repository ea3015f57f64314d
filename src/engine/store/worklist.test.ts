import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { sqlite } from '../../native/sqlite.ts';
import { worklistQuery } from '../../shared/contract.ts';
import type { z } from 'zod';
import { temporaryFolder } from '../../testing/temporaryFolder.ts';
import type { StudyAttributes } from '../dicom/types.ts';
import type { Database } from './database.ts';
import { foldText } from './fold.ts';
import { migrate } from './migrate.ts';
import { studiesOfEntries } from './studies.ts';
import { addEntry, pageOfWorklist, setEntryState } from './worklist.ts';

const nobody: StudyAttributes = { patientName: '', patientId: '', birthDate: '', sex: '', ageYears: null, studyDate: '', studyTime: '', studyDescription: '', accession: '' };

function opened(version?: number): Database {
  const db = sqlite.open(join(temporaryFolder(), 'test.sqlite'));
  onTestFinished(() => { db.close(); });
  migrate(db, version);
  return db;
}

function addStudy(db: Database, uid: string, attributes: Partial<StudyAttributes>, { demo = false, entry = true, added = '2026-01-05' } = {}): void {
  const all = { ...nobody, ...attributes };
  db.run('INSERT INTO study (uid, attributes, study_date, accession, demo, added_at) VALUES (?, ?, ?, ?, ?, ?)', uid, JSON.stringify(all), all.studyDate, all.accession, demo ? 1 : 0, added);
  if (entry) addEntry(db, uid, all, demo, added);
}

function ask(db: Database, query: z.input<typeof worklistQuery>): string[] {
  const { numbers } = pageOfWorklist(db, worklistQuery.parse(query));
  return studiesOfEntries(db, numbers).map((row) => row.uid);
}

/** Four patients whose names, ids and dates disagree on the order. */
function four(version?: number): Database {
  const db = opened(version);
  const entry = version === undefined;
  addStudy(db, 'a', { patientName: 'Müller^Jürgen', patientId: 'PAT000123', ageYears: 9, studyDate: '2021-03-07', studyDescription: 'MR Brain w. Contrast', accession: 'X-9001' }, { entry, added: '2026-01-03' });
  addStudy(db, 'b', { patientName: 'Łukasz^Żaneta', patientId: 'PAT000077', ageYears: 81, studyDate: '2019-12-31', studyDescription: 'cranial MRI' }, { entry, added: '2026-01-04' });
  addStudy(db, 'c', { patientName: 'Yamada^Tarou=山田^太郎=やまだ^たろう', patientId: 'Z1', ageYears: null, studyDate: '', studyDescription: '' }, { entry, added: '2026-01-01' });
  addStudy(db, 'd', { patientName: "O'Brien^Seán", patientId: 'A1', ageYears: 40, studyDate: '2024-01-02', studyDescription: 'Straße 100%' }, { demo: true, entry, added: '2026-01-02' });
  return db;
}

describe('words find a study', () => {
  test.each([
    ['without case and accents', 'MULLER jurg', ['a']],
    ['with other accents', 'mûllèr', ['a']],
    ['in letters a keyboard may lack', 'lukasz zaneta', ['b']],
    ['in any order and from any field', '2021 contrast brain mull', ['a']],
    ['by an identifier without its letters or zeros', '123', ['a']],
    ['by an accession', 'x-9001', ['a']],
    ['in its own script', '山田', ['c']],
    ['in kana', 'たろ', ['c']],
    ['with a sharp s', 'strasse', ['d']],
    ['with an apostrophe', "o'brien", ['d']],
    ['from their beginnings only', 'uller', []],
    ['that all occur', 'muller cranial', []],
  ])('%s', (_, text, found) => { expect(ask(four(), { text })).toEqual(found); });

  test.each([`" OR 1=1 --`, `'; DROP TABLE study; --`, 'NEAR(a b)', 'text:muller', 'a* OR *', '%', '"', '()', '^mul', '-muller', '\0', 'NOT AND OR'])('and nothing in them is a command: %s', (text) => {
    const db = four();
    const found = ask(db, { text });
    expect(found.length).toBeLessThan(4);
    expect(db.get('SELECT count(*) AS n FROM study')).toEqual({ n: 4 });
  });
});

test.each([
  ['name', false, ['b', 'a', 'd', 'c']],
  ['patient', false, ['d', 'b', 'a', 'c']],
  ['age', true, ['b', 'd', 'a', 'c']],
  ['date', true, ['d', 'a', 'b', 'c']],
  ['description', false, ['c', 'b', 'a', 'd']],
  ['added', true, ['b', 'a', 'd', 'c']],
] as const)('sorted by %s', (sort, descending, order) => {
  expect(ask(four(), { sort, descending })).toEqual(order);
  expect(ask(four(), { sort, descending: !descending })).toEqual([...order].reverse());
});

test('filters of state, date and demonstration narrow what is counted and shown, with words or without', () => {
  const db = four();
  setEntryState(db, 'a', 'drafted');
  setEntryState(db, 'b', 'failed');
  expect(ask(db, { states: ['drafted', 'failed'], sort: 'name', descending: false })).toEqual(['b', 'a']);
  expect(ask(db, { states: ['drafted', 'failed'], text: 'pat000' })).toEqual(['b', 'a']);
  expect(ask(db, { demo: true })).toEqual(['d']);
  expect(ask(db, { from: '2020-01-01', to: '2022-01-01' })).toEqual(['a']);
  expect(ask(db, { to: '2022-01-01', sort: 'date' })).toEqual(['a', 'b']);
  expect(pageOfWorklist(db, worklistQuery.parse({ states: ['drafted', 'failed'], limit: 1 })).total).toBe(2);
});

test('pages put one after the other are the whole list, in each order and with many matches', () => {
  const db = opened();
  db.transaction(() => { for (let at = 0; at < 2500; at++) addStudy(db, String(at), { patientName: `Name${at % 7}`, ageYears: at % 90, studyDescription: 'brain' }); });
  for (const sort of ['name', 'age', 'state'] as const) {
    for (const text of ['', 'brain', 'name3']) {
      const whole = pageOfWorklist(db, worklistQuery.parse({ sort, text }));
      const seen: string[] = [];
      for (let offset = 0; offset < whole.total; offset += 500) seen.push(...ask(db, { sort, text, offset, limit: 500 }));
      expect(new Set(seen).size).toBe(whole.total);
    }
  }
});

test('a study that is removed takes its words along', () => {
  const db = four();
  db.run("DELETE FROM study WHERE uid = 'a'");
  expect(ask(db, { text: 'muller' })).toEqual([]);
  expect(pageOfWorklist(db, worklistQuery.parse({})).total).toBe(3);
  expect(db.all("SELECT rowid FROM worklist_text WHERE worklist_text MATCH 'muller'")).toEqual([]);
});

test('0008 lists the studies that are there, with what they hold', () => {
  const db = four(3);
  db.run("INSERT INTO series (uid, study_uid) VALUES ('s1', 'a'), ('s2', 'a')");
  db.run("INSERT INTO instance (series_uid, sop_uid, content_hash, source_name, header_format, header) VALUES ('s1', 'i', '', '', 1, '{}')");
  migrate(db);
  expect(ask(db, { text: 'muller' })).toEqual(['a']);
  const { numbers } = pageOfWorklist(db, worklistQuery.parse({ text: 'muller' }));
  expect(studiesOfEntries(db, numbers)).toMatchObject([{ seriesCount: 2, instanceCount: 1, state: 'new' }]);
});

test('each order of the list is an index, walked without sorting', () => {
  const db = four();
  for (const column of ['name', 'patient', 'age', 'study_date', 'description', 'series_count', 'added_at', 'state']) {
    const plan = db.all<{ detail: string }>(`EXPLAIN QUERY PLAN SELECT number FROM worklist_entry INDEXED BY worklist_by_${column} WHERE 1 AND demo = 0 ORDER BY ${column} DESC, number DESC LIMIT 10 OFFSET 100`).map(({ detail }) => detail).join();
    expect(plan).toMatch(/COVERING INDEX worklist_by_/);
    expect(plan).not.toContain('TEMP B-TREE');
  }
});

test('folding is the same for what is stored and what is asked, and does nothing twice', () => {
  for (const text of ['Müller', 'İstanbul', 'ẞtraße', 'Ｆｕｌｌ', 'Ångström', 'ﬁsh']) expect(foldText(foldText(text))).toBe(foldText(text));
  expect(foldText('ẞ')).toBe('ss');
});
