/** The training environment's PyTorch as the other side of a benchmark: a process that encodes once for each line it is sent. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { EngineError } from '../../shared/errors.ts';

const introduction = z.object({ operations: z.number().positive(), torch: z.string(), threads: z.int() });
const answer = z.object({ ms: z.number().positive() });

export interface PyTorch {
  /** Floating point operations of the published network, two for each multiply-add. */
  readonly operations: number;
  readonly version: string;
  readonly threads: number;
  /** Encodes the volume once. @returns milliseconds, measured inside PyTorch's process */
  encode(): Promise<number>;
  close(): void;
}

/** The folder of training/, from the sources and from the built command line. */
function trainingFolder(): string | undefined {
  return [join(import.meta.dirname, '../../../training'), join(import.meta.dirname, '../../training')].find((folder) => existsSync(join(folder, 'parity', 'encode_speed.py')));
}

/**
 * Makes the published model at full size with random weights and writes its checkpoint, a volume and PyTorch's answers into
 * `folder` (training/parity/encode_speed.py).
 * @throws EngineError `cli/usage` where there is no training environment, `bug/unexpected` with PyTorch's words if it fails
 */
export async function startPyTorch(folder: string, threads: number, signal: AbortSignal): Promise<PyTorch> {
  const training = trainingFolder();
  const python = process.env['BRAT_PYTHON'] ?? (training === undefined ? '' : join(training, '.venv', 'bin', 'python'));
  if (training === undefined || !existsSync(python)) {
    throw new EngineError('cli/usage', 'There is no PyTorch to measure against', { subject: '--against', advice: 'Run from a checkout with training/.venv (training/README.md), or set BRAT_PYTHON' });
  }
  const child = spawn(python, ['-W', 'ignore', '-m', 'parity.encode_speed', folder, '--threads', String(threads)], { cwd: training, env: { ...process.env, OMP_NUM_THREADS: String(threads) }, signal });
  // What it was doing when it was stopped on request is of no interest.
  child.on('error', () => undefined);
  const next = lines(child);
  const { operations, torch, threads: used } = introduction.parse(await next());
  return {
    operations,
    version: torch,
    threads: used,
    async encode() {
      child.stdin.write('\n');
      return answer.parse(await next()).ms;
    },
    close() {
      child.stdin.end();
    },
  };
}

/** The lines a process prints, as JSON, one for each call. */
function lines(child: ChildProcessWithoutNullStreams): () => Promise<unknown> {
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => { complaint = (complaint + chunk.toString()).slice(-600); });
  const iterator = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return async () => {
    const { value, done } = await iterator.next();
    if (done) throw new EngineError('bug/unexpected', `PyTorch ended early: ${complaint.trim()}`, { subject: 'pytorch', advice: 'Make training/.venv again (training/README.md)' });
    return JSON.parse(value) as unknown;
  };
}
