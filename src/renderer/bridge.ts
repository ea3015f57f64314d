/**
 * The one way out of the window: the bridge that the shell's own script put on `window.brat` before the page ran
 * (src/preload/page.ts, src/browser/page.ts).
 */
import type { BratBridge } from '../shared/contract.ts';
import { EngineError, errorCodes, toErrorData } from '../shared/errors.ts';
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

/** The fields of an EngineError of any bundle; null for any other error. Told by hand, since a library for it would be half of this page's first script. */
function errorFields(error: unknown): ErrorData | null {
  if (!(error instanceof Error) || !('code' in error) || !('about' in error)) return null;
  const code = errorCodes.find((known) => known === error.code);
  const { subject, advice } = (error.about ?? {}) as Partial<Record<string, unknown>>;
  return code !== undefined && typeof subject === 'string' && typeof advice === 'string' ? { code, message: error.message, subject, advice } : null;
}

/**
 * What went wrong as data to show, or null when the reader only changed their mind. The bridge is a script of its own,
 * so its errors are of another EngineError class than this bundle's: their fields decide, not their class.
 */
export function failureOf(error: unknown, subject: string): ErrorData | null {
  const data = errorFields(error) ?? toErrorData(error, subject);
  return data.code === 'cancelled' ? null : data;
}
