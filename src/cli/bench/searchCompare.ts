/** The other sides of `brat bench search --compare`, in the training environment's Python (training/parity/search_compare.py), on the same cases and queries. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { writeNpy } from '../../engine/arrays/npy.ts';
import { NpyRows } from '../../engine/archive/embeddingFiles.ts';
import { EngineError } from '../../shared/errors.ts';
import { syntheticArchive } from './syntheticArchive.ts';

/** One side; times of a query in milliseconds, on the clock and of the processor. */
const side = z.object({ name: z.string(), buildS: z.number(), heldBytes: z.number(), p50Ms: z.number(), p95Ms: z.number(), processorP50Ms: z.number(), recallAt10: z.number(), sameTen: z.number() });
const missingSide = z.object({ name: z.string(), missing: z.string() });
export type ComparedSide = z.output<typeof side> | z.output<typeof missingSide>;

/**
 * @param folder takes the vectors, 32 KB a case
 * @returns brute force in numpy, and what else is installed: sqlite-vec, usearch
 * @throws EngineError `cli/usage` without the training environment, `bug/unexpected` with Python's words if it fails
 */
export async function compareSearch(folder: string, cases: number, queries: number, truth: number, signal: AbortSignal): Promise<ComparedSide[]> {
  const training = [join(import.meta.dirname, '../../../training'), join(import.meta.dirname, '../../training')].find((path) => existsSync(join(path, 'parity', 'search_compare.py')));
  const python = process.env['BRAT_PYTHON'] ?? (training === undefined ? '' : join(training, '.venv', 'bin', 'python'));
  if (training === undefined || !existsSync(python)) {
    throw new EngineError('cli/usage', 'There is no Python to compare with', { subject: '--compare', advice: 'Run from a checkout with training/.venv (training/README.md), or set BRAT_PYTHON to one with numpy, usearch and sqlite-vec' });
  }
  const archive = syntheticArchive();
  const { views, width } = archive;
  const rows = await NpyRows.create(join(folder, 'views.npy'), width);
  for (let n = 0; n < cases; n++) await rows.append(archive.case(n));
  await rows.finish(views);
  const asked = new Float32Array(queries * views * width);
  for (let n = 0; n < queries; n++) asked.set(archive.query(n, cases), n * views * width);
  await writeFile(join(folder, 'queries.npy'), writeNpy(asked, [queries, views, width]));
  const threads = String(availableParallelism());
  const child = spawn(python, ['-m', 'parity.search_compare', folder, '--truth', String(truth)], { cwd: training, env: { ...process.env, OMP_NUM_THREADS: threads, OPENBLAS_NUM_THREADS: threads }, signal });
  let [out, complaint] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => { out += chunk.toString(); });
  child.stderr.on('data', (chunk: Buffer) => { complaint = (complaint + chunk.toString()).slice(-600); });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) throw new EngineError('bug/unexpected', `The comparison ended early: ${complaint.trim()}`, { subject: '--compare', advice: 'Make training/.venv again (training/README.md)' });
  return z.array(z.union([side, missingSide])).parse(JSON.parse(out));
}
