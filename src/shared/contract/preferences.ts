/** How a reader likes the window, and what the app does by itself. Kept with the data, so that every shell shows the same. */
import * as z from 'zod';
import { textSizes, themes } from '../choices.ts';
import { method } from './schema.ts';
import { nothing } from './words.ts';

export const preferences = z.object({
  theme: z.enum(themes),
  textSize: z.enum(textSizes),
  /** A reader's own keys by action; an action that is not here has the keys it came with. */
  shortcuts: z.record(z.string().max(80), z.array(z.string().max(40)).max(6)),
  /** New studies are processed as they come, so that the draft waits for the reader. */
  backgroundProcessing: z.boolean(),
});

export const preferencesMethods = {
  'preferences.get': method({ params: nothing, result: preferences }),
  /** Changes what is given and keeps the rest. */
  'preferences.set': method({ params: preferences.partial(), result: nothing }),
} as const;

export type Preferences = z.output<typeof preferences>;
