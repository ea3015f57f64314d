/** How a site writes reports: its policy, templates and macros, as settings in JSON. */
import { z } from 'zod';
import { reportMacro, reportPolicy, reportTemplate, type ReportMacro, type ReportPolicy, type ReportTemplate } from '../../shared/contract.ts';
import { defaultMacros, defaultTemplates } from '../report/snippets.ts';
import type { ReadDb, WriteDb } from './database.ts';
import { readSetting, writeSetting, type SettingKey } from './settings.ts';

const defaultPolicy: ReportPolicy = { readFirst: true, lockAfterMinutes: 15 };

function read<T>(db: ReadDb, key: SettingKey, schema: z.ZodType<T>, otherwise: T): T {
  const stored = readSetting(db, key);
  return stored === null ? otherwise : schema.parse(JSON.parse(stored));
}

export const readPolicy = (db: ReadDb): ReportPolicy => read(db, 'report.policy', reportPolicy, defaultPolicy);

export function writePolicy(db: WriteDb, changed: { readonly [K in keyof ReportPolicy]?: ReportPolicy[K] | undefined }): ReportPolicy {
  const before = readPolicy(db);
  const policy = { readFirst: changed.readFirst ?? before.readFirst, lockAfterMinutes: changed.lockAfterMinutes ?? before.lockAfterMinutes };
  writeSetting(db, 'report.policy', JSON.stringify(policy));
  return policy;
}

export interface Snippets {
  readonly templates: readonly ReportTemplate[];
  readonly macros: readonly ReportMacro[];
}

export const readSnippets = (db: ReadDb): Snippets => ({
  templates: read<readonly ReportTemplate[]>(db, 'report.templates', z.array(reportTemplate), defaultTemplates),
  macros: read<readonly ReportMacro[]>(db, 'report.macros', z.array(reportMacro), defaultMacros),
});

export function writeSnippets(db: WriteDb, { templates, macros }: Snippets): void {
  db.transaction(() => {
    writeSetting(db, 'report.templates', JSON.stringify(templates));
    writeSetting(db, 'report.macros', JSON.stringify(macros));
  });
}
