#!/usr/bin/env node
/**
 * Start of `brat`. Natives need Node 22 or newer (better-sqlite3 ends the process on 20), so an older one hands over to
 * the Node that is installed with the project before anything else is loaded.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const oldest = 22;

/** Node from the npm package of that name, in this folder's node_modules or one above; null if it is not there. */
function ownNode(): string | null {
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', 'node', 'bin', name);
    if (existsSync(candidate)) return candidate;
    if (folder === dirname(folder)) return null;
  }
}

function handOver(node: string): void {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  // The terminal tells both of us; only the child knows how to stop.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => { if (signal === 'SIGTERM') child.kill(signal); });
  child.on('exit', (code, signal) => { process.exitCode = signal === null ? (code ?? 1) : 1; });
}

const major = Number(process.versions.node.split('.')[0]);
const node = major >= oldest ? null : ownNode();
if (major >= oldest) {
  const { runProgram } = await import('./program.ts');
  await runProgram(process.argv);
} else if (node === null) {
  process.stderr.write(`cli/usage: brat needs Node ${oldest} or newer, this is ${process.versions.node}\n  advice: Run npm ci in the project folder, or install a newer Node\n`);
  process.exitCode = 2;
} else {
  handOver(node);
}
