/** Settings as text by key. */
import type { ReadDb, WriteDb } from './database.ts';

export type SettingKey = 'provider' | 'pack' | 'demo.archive' | 'demo.studies' | 'viewer.layouts' | 'report.policy' | 'report.templates' | 'report.macros' | 'preferences' | 'worklist.states' | 'import.watched' | 'anonymise.key';

export function readSetting(db: ReadDb, key: SettingKey): string | null {
  return db.get<{ value: string }>('SELECT value FROM setting WHERE key = ?', key)?.value ?? null;
}

export function writeSetting(db: WriteDb, key: SettingKey, value: string): void {
  db.run('INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value', key, value);
}
