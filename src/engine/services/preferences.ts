/** How a reader likes the window, and what the app does by itself. */
import type { Handlers, Preferences } from '../../shared/contract.ts';
import { preferences as schema } from '../../shared/contract.ts';
import { usualHanging } from '../../shared/hanging.ts';
import type { Clock } from '../ports.ts';
import { recordAudit } from '../store/audit.ts';
import type { WriteDb } from '../store/database.ts';
import { readSetting, writeSetting } from '../store/settings.ts';
import type { Changes } from './changes.ts';

const usual: Preferences = { theme: 'dark', textSize: 'normal', shortcuts: {}, backgroundProcessing: true, hanging: usualHanging };

/** What is stored, with the usual value for what is missing or no longer known. */
export function readPreferences(db: WriteDb): Preferences {
  const stored: unknown = JSON.parse(readSetting(db, 'preferences') ?? '{}');
  const known = Object.entries(schema.shape).flatMap(([key, part]) => {
    const value = part.safeParse((stored as Record<string, unknown>)[key]);
    return value.success ? [[key, value.data] as const] : [];
  });
  return { ...usual, ...Object.fromEntries(known) };
}

export function preferencesHandlers({ db, changes, clock }: { readonly db: WriteDb; readonly changes: Changes; readonly clock: Clock }): Pick<Handlers, 'preferences.get' | 'preferences.set'> {
  return {
    'preferences.get': () => readPreferences(db),
    'preferences.set': (changed) => {
      const before = readPreferences(db);
      const given = Object.fromEntries(Object.entries(changed).filter(([, value]) => value !== undefined)) as Partial<Preferences>;
      const after: Preferences = { ...before, ...given };
      writeSetting(db, 'preferences', JSON.stringify(after));
      if (after.backgroundProcessing !== before.backgroundProcessing) recordAudit(db, clock, 'setting.changed', { backgroundProcessing: after.backgroundProcessing });
      changes.emit(null);
      return {};
    },
  };
}
