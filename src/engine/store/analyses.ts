/** Results of reading a study with a pack: its encoding (views and attention maps) and its draft. */
import { draft as draftSchema, type Draft, type PackStamp } from '../../shared/contract.ts';
import type { EncodedViews, Provider } from '../ports.ts';
import type { ReadDb, WriteDb } from './database.ts';
import { fromBlob, toBlob } from './vectors.ts';

/** What an encoding was made of; results of another choice of series are out of date. */
export interface EncodingInput {
  readonly series: string;
  readonly stack: number;
  /** Names every channel's series and stack. */
  readonly input: string;
}

export interface StoredEncoding extends EncodingInput {
  readonly encoded: EncodedViews;
}

interface RawEncoding {
  readonly input: string;
  readonly series_uid: string;
  readonly stack: number;
  readonly provider: Provider;
  readonly view_count: number;
  readonly views: Uint8Array;
  readonly projected: Uint8Array;
  readonly attention: Uint8Array;
}

const keyOf = (pack: PackStamp): string => `${pack.id}@${pack.version}`;

export function findEncoding(db: ReadDb, study: string, pack: PackStamp): StoredEncoding | undefined {
  const raw = db.get<RawEncoding>('SELECT input, series_uid, stack, provider, view_count, views, projected, attention FROM study_encoding WHERE study_uid = ? AND pack = ?', study, keyOf(pack));
  if (!raw) return undefined;
  const [views, projected, attention] = [fromBlob(raw.views), fromBlob(raw.projected), fromBlob(raw.attention)];
  const count = raw.view_count;
  return {
    input: raw.input,
    series: raw.series_uid,
    stack: raw.stack,
    encoded: { views, projected, attention, viewCount: count, hidden: views.length / count, width: projected.length / count, positions: attention.length / count, pack, provider: raw.provider },
  };
}

/** Packs that have encoded a study, and from what. */
export const encodingInputs = (db: ReadDb, study: string): { pack: string; input: string }[] => db.all('SELECT pack, input FROM study_encoding WHERE study_uid = ?', study);

/** Whether another choice of series has made what a pack saw of a study out of date. */
export function setOutdated(db: WriteDb, study: string, pack: string, outdated: boolean): void {
  const value = outdated ? 1 : 0;
  db.run('UPDATE study_encoding SET outdated = ? WHERE study_uid = ? AND pack = ? AND outdated <> ?', value, study, pack, value);
}

/** How far a pack came with a study, by what counts of it. */
export function resultOf(db: ReadDb, study: string, pack: string): 'drafted' | 'withheld' | null {
  const row = db.get<{ drafted: number; outside: number | null }>(
    `SELECT EXISTS (SELECT 1 FROM draft WHERE draft.study_uid = encoding.study_uid AND draft.pack = encoding.pack) AS drafted,
        (SELECT json_extract(content, '$.insideOfTraining.inside') = 0 FROM study_findings AS found WHERE found.study_uid = encoding.study_uid AND found.pack = encoding.pack) AS outside
      FROM study_encoding AS encoding WHERE study_uid = ? AND pack = ? AND outdated = 0`,
    study, pack,
  );
  return row === undefined ? null : row.drafted === 1 ? 'drafted' : row.outside === 1 ? 'withheld' : null;
}

/** Stores an encoding in place of an earlier one of the same pack; a draft made of that goes with it. */
export function putEncoding(db: WriteDb, study: string, { input, series, stack }: EncodingInput, encoded: EncodedViews, now: string): void {
  db.transaction(() => {
    db.run('DELETE FROM study_encoding WHERE study_uid = ? AND pack = ?', study, keyOf(encoded.pack));
    db.run(
      'INSERT INTO study_encoding (study_uid, pack, input, series_uid, stack, provider, view_count, views, projected, attention, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      study, keyOf(encoded.pack), input, series, stack, encoded.provider, encoded.viewCount, toBlob(encoded.views), toBlob(encoded.projected), toBlob(encoded.attention), now,
    );
  });
}

export function findDraft(db: ReadDb, study: string, pack: PackStamp): Draft | undefined {
  const row = db.get<{ content: string }>('SELECT content FROM draft WHERE study_uid = ? AND pack = ?', study, keyOf(pack));
  return row && draftSchema.parse(JSON.parse(row.content));
}

export function putDraft(db: WriteDb, draft: Draft): void {
  db.run(
    'INSERT INTO draft (study_uid, pack, content, created_at) VALUES (?, ?, ?, ?) ON CONFLICT (study_uid, pack) DO UPDATE SET content = excluded.content, created_at = excluded.created_at',
    draft.study, keyOf(draft.pack), JSON.stringify(draft), draft.createdAt,
  );
}
