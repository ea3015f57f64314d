/**
 * `node scripts/kernels.ts`: compiles kernels/search.ts (AssemblyScript) into src/engine/search/kernels.wasm.ts, which is
 * kept in the repository so that neither the app nor its tests need the compiler. src/engine/search/kernels.test.ts holds
 * the two together.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** The compiled module. @throws Error with what the compiler says */
export function compileKernels(): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'brat-kernels-'));
  try {
    const compiler = join(dirname(createRequire(import.meta.url).resolve('assemblyscript/package.json')), 'bin/asc.js');
    const out = join(folder, 'search.wasm');
    const options = ['--runtime', 'stub', '--importMemory', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536', '--enable', 'simd', '--enable', 'threads', '--enable', 'relaxed-simd', '-O3', '--noAssert'];
    const { status, stderr } = spawnSync(process.execPath, [compiler, 'kernels/search.ts', ...options, '--outFile', out], { cwd: root, encoding: 'utf8' });
    if (status !== 0) throw new Error(`the kernels do not compile: ${stderr}`);
    return readFileSync(out);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The text of the generated module. */
export function kernelsModule(wasm: Uint8Array): string {
  const lines = Buffer.from(wasm).toString('base64').match(/.{1,120}/g) ?? [];
  return `/** Made by scripts/kernels.ts from kernels/search.ts; not to be edited. */\nexport const kernelsWasm = [\n${lines.map((line) => `  '${line}',\n`).join('')}].join('');\n`;
}

if (import.meta.main) writeFileSync(join(root, 'src/engine/search/kernels.wasm.ts'), kernelsModule(compileKernels()));
