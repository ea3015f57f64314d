/**
 * The engine's log: one JSON object a line, in `<data folder>/logs/engine.log`, and on standard error for who started
 * the app from a terminal. Codes, ids and durations only; that no name enters is the callers' duty (engine/ports.ts).
 */
import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '../engine/ports.ts';

/** A log of this size is put aside as `engine.log.1`, in the place of the one before. */
const rotateAtBytes = 5_000_000;

/** @param echo gets each line as well */
export function createFileLog(dataDir: string, echo: (line: string) => void): Log {
  const folder = join(dataDir, 'logs');
  const file = join(folder, 'engine.log');
  const write = (level: 'info' | 'warn' | 'error', event: string, fields: Readonly<Record<string, string | number | boolean | null>> = {}): void => {
    const line = `${JSON.stringify({ time: new Date().toISOString(), level, event, ...fields })}\n`;
    echo(line);
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > rotateAtBytes) renameSync(file, `${file}.1`);
      appendFileSync(file, line, { mode: 0o600 });
    } catch {
      // A full or read-only disk must not stop the engine for the sake of its log; the echo still has the line.
    }
  };
  return {
    info: (event, fields) => { write('info', event, fields); },
    warn: (event, fields) => { write('warn', event, fields); },
    error: (event, fields) => { write('error', event, fields); },
  };
}
