/**
 * The one contract between the engine and whatever shows it: every method, its parameters and results, checked at
 * run time by the same schemas the types come from. A shell adds nothing to it and the renderer knows nothing else.
 * Each feature has its part in `contract/`; here they are added up.
 */
import * as z from 'zod';
import { appMethods } from './contract/app.ts';
import { auditMethods } from './contract/audit.ts';
import { casesMethods } from './contract/cases.ts';
import { exportingMethods } from './contract/exporting.ts';
import { flagsMethods } from './contract/flags.ts';
import { layoutsMethods } from './contract/layouts.ts';
import { measurementsMethods } from './contract/measurements.ts';
import { modelsMethods } from './contract/models.ts';
import { preferencesMethods } from './contract/preferences.ts';
import { priorsMethods } from './contract/priors.ts';
import { qualityMethods } from './contract/quality.ts';
import { readingMethods } from './contract/reading.ts';
import { reportingMethods } from './contract/reporting.ts';
import { method, stream } from './contract/schema.ts';
import type { HandlersOf, ItemOf, MethodNames, MethodSchema, ParamsOf, ResultOf, StreamNames, StreamSchema } from './contract/schema.ts';
import { structuredMethods } from './contract/structured.ts';
import { storageMethods } from './contract/storage.ts';
import { similarMethods } from './contract/similar.ts';
import { importEvent, studiesMethods } from './contract/studies.ts';
import type { ImportEvent } from './contract/studies.ts';
import { watchingMethods } from './contract/watching.ts';
import { worklistMethods } from './contract/worklist.ts';

export * from './contract/app.ts';
export * from './contract/audit.ts';
export * from './contract/cases.ts';
export * from './contract/exporting.ts';
export * from './contract/flags.ts';
export * from './contract/layouts.ts';
export * from './contract/measurements.ts';
export * from './contract/models.ts';
export * from './contract/preferences.ts';
export * from './contract/priors.ts';
export * from './contract/quality.ts';
export * from './contract/reading.ts';
export * from './contract/report.ts';
export * from './contract/reporting.ts';
export type * from './contract/schema.ts';
export * from './contract/structured.ts';
export * from './contract/storage.ts';
export * from './contract/similar.ts';
export * from './contract/studies.ts';
export * from './contract/watching.ts';
export * from './contract/worklist.ts';
export { errorData, packStamp, packSummary, packTraining, problem, role } from './contract/words.ts';
export type * from './contract/words.ts';

export const contract = {
  ...appMethods,
  ...studiesMethods,
  ...readingMethods,
  ...casesMethods,
  ...similarMethods,
  ...priorsMethods,
  ...modelsMethods,
  ...measurementsMethods,
  ...layoutsMethods,
  ...reportingMethods,
  ...auditMethods,
  ...qualityMethods,
  ...exportingMethods,
  ...flagsMethods,
  ...structuredMethods,
  ...worklistMethods,
  ...preferencesMethods,
  ...storageMethods,
  ...watchingMethods,
} as const satisfies Record<string, MethodSchema | StreamSchema>;

/**
 * Methods only a shell's own trusted process may call (a native dialog returns paths; the page never sees them).
 * They are served on a pipe of their own, never on the renderer's.
 */
export const shellContract = {
  'import.paths': stream({ params: z.object({ paths: z.array(z.string()).min(1) }), item: importEvent }),
  'host.ping': method({ params: z.object({}), result: z.object({ pid: z.int() }) }),
} as const satisfies Record<string, MethodSchema | StreamSchema>;

export type Contract = typeof contract;
export type ShellContract = typeof shellContract;
export type Handlers = HandlersOf<Contract>;
export type ShellHandlers = HandlersOf<ShellContract>;

/** What a shell puts on `window.brat`, and all that the renderer can reach. */
export interface BratBridge {
  readonly shell: 'electron' | 'browser';
  call<M extends MethodNames<Contract>>(method: M, params: ParamsOf<Contract, M>): Promise<ResultOf<Contract, M>>;
  stream<M extends StreamNames<Contract>>(method: M, params: ParamsOf<Contract, M>, signal?: AbortSignal): AsyncIterable<ItemOf<Contract, M>>;
  /** Opens the shell's own dialog and imports what was chosen, telling how far it is; absent where the shell has no dialog. */
  importWithDialog?(kind: 'files' | 'folder', onEvent?: (event: ImportEvent) => void): Promise<void>;
}
