/** Layouts of the viewer that a reader saved: which sequence in which plane goes where. */
import * as z from 'zod';
import { method } from './schema.ts';
import { nothing, role } from './words.ts';

export const savedLayout = z.object({
  name: z.string().min(1).max(60),
  layout: z.enum(['mpr', 'protocol', 'one', 'two', 'four']),
  /** By pane: the sequence it shows, and the plane; null is the plane of acquisition. */
  panes: z.array(z.object({ role, plane: z.enum(['axial', 'coronal', 'sagittal']).nullable() })).max(4),
});

export const layoutsMethods = {
  'layouts.list': method({ params: nothing, result: z.array(savedLayout) }),
  /** Keeps a layout, in place of one of its name. @returns all of them, by name */
  'layouts.put': method({ params: z.object({ layout: savedLayout }), result: z.array(savedLayout) }),
  'layouts.remove': method({ params: z.object({ name: z.string() }), result: z.array(savedLayout) }),
} as const;

export type SavedLayout = z.output<typeof savedLayout>;
