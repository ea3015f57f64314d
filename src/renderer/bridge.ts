/**
 * The one way out of the window: the bridge that the shell's own script put on `window.brat` before the page ran
 * (src/preload/page.ts, src/browser/page.ts).
 */
import type { BratBridge } from '../shared/contract.ts';
import { EngineError, toErrorData } from '../shared/errors.ts';
import type { ErrorData } from '../shared/errors.ts';
import { texts } from './texts.ts';

declare global {
  interface Window {
    readonly brat?: BratBridge;
  }
}

/** @throws EngineError `bridge/closed` when the page was opened without a shell */
export function bridge(): BratBridge {
  if (window.brat === undefined) throw new EngineError('bridge/closed', texts.errors.noShell, { subject: texts.app.name, advice: texts.errors.noShellAdvice });
  return window.brat;
}

/** What went wrong as data to show, or null when the reader only changed their mind. */
export function failureOf(error: unknown, subject: string): ErrorData | null {
  const data = toErrorData(error, subject);
  return data.code === 'cancelled' ? null : data;
}
