/** A folder from which new studies are imported by themselves. */
import * as z from 'zod';
import { method, stream } from './schema.ts';
import { errorData, nothing } from './words.ts';

export const watchedFolder = z.object({
  /** Null when none is watched. */
  folder: z.string().nullable(),
  state: z.enum(['off', 'watching', 'importing', 'held']),
  /** Why it is held: the folder cannot be reached, or the disk is full. It is tried again by itself. */
  failure: errorData.nullable(),
  /** Files that are still being written, or wait for others beside them. */
  waiting: z.int().min(0),
  /** Since the start: what came, and files that could not be read. */
  added: z.int().min(0),
  failed: z.int().min(0),
});

export const watchingMethods = {
  'watched.watch': stream({ params: nothing, item: watchedFolder }),
  /**
   * Null watches nothing. The page may name a folder here as nowhere else: all that can come of it is that images in it become
   * studies. Fails with `import/unwatchable` for what is no folder, cannot be read, or holds or lies in the data folder;
   * `reader/not-allowed` where an administrator decides.
   */
  'watched.set': method({ params: z.object({ folder: z.string().min(1).max(4096).nullable() }), result: nothing }),
} as const;

export type WatchedFolderState = z.output<typeof watchedFolder>;
