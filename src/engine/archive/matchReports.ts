/**
 * Which report belongs to which study. Only an identifier decides: the StudyInstanceUID, else the accession number; patient
 * numbers must agree where both sides have one. Whatever is not certain is refused with its reason and never guessed, since a
 * wrong match puts one patient's report to another's images. Reports lie in a temporary table that no file outlives.
 */
import { createHash } from 'node:crypto';
import { archiveStudiesOfAccession, findArchiveStudy, type ArchiveStudy } from '../store/archiveJournal.ts';
import type { WriteDb } from '../store/database.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import type { ReportRecord } from './reportRecord.ts';

export interface Unmatched {
  readonly source: string;
  readonly place: string;
  readonly accession: string;
  readonly studyUid: string;
  readonly code: ErrorCode;
  readonly reason: string;
}

interface RawReport {
  readonly id: number;
  readonly source: string;
  readonly place: string;
  readonly study_uid: string;
  readonly accession: string;
  readonly patients: string;
  readonly people: string;
  readonly issued: string;
  readonly hash: string;
  readonly text: string;
}

export interface MatchedReport {
  readonly text: string;
  /** SHA-256 of the text. */
  readonly hash: string;
  readonly people: readonly string[];
  readonly source: string;
  readonly place: string;
}

export class ReportTable {
  readonly #db: WriteDb;

  constructor(db: WriteDb) {
    this.#db = db;
    db.run('DROP TABLE IF EXISTS temp.archive_report');
    db.run(`CREATE TEMP TABLE archive_report (id INTEGER PRIMARY KEY, source TEXT, place TEXT, study_uid TEXT, accession TEXT, patients TEXT, people TEXT, issued TEXT, hash TEXT, text TEXT, target TEXT, chosen INTEGER NOT NULL DEFAULT 0)`);
    db.run('CREATE INDEX temp.archive_report_by_target ON archive_report (target)');
    db.run('CREATE INDEX temp.archive_report_by_source ON archive_report (source)');
  }

  get size(): number {
    return this.#db.get<{ n: number }>('SELECT count(*) AS n FROM temp.archive_report')!.n;
  }

  add(item: ReportRecord): void {
    this.#db.run(
      'INSERT INTO temp.archive_report (source, place, study_uid, accession, patients, people, issued, hash, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
      item.source, item.place, item.studyUid, item.accession, JSON.stringify(item.patients), JSON.stringify(item.people), item.issued, createHash('sha256').update(item.text).digest('hex'), item.text,
    );
  }

  /** Drops what a source gave before it turned out to be damaged. */
  forget(source: string): void {
    this.#db.run('DELETE FROM temp.archive_report WHERE source = ?', source);
  }

  /** Finds each report's study, then each study's one report. Hands out those that have none. */
  *match(): Generator<Unmatched> {
    for (let page = this.#page(0); page.length > 0; page = this.#page(page.at(-1)!.id)) {
      for (const row of page) {
        const found = findStudy(this.#db, row);
        if ('uid' in found) this.#db.run('UPDATE temp.archive_report SET target = ? WHERE id = ?', found.uid, row.id);
        else yield { source: row.source, place: row.place, accession: row.accession, studyUid: row.study_uid, ...found };
      }
    }
    yield* this.#choose();
  }

  /** The report of a study, if one was found to be its only one. */
  reportOf(study: string): MatchedReport | undefined {
    const row = this.#db.get<RawReport>('SELECT * FROM temp.archive_report WHERE target = ? AND chosen = 1', study);
    return row && { text: row.text, hash: row.hash, people: JSON.parse(row.people) as string[], source: row.source, place: row.place };
  }

  /** Whether reports name a study at all. */
  isNamed(study: string): boolean {
    return this.#db.get('SELECT 1 FROM temp.archive_report WHERE target = ? LIMIT 1', study) !== undefined;
  }

  close(): void {
    this.#db.run('DROP TABLE IF EXISTS temp.archive_report');
  }

  #page(after: number): RawReport[] {
    return this.#db.all<RawReport>("SELECT id, source, place, study_uid, accession, patients, people, issued, hash, '' AS text FROM temp.archive_report WHERE id > ? ORDER BY id LIMIT 500", after);
  }

  *#choose(): Generator<Unmatched> {
    const several = this.#db.all<{ target: string }>('SELECT target FROM temp.archive_report WHERE target IS NOT NULL GROUP BY target HAVING count(DISTINCT hash) > 1');
    for (const { target } of several) {
      const rows = this.#db.all<RawReport>("SELECT id, source, place, study_uid, accession, patients, people, issued, hash, '' AS text FROM temp.archive_report WHERE target = ? ORDER BY issued DESC, id", target);
      const [newest, next] = rows as [RawReport, RawReport];
      // Versions of one report say when they were issued; the last one counts. Two of one moment must agree.
      const later = rows.find((row) => row.hash !== newest.hash) ?? next;
      if (rows.every((row) => row.issued !== '') && later.issued < newest.issued) {
        this.#db.run('UPDATE temp.archive_report SET chosen = 1 WHERE id = ?', newest.id);
      } else {
        for (const row of rows) yield { source: row.source, place: row.place, accession: row.accession, studyUid: row.study_uid, code: 'reports/ambiguous', reason: `${rows.length} different reports name this study` };
      }
    }
    this.#db.run('UPDATE temp.archive_report SET chosen = 1 WHERE id IN (SELECT min(id) FROM temp.archive_report WHERE target IS NOT NULL GROUP BY target HAVING count(DISTINCT hash) = 1)');
  }
}

type Refusal = Pick<Unmatched, 'code' | 'reason'>;

function findStudy(db: WriteDb, { study_uid: uid, accession, patients }: RawReport): ArchiveStudy | Refusal {
  if (uid === '' && accession === '') return { code: 'reports/no-study', reason: 'It names neither an accession number nor a study' };
  const found = uid !== '' ? byUid(db, uid, accession) : byAccession(db, accession);
  if (!('uid' in found)) return found;
  const named = JSON.parse(patients) as string[];
  if (named.length > 0 && found.patient !== '' && !found.patient.startsWith('hash:') && !named.includes(found.patient)) return { code: 'reports/other-patient', reason: 'It names another patient than the study does' };
  return found;
}

function byUid(db: WriteDb, uid: string, accession: string): ArchiveStudy | Refusal {
  const study = findArchiveStudy(db, uid);
  if (!study) return { code: 'reports/no-study', reason: 'No study has this study UID' };
  if (accession !== '' && study.accession !== '' && accession !== study.accession) return { code: 'reports/contradictory', reason: 'The study with this study UID has another accession number' };
  return study;
}

function byAccession(db: WriteDb, accession: string): ArchiveStudy | Refusal {
  const found = archiveStudiesOfAccession(db, accession);
  // A text file may be named after the study itself.
  if (found.length === 0) return findArchiveStudy(db, accession) ?? { code: 'reports/no-study', reason: 'No study has this accession number' };
  if (new Set(found.map(({ patient }) => patient)).size > 1) return { code: 'reports/two-patients', reason: `The accession number ${accession} is used by studies of ${new Set(found.map(({ patient }) => patient)).size} patients` };
  if (found.length > 1) return { code: 'reports/ambiguous', reason: `${found.length} studies have this accession number; give the study UID` };
  return found[0]!;
}
