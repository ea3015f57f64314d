/**
 * What a command says and where: results on standard output (text, or one JSON document), faults and progress on
 * standard error, progress only where a person watches.
 */
import type { ErrorData } from '../shared/errors.ts';

export interface Output {
  readonly json: boolean;
  /** A line of the result; dropped under --json. */
  line(text: string): void;
  /** The result as data; printed under --json alone. Called once, at the end. */
  result(value: unknown): void;
  /** What a person waiting sees: one line that replaces the former. Dropped where nobody watches. */
  progress(text: string): void;
  /** Something the user should know that does not end the command. */
  warn(text: string): void;
  error(error: ErrorData): void;
}

export function createOutput(json: boolean, streams: { readonly out: NodeJS.WriteStream; readonly err: NodeJS.WriteStream } = { out: process.stdout, err: process.stderr }): Output {
  const { out, err } = streams;
  const watched = !json && err.isTTY;
  let shown = false;
  const clear = (): void => {
    if (shown) err.write('\r\u001b[K');
    shown = false;
  };
  return {
    json,
    line: (text) => {
      if (json) return;
      clear();
      out.write(`${text}\n`);
    },
    result: (value) => {
      clear();
      if (json) out.write(`${JSON.stringify(value, null, 2)}\n`);
    },
    progress: (text) => {
      if (!watched) return;
      clear();
      err.write(text.replace(/\s+/g, ' ').slice(0, Math.max(20, (err.columns || 80) - 1)));
      shown = true;
    },
    warn: (text) => {
      clear();
      err.write(`${text}\n`);
    },
    error: (error) => {
      clear();
      err.write(`${error.code}: ${error.message}\n  subject: ${error.subject}\n  advice: ${error.advice}\n`);
      if (json) out.write(`${JSON.stringify({ error }, null, 2)}\n`);
    },
  };
}
