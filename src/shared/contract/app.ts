/** State of the app as a whole: version, pack and provider in use, settings, changes. */
import * as z from 'zod';
import { providerState } from './models.ts';
import { method, stream } from './schema.ts';
import { nothing, packSummary, uid } from './words.ts';

export const appStatus = z.object({
  version: z.string(),
  pack: packSummary.nullable(),
  packs: z.array(packSummary),
  providers: z.array(providerState),
  /** Provider in use, and whether it is the fallback after a failed self-test. */
  provider: z.object({ name: z.string(), fallback: z.boolean(), message: z.string() }),
  caseCount: z.int(),
  studyCount: z.int(),
});

export const appMethods = {
  'app.status': method({ params: nothing, result: appStatus }),
  'settings.get': method({ params: nothing, result: z.object({ provider: z.string(), pack: z.string() }) }),
  'settings.set': method({ params: z.object({ provider: z.string().optional(), pack: z.string().optional() }), result: nothing }),

  /** Emits whenever stored studies change, so that lists refresh themselves; null, which comes first, means any of them may have. */
  'events.changed': stream({ params: nothing, item: z.object({ study: uid.nullable() }) }),
} as const;

export type AppStatus = z.output<typeof appStatus>;
