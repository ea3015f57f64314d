/** Programs of others that tests hold ours against: DCMTK, dicom3tools, poppler, the Python of training/. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'vitest';

const onPath = (tool: string): boolean => spawnSync('sh', ['-c', `command -v ${tool}`], { stdio: 'ignore' }).status === 0;

/** A suite that needs other programs; where one is missing it is skipped under a name that says so. */
export function describeWithTools(name: string, tools: readonly string[], suite: () => void): void {
  const missing = tools.filter((tool) => !onPath(tool));
  if (missing.length === 0) describe(name, suite);
  else describe.skip(`${name} (skipped: ${missing.join(', ')} missing)`, suite);
}

/** @returns what it wrote to both outputs, and how it ended */
export function runTool(tool: string, args: readonly string[]): { readonly out: string; readonly code: number | null } {
  const { stdout, stderr, status } = spawnSync(tool, args, { encoding: 'utf8', maxBuffer: 256 * 2 ** 20 });
  return { out: `${stdout}${stderr}`, code: status };
}

/** What dciodvfy (dicom3tools) holds against an object: its errors; warnings are matters of taste. */
export const iodErrors = (file: string): string[] => runTool('dciodvfy', ['-new', file]).out.split('\n').filter((line) => line.startsWith('Error'));

/** The IOD dciodvfy takes an object for. */
export const iodOf = (file: string): string => runTool('dciodvfy', ['-new', file]).out.split('\n').find((line) => /^[A-Za-z0-9]+$/.test(line)) ?? '';

const training = join(import.meta.dirname, '../../training');
export const trainingPython = process.env['BRAT_PYTHON'] ?? join(training, '.venv/bin/python');
export const hasTrainingPython = existsSync(trainingPython);
