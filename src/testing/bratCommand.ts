/** Runs the real `brat` command in a process of its own, without the demonstration archive, if wanted under another command such as `unshare -n`. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';

export const bratMain = join(import.meta.dirname, '../cli/main.ts');

export interface BratEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

export interface BratOptions {
  readonly dataDir: string;
  /** Command and arguments to run it under. */
  readonly under?: readonly string[];
  /** Kill it (SIGKILL) so many milliseconds after its start. */
  readonly killAfterMs?: number;
  /** What it reads on standard input; nothing without it. */
  readonly input?: string;
  /** The Node that runs it, if another than this one's. */
  readonly node?: string;
  /** Called once it runs, with what sends it a signal. */
  readonly onStart?: (kill: (signal: NodeJS.Signals) => void) => void;
}

/** @returns how it ended, with all it said */
export function runBrat(args: readonly string[], { dataDir, under = [], killAfterMs, node = process.execPath, input, onStart }: BratOptions): Promise<BratEnd> {
  const [command, ...rest] = [...under, node, bratMain, ...args];
  const child = spawn(command!, rest, { env: { ...process.env, BRAT_DATA_DIR: dataDir, BRAT_DEMO: 'none' }, stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] });
  child.stdin?.end(input);
  const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  onStart?.((signal) => child.kill(signal));
  let [out, err] = ['', ''];
  child.stdout!.on('data', (chunk: Buffer) => { out += chunk.toString(); });
  child.stderr!.on('data', (chunk: Buffer) => { err += chunk.toString(); });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    // Not 'exit': what the process said may still be on its way then.
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, out, err });
    });
  });
}
