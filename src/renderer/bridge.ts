/**
 * The one way out of the window: the bridge that the shell's own script put on `window.brat` before the page ran
 * (src/preload/page.ts, src/browser/page.ts).
 */
import { z } from 'zod';
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

const errorFields = z.object({ code: z.enum(errorCodes), message: z.string(), about: z.object({ subject: z.string(), advice: z.string() }) });

/**
 * What went wrong as data to show, or null when the reader only changed their mind. The bridge is a script of its own,
 * so its errors are of another EngineError class than this bundle's: their fields decide, not their class.
 */
export function failureOf(error: unknown, subject: string): ErrorData | null {
  const told = errorFields.safeParse(error);
  const data = told.success ? { code: told.data.code, message: told.data.message, ...told.data.about } : toErrorData(error, subject);
  return data.code === 'cancelled' ? null : data;
}
