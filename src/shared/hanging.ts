/** How a study hangs unless the reader says otherwise. Apart from its schema, so that the window can be painted without that. */
import type { HangingProtocol } from './contract/preferences.ts';

export const usualHanging: HangingProtocol = { roles: ['t1c', 't1', 't2', 'flair'], panes: 4, priorBeside: false };
