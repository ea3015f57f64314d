/**
 * `npm run bench:ui`: what a reader feels, measured in the built window in an installed Chromium, as JSON. Needs `npm run
 * build`. Each measurement is a file in `benchUi/`; they run one after another, each in an app of its own.
 * `npm run bench:ui -- firstImage memory --studies 20` runs some of them.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openBrowserShell } from '../e2e/shells/browser.ts';
import type { StartBench, UiBench } from './benchUi/bench.ts';
import { firstImage } from './benchUi/firstImage.ts';
import { memory } from './benchUi/memory.ts';
import { start } from './benchUi/start.ts';

const benches: Readonly<Record<string, UiBench | StartBench>> = { start, firstImage, memory };

const { positionals, values } = parseArgs({ allowPositionals: true, options: { studies: { type: 'string', default: '100' } } });
const wanted = positionals.length === 0 ? Object.keys(benches) : positionals;
const out: Record<string, unknown> = { cores: cpus().length, graphics: 'SwiftShader (software)', at: new Date().toISOString() };

process.env['BRAT_DEMO'] = 'none';
for (const name of wanted) {
  const bench = benches[name];
  if (bench === undefined) throw new Error(`no measurement ${name}: one of ${Object.keys(benches).join(', ')}`);
  const dataDir = mkdtempSync(join(tmpdir(), 'brat-bench-ui-'));
  try {
    await bench.prepare(dataDir, { studies: Number(values.studies) });
    if ('runAlone' in bench) {
      Object.assign(out, await bench.runAlone(dataDir));
      continue;
    }
    const app = await openBrowserShell(dataDir, () => undefined);
    try {
      Object.assign(out, await bench.run(app.page, { studies: Number(values.studies) }));
    } finally {
      await app.close();
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}
process.stdout.write(`${JSON.stringify(out, null, 2)}\n`);
