/**
 * `npm run build`: everything into dist/.
 *   dist/renderer   the page, bundled by vite
 *   dist/page       the script each shell adds to the page, one file each
 *   dist/preload    Electron's preload, one CommonJS file, as a sandboxed page needs it
 *   dist/<layer>    all other code file by file, with the tree kept, so that `new URL('./worker.ts', import.meta.url)`
 *                   means the same file in both trees and natives are found in node_modules as ever
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build as bundle, transform } from 'esbuild';
import type { BuildOptions } from 'esbuild';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

/** Folders of src that run in Node or Electron's main process. */
const nodeLayers = ['shared', 'transport', 'engine', 'native', 'host', 'cli', 'shell', 'main', 'browser'];

/** Relative names of our files, in imports and in `new URL(…)`, end in `.ts`; those of the built files in `.js`. */
const builtNames = (code: string): string => code.replaceAll(/(["'`])(\.{1,2}\/[^"'`\n]*?)\.ts\1/g, '$1$2.js$1');

/** Transpiles one layer's files, leaving out tests. */
async function buildLayer(layer: string): Promise<void> {
  rmSync(join(dist, layer), { recursive: true, force: true });
  const from = join(root, 'src', layer);
  if (!existsSync(from)) return;
  const files = readdirSync(from, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts') && !file.endsWith('.test.ts'));
  await Promise.all(
    files.map(async (file) => {
      const { code } = await transform(readFileSync(join(from, file), 'utf8'), { loader: 'ts', target: 'node24', format: 'esm', tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } } });
      const to = join(dist, layer, file.replace(/\.ts$/, '.js'));
      mkdirSync(dirname(to), { recursive: true });
      writeFileSync(to, builtNames(code));
    }),
  );
}

const common: BuildOptions = { bundle: true, legalComments: 'none', logLevel: 'warning' };

async function buildPageScripts(): Promise<void> {
  const page: BuildOptions = { ...common, format: 'iife', platform: 'browser', target: 'chrome140', minify: true };
  await bundle({ ...page, entryPoints: [join(root, 'src/browser/page.ts')], outfile: join(dist, 'page/browser.js') });
  await bundle({ ...page, entryPoints: [join(root, 'src/preload/page.ts')], outfile: join(dist, 'page/electron.js') });
  await bundle({ ...common, entryPoints: [join(root, 'src/preload/preload.ts')], outfile: join(dist, 'preload/preload.cjs'), format: 'cjs', platform: 'node', target: 'node24', external: ['electron'] });
}

/** Script that the first paint may wait for, bytes as they lie on the disk: what else the window needs is loaded after it (src/renderer/ui/lazyPart.tsx). */
const firstPaintBytes = 400_000;

async function buildRenderer(): Promise<void> {
  const { build } = await import('vite');
  await build({ configFile: join(root, 'vite.config.ts'), logLevel: 'warn' });
  const page = readFileSync(join(dist, 'renderer', 'index.html'), 'utf8');
  const scripts = [...page.matchAll(/(?:src|href)="(\/assets\/[^"]+\.js)"/g)].map(([, path]) => ({ path, bytes: statSync(join(dist, 'renderer', path!)).size }));
  const bytes = scripts.reduce((sum, script) => sum + script.bytes, 0);
  if (bytes > firstPaintBytes) throw new Error(`the page's first paint waits for ${bytes} bytes of script, more than ${firstPaintBytes}: ${scripts.map((script) => `${script.path!} ${script.bytes}`).join(', ')}. Load parts later (lazyPart)`);
}

/** Builds everything; returns when dist/ is complete. @throws what the bundler says, after it has printed where */
export async function buildAll(): Promise<void> {
  await Promise.all([...nodeLayers.map(buildLayer), buildPageScripts()]);
  await buildRenderer();
  // Written last: its time says that all before it was built (see start.ts).
  writeFileSync(join(dist, 'built'), '');
}

if (import.meta.main) await buildAll();
