/** How a reader likes the window, and what the app does by itself. Kept with the data, so that every shell shows the same. */
import * as z from 'zod';
import { textSizes, themes } from '../choices.ts';
import { method } from './schema.ts';
import { nothing, role } from './words.ts';

/** How a study hangs when it is opened: roles by their weight, the first in the large pane. */
export const hangingProtocol = z.object({
  roles: z.array(role.exclude(['other'])).min(1).max(4).refine((roles) => new Set(roles).size === roles.length, 'Each sequence hangs once'),
  /** Panes that are filled when a study has more than one of these sequences; a study with one of them is shown in its three planes. */
  panes: z.int().min(1).max(4),
  /** Whether the latest earlier study of the patient is hung beside the one that is opened. */
  priorBeside: z.boolean(),
});

export const preferences = z.object({
  theme: z.enum(themes),
  textSize: z.enum(textSizes),
  /** A reader's own keys by action; an action that is not here has the keys it came with. */
  shortcuts: z.record(z.string().max(80), z.array(z.string().max(40)).max(6)),
  /** New studies are processed as they come, so that the draft waits for the reader. */
  backgroundProcessing: z.boolean(),
  hanging: hangingProtocol,
});

export const preferencesMethods = {
  'preferences.get': method({ params: nothing, result: preferences }),
  /** Changes what is given and keeps the rest. */
  'preferences.set': method({ params: preferences.partial(), result: nothing }),
} as const;

export type HangingProtocol = z.output<typeof hangingProtocol>;
export type Preferences = z.output<typeof preferences>;
