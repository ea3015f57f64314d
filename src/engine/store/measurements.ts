/** Measurements and key images of a study, oldest first; gone with it. */
import { keyImage, measurement, type KeyImage, type Measurement } from '../../shared/contract.ts';
import type { ReadDb, WriteDb } from './database.ts';

export function listMeasurements(db: ReadDb, study: string): Measurement[] {
  return db.all<{ content: string }>('SELECT content FROM measurement WHERE study_uid = ? ORDER BY created_at, id', study).map(({ content }) => measurement.parse(JSON.parse(content)));
}

/** Stores it in place of an earlier one of the same id. */
export function putMeasurement(db: WriteDb, item: Measurement): void {
  db.run(
    'INSERT INTO measurement (study_uid, id, created_at, content) VALUES (?, ?, ?, ?) ON CONFLICT (study_uid, id) DO UPDATE SET content = excluded.content',
    item.study, item.id, item.createdAt, JSON.stringify(item),
  );
}

export function removeMeasurement(db: WriteDb, study: string, id: string): void {
  db.run('DELETE FROM measurement WHERE study_uid = ? AND id = ?', study, id);
}

export function listKeyImages(db: ReadDb, study: string): KeyImage[] {
  return db.all<{ content: string }>('SELECT content FROM key_image WHERE study_uid = ? ORDER BY created_at, id', study).map(({ content }) => keyImage.parse(JSON.parse(content)));
}

/** The picture itself, or undefined when there is no such key image. */
export function keyImagePng(db: ReadDb, study: string, id: string): Uint8Array | undefined {
  const row = db.get<{ png: Uint8Array }>('SELECT png FROM key_image WHERE study_uid = ? AND id = ?', study, id);
  return row && new Uint8Array(row.png);
}

export function putKeyImage(db: WriteDb, item: KeyImage, png: Uint8Array): void {
  db.run(
    'INSERT INTO key_image (study_uid, id, created_at, content, png) VALUES (?, ?, ?, ?, ?) ON CONFLICT (study_uid, id) DO UPDATE SET content = excluded.content, png = excluded.png',
    item.study, item.id, item.createdAt, JSON.stringify(item), png,
  );
}

export function removeKeyImage(db: WriteDb, study: string, id: string): void {
  db.run('DELETE FROM key_image WHERE study_uid = ? AND id = ?', study, id);
}
