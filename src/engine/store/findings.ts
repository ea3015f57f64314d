/** What a pack's heads said of a study, kept beside its encoding and gone with it. */
import { z } from 'zod';
import { studyFindings, type PackStamp, type StudyFindings } from '../../shared/contract.ts';
import type { LesionCells } from '../findings/lesionHead.ts';
import type { ReadDb, WriteDb } from './database.ts';

export interface StoredFindings {
  readonly findings: StudyFindings;
  readonly lesionCells: LesionCells | null;
}

interface Row {
  readonly content: string;
  readonly lesion_grid: string | null;
  readonly lesion_cells: Uint8Array | null;
  readonly lesion_threshold: number | null;
}

const keyOf = (pack: PackStamp): string => `${pack.id}@${pack.version}`;
const gridSchema = z.tuple([z.int().positive(), z.int().positive(), z.int().positive()]);

export function findFindings(db: ReadDb, study: string, pack: PackStamp): StoredFindings | undefined {
  const row = db.get<Row>('SELECT content, lesion_grid, lesion_cells, lesion_threshold FROM study_findings WHERE study_uid = ? AND pack = ?', study, keyOf(pack));
  if (!row) return undefined;
  const { lesion_grid: grid, lesion_cells: cells, lesion_threshold: threshold } = row;
  return {
    findings: studyFindings.parse(JSON.parse(row.content)),
    lesionCells: grid === null || cells === null || threshold === null ? null : { grid: gridSchema.parse(JSON.parse(grid)), values: new Uint8Array(cells), threshold },
  };
}

/** Stores them in place of earlier ones. The encoding of the same study and pack must be there. */
export function putFindings(db: WriteDb, { findings, lesionCells }: StoredFindings): void {
  db.run(
    'INSERT OR REPLACE INTO study_findings (study_uid, pack, content, lesion_grid, lesion_cells, lesion_threshold) VALUES (?, ?, ?, ?, ?, ?)',
    findings.study, keyOf(findings.pack), JSON.stringify(findings), lesionCells && JSON.stringify(lesionCells.grid), lesionCells && lesionCells.values, lesionCells && lesionCells.threshold,
  );
}
