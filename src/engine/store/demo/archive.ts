/**
 * The format of the demonstration archive that ships with the app (docs/demo-archive.md): prior cases with their reports,
 * and what a pack made of their images and sentences. Training writes these files, the first start installs them.
 */
import { z } from 'zod';

const fileName = z.string().regex(/^(?!.*\.\.)[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*$/, 'a relative file name inside the folder');

export const demoCaseSchema = z.strictObject({
  /** Unique in the archive; shown to readers and used as the key of the case. */
  id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/),
  age: z.int().min(0).max(130).nullable(),
  sex: z.enum(['F', 'M', 'O', '']),
  /** ISO date, or empty. */
  studyDate: z.union([z.iso.date(), z.literal('')]),
  /** The report, sentence by sentence, in reading order. */
  sentences: z.array(z.string().min(1).max(2000)).min(1).max(64),
  /** PNG of at most 1 MB, if there is one. */
  thumbnail: fileName.optional(),
  /** What the phantom holds, for tests of training; the app does not read it. */
  findings: z.record(z.string(), z.unknown()).optional(),
});

export const demoArchiveSchema = z.strictObject({
  format: z.literal('brat-demo-archive/1'),
  /** The pack that made `views` and `sentenceVectors`. */
  pack: z.strictObject({ id: z.string().min(1), version: z.string().min(1) }),
  /** NPY float32 [cases, views, width], rows of length 1: the projected views, in the order of `cases`. */
  views: fileName,
  /** NPY float32 [all sentences, width], rows of length 1: case after case, sentence after sentence. */
  sentenceVectors: fileName.optional(),
  cases: z.array(demoCaseSchema).max(10_000),
});

export type DemoArchive = z.output<typeof demoArchiveSchema>;
export type DemoCase = z.output<typeof demoCaseSchema>;
