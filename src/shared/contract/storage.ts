/** Where the data is, and how much of the disk it takes. */
import * as z from 'zod';
import { method } from './schema.ts';
import { nothing } from './words.ts';

export const storageSizes = z.object({
  /** Path of the data folder, to be shown; nothing takes it as a parameter. */
  folder: z.string(),
  /** Bytes. */
  images: z.number(),
  database: z.number(),
  index: z.number(),
  models: z.number(),
  free: z.number(),
});

export const storageMethods = { 'storage.sizes': method({ params: nothing, result: storageSizes }) } as const;

export type StorageSizes = z.output<typeof storageSizes>;
