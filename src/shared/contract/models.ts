/** Model packs: what is installed, importing one, providers. */
import * as z from 'zod';
import { method, stream } from './schema.ts';
import { errorData, nothing, packSummary, role } from './words.ts';

/** An execution provider and whether the pack's golden case came out right on it. */
export const providerState = z.object({
  provider: z.enum(['cuda', 'webgpu', 'dml', 'coreml', 'cpu']),
  state: z.enum(['used', 'passed', 'failed', 'unavailable', 'untested']),
  /** Largest absolute difference of the projected views from the golden ones, if the test ran. */
  goldenDifference: z.number().nullable(),
  message: z.string(),
});

/** Terms under which a model is brought in, in plain words; the licence itself is what counts. */
export const modelLicence = z.object({
  id: z.enum(['cc-by-nc-sa-4.0', 'llama-3.2', 'own']),
  name: z.string(),
  nonCommercial: z.boolean(),
  summary: z.array(z.string()),
  url: z.string(),
});

/** A pack as the Models page shows it. */
export const installedPack = packSummary.extend({
  /** `id@version`, or the folder's name where the manifest cannot be read. */
  key: z.string(),
  /** Packs that came with the app cannot be removed. */
  shipped: z.boolean(),
  inUse: z.boolean(),
  architecture: z.string(),
  channels: z.array(role),
  trainingData: z.string(),
  hasTextEncoder: z.boolean(),
  accepted: z.array(z.object({ licence: z.string(), by: z.string(), at: z.string() })),
  bytes: z.number(),
  files: z.array(z.object({ name: z.string(), bytes: z.number(), sha256: z.string() })),
});

export const modelImportStep = z.enum(['check', 'build', 'languageModel', 'bridge', 'golden', 'trial', 'seal']);

export const modelImportEvent = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('step'), step: modelImportStep, message: z.string() }),
  z.object({ kind: z.literal('progress'), step: modelImportStep, done: z.number(), total: z.number() }),
  z.object({ kind: z.literal('done'), pack: z.string(), label: z.string(), notes: z.array(z.string()) }),
]);

export const modelsMethods = {
  'models.list': method({ params: nothing, result: z.array(installedPack) }),
  'models.licences': method({ params: nothing, result: z.array(modelLicence) }),
  /** Makes a pack of files handed over with import.begin and import.file; the upload is discarded afterwards. */
  'models.import': stream({
    params: z.object({
      upload: z.string(),
      /** Names of the files as they were handed over. */
      weights: z.string(),
      llm: z.string().optional(),
      bridge: z.string().optional(),
      heads: z.string().optional(),
      name: z.string().max(64).optional(),
      origin: z.enum(['official', 'own']),
      precision: z.enum(['float32', 'float16']).default('float32'),
      /** Licences accepted, by id, and the name typed by whoever accepted them. */
      accepted: z.array(z.string()),
      acceptedBy: z.string().max(200),
    }),
    item: modelImportEvent,
  }),
  'models.remove': method({ params: z.object({ pack: z.string() }), result: nothing }),
  /** Hashes every file anew and runs the golden case on each provider. */
  'models.check': method({ params: z.object({ pack: z.string() }), result: z.object({ problem: errorData.nullable(), providers: z.array(providerState), message: z.string() }) }),
} as const;

export type ModelLicence = z.output<typeof modelLicence>;
export type InstalledPack = z.output<typeof installedPack>;
export type ModelImportStep = z.output<typeof modelImportStep>;
export type ModelImportEvent = z.output<typeof modelImportEvent>;
export type ProviderState = z.output<typeof providerState>;
