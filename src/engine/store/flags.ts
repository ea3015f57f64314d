/** Flags that a reader set aside, and the middle planes by which sides are told. */
import { z } from 'zod';
import type { PlaneNumbers } from '../findings/middlePlane.ts';
import type { Dismissal } from '../flags/flagReport.ts';
import type { ReadDb, WriteDb } from './database.ts';

/** By flag id. */
export function dismissalsOf(db: ReadDb, study: string): Map<string, Dismissal> {
  const rows = db.all<{ flag: string; by: string; at: string; why: string }>('SELECT flag, dismissed_by AS "by", dismissed_at AS at, why FROM flag_dismissal WHERE study_uid = ?', study);
  return new Map(rows.map(({ flag, by, at, why }) => [flag, { by, at, why }]));
}

export function putDismissal(db: WriteDb, study: string, flag: string, { by, at, why }: Dismissal): void {
  db.run('INSERT OR REPLACE INTO flag_dismissal (study_uid, flag, dismissed_by, dismissed_at, why) VALUES (?, ?, ?, ?, ?)', study, flag, by, at, why);
}

/** @returns whether it had been dismissed */
export function removeDismissal(db: WriteDb, study: string, flag: string): boolean {
  const known = dismissalsOf(db, study).has(flag);
  if (known) db.run('DELETE FROM flag_dismissal WHERE study_uid = ? AND flag = ?', study, flag);
  return known;
}

const planeSchema = z.object({ normal: z.tuple([z.number(), z.number(), z.number()]), offsetMm: z.number() });

export function findMiddlePlane(db: ReadDb, series: string, stack: number): PlaneNumbers | null {
  const row = db.get<{ plane: string }>('SELECT plane FROM middle_plane WHERE series_uid = ? AND stack = ?', series, stack);
  return row ? planeSchema.parse(JSON.parse(row.plane)) : null;
}

export function putMiddlePlane(db: WriteDb, series: string, stack: number, { normal, offsetMm }: PlaneNumbers): void {
  db.run('INSERT OR REPLACE INTO middle_plane (series_uid, stack, plane) VALUES (?, ?, ?)', series, stack, JSON.stringify({ normal, offsetMm }));
}
