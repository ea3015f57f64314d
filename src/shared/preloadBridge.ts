/** What main process, preload and page script have in common: channel names and the shape of what preload exposes. */
import type { ImportEvent } from './contract.ts';
import type { ErrorData } from './errors.ts';

/** Page to main: the page listens for its port now. */
export const readyChannel = 'brat:ready';
/** Main to page: a message port to the engine comes with it. */
export const portChannel = 'brat:port';
/** Page to main, invoked: open a dialog and import what is chosen. */
export const importChannel = 'brat:import';
/** Main to page: what an import tells while it runs, with the number the page gave. */
export const importEventChannel = 'brat:import-event';

/** What the preload posts to its own window together with the port. */
export const portMessage = 'brat:port';

/** All that the page's world gets from the preload. */
export interface PreloadBridge {
  ready(): void;
  /** @returns null, or why the import failed */
  importWithDialog(kind: 'files' | 'folder', onEvent: (event: ImportEvent) => void): Promise<ErrorData | null>;
}
