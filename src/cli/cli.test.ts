/** The real command in a process of its own, on files made by code and the tiny pack. */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readNpy } from '../engine/arrays/npy.ts';
import { runBrat, type BratEnd, type BratOptions } from '../testing/bratCommand.ts';
import { openEngine } from '../testing/engineForTests.ts';
import { phantomSeries, writePhantomStudy } from '../testing/phantomStudy.ts';
import { temporaryFolder } from '../testing/temporaryFolder.ts';
import { makeTinyPack, tiny } from '../testing/tinyPack.ts';

let pack = '';
let work = '';
let source = '';

beforeAll(async () => {
  pack = (await makeTinyPack()).folder;
  work = mkdtempSync(join(tmpdir(), 'brat-cli-'));
  source = join(work, 'source');
  await writePhantomStudy(source);
});
afterAll(() => { for (const folder of [pack, work]) rmSync(folder, { recursive: true, force: true }); });

type Options = Omit<BratOptions, 'dataDir'> & { readonly dataDir?: string };

function brat(args: readonly string[], options: Options = {}): Promise<BratEnd> {
  return runBrat(args, { dataDir: join(work, 'data'), ...options });
}

async function bratJson<T>(args: readonly string[], options: Options = {}): Promise<T> {
  const { code, out, err } = await brat([...args, '--json'], options);
  expect(err.replace(/^.*special_eos_id.*\n/gm, ''), args.join(' ')).toBe('');
  expect(code).toBe(0);
  return JSON.parse(out) as T;
}

describe('reading without storing', () => {
  test('series: every series with role, rank, reason and geometry, the chosen one among them', async () => {
    const { studies } = await bratJson<{ studies: { chosen: { series: string }; series: { series: string; role: string; rank: number; reason: string; stacks: { dims: number[] }[]; geometry: { voxelToLps: number[] }[] }[] }[] }>(['series', source]);
    expect(studies).toHaveLength(1);
    const { series, chosen } = studies[0]!;
    expect(series.map(({ role, rank }) => [role, rank])).toEqual([['t1c', 1], ['t1', 1], ['flair', 1]].sort());
    const found = series.find((item) => item.role === 't1c')!;
    expect(chosen.series).toBe(found.series);
    expect(found.reason).toContain(phantomSeries.t1c.description);
    expect(found.stacks[0]!.dims).toEqual([24, 24, 8]);
    expect(found.geometry[0]!.voxelToLps).toHaveLength(16);
    expect(existsSync(join(work, 'data'))).toBe(false);
  });

  test('preprocess and embed: the same arrays from a path and from the volume in between', async () => {
    const out = (name: string): string => join(work, name);
    const array = (name: string) => readNpy(readFileSync(out(name)), name);
    await bratJson(['preprocess', source, '--pack', pack, '--out', out('volume.npy')]);
    expect(array('volume.npy').shape).toEqual([1, ...tiny.size]);
    const model = await bratJson<{ model: object }>(['embed', '--volume', out('volume.npy'), '--pack', pack, '--provider', 'cpu', '--views', out('v1.npy'), '--projected', out('p1.npy'), '--attention', out('a1.npy')]);
    expect(model).toMatchObject({ views: { count: tiny.views, size: tiny.hidden }, model: { pack: 'tiny', version: '0.1.0', training: 'untrained', provider: 'cpu' } });
    await bratJson(['embed', source, '--pack', pack, '--provider', 'cpu', '--views', out('v2.npy')]);
    expect(array('v1.npy').shape).toEqual([tiny.views, tiny.hidden]);
    expect(array('p1.npy').shape).toEqual([tiny.views, tiny.width]);
    expect(array('a1.npy').shape).toEqual([tiny.views, tiny.positions]);
    expect(array('v2.npy').data).toEqual(array('v1.npy').data);
  });

  test('preprocess --series takes another series than the rules would', async () => {
    const { series } = await bratJson<{ series: string }>(['preprocess', source, '--pack', pack, '--series', '2.25.7.3', '--out', join(work, 'flair.npy')]);
    expect(series).toBe('2.25.7.3');
  });
});

describe('the archive on the command line', () => {
  test('import, reports, index, search and draft in turn', async () => {
    const dataDir = temporaryFolder();
    const archive = temporaryFolder();
    for (let n = 0; n < 3; n++) await writePhantomStudy(join(archive, String(n)), { uid: `2.25.8${n}`, accession: `ACC8${n}`, series: ['t1c'], seed: n });
    writeFileSync(join(archive, 'readme.txt'), 'hello');
    const reports = join(archive, 'reports.csv');
    writeFileSync(reports, 'accession,report\nACC80,"No mass is seen. The ventricles are normal in size."\nACC81,There is an enhancing mass.\nACC82,There is edema.\n');
    const imported = await bratJson(['import', archive, '--reports', reports], { dataDir });
    expect(imported).toMatchObject({ added: 24, failed: 0, skipped: 2, reports: { attached: ['2.25.80', '2.25.81', '2.25.82'], unmatched: [] } });
    expect(await bratJson(['index', '--pack', pack], { dataDir })).toMatchObject({ encoded: 3, failed: 0, pack: 'tiny@0.1.0' });
    const byText = await bratJson<{ cases: { case: string; similarity: number }[] }>(['search', '--text', 'an enhancing mass', '--pack', pack, '-k', '2'], { dataDir });
    expect(byText.cases).toHaveLength(2);
    const byStored = await bratJson<{ cases: { case: string }[] }>(['search', '--study', '2.25.80', '--pack', pack], { dataDir });
    expect(byStored.cases.map((item) => item.case).sort()).toEqual(['2.25.81', '2.25.82']);
    const byPath = await bratJson<{ cases: { case: string }[] }>(['search', '--study', join(archive, '0'), '--pack', pack], { dataDir });
    expect(byPath.cases).toEqual(byStored.cases);

    const report = join(archive, 'out.txt');
    const draft = await bratJson<{ similar: { case: string }[]; timings: Record<string, number> }>(['draft', source, '--pack', pack, '--provider', 'cpu', '--out', report], { dataDir });
    expect(Object.keys(draft).sort()).toEqual(['findings', 'insideOfTraining', 'lesion', 'model', 'peakMemoryBytes', 'sentences', 'series', 'similar', 'stop', 'study', 'timings', 'views', 'withheld']);
    expect(draft).toMatchObject({
      study: { uid: '2.25.7', reason: 'the only study' },
      series: { uid: '2.25.7.1', role: 't1c', rank: 1, warning: null },
      views: { count: tiny.views, size: tiny.hidden },
      model: { pack: 'tiny', version: '0.1.0', training: 'untrained', provider: 'cpu' },
    });
    expect(draft.similar.map((item) => item.case).sort()).toEqual(['2.25.80', '2.25.81', '2.25.82']);
    for (const step of ['scan', 'read', 'preprocess', 'encode', 'search', 'draft', 'ground', 'total']) expect(draft.timings[step]).toBeGreaterThanOrEqual(0);
    const text = readFileSync(report, 'utf8');
    expect(text).toMatch(/^DRAFT, not a report/);
    expect(text).toContain('untrained');
    // Reading in place stores nothing.
    expect(readdirSync(join(dataDir, 'instances'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.dcm'))).toHaveLength(24);
  });

  test('a study without T1 post-contrast is drafted from its T1 with a warning on standard error, one without either is refused', async () => {
    const folder = temporaryFolder();
    await writePhantomStudy(join(folder, 'a'), { series: ['t1', 'flair'] });
    await writePhantomStudy(join(folder, 'b'), { series: ['flair'] });
    const warned = await brat(['draft', join(folder, 'a'), '--pack', pack, '--provider', 'cpu', '--json'], { dataDir: join(folder, 'data') });
    expect(warned.code).toBe(0);
    expect(warned.err).toContain('select/t1-instead: No T1 post-contrast');
    expect(JSON.parse(warned.out)).toMatchObject({ series: { role: 't1', warning: expect.stringContaining('No T1 post-contrast') as string } });
    const refused = await brat(['draft', join(folder, 'b'), '--pack', pack, '--provider', 'cpu'], { dataDir: join(folder, 'data') });
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect(refused.err).toMatch(/^select\/no-t1c: /);
  });

  test('two studies are not guessed between', async () => {
    const folder = temporaryFolder();
    await writePhantomStudy(join(folder, 'a'), { uid: '2.25.81' });
    await writePhantomStudy(join(folder, 'b'), { uid: '2.25.82' });
    const { code, err } = await brat(['draft', folder, '--pack', pack], { dataDir: join(folder, 'data') });
    expect([code, err]).toEqual([2, expect.stringMatching(/^cli\/usage: There are 2 studies.*--study: 2\.25\.81, 2\.25\.82/s)]);
  });
});

describe('faults', () => {
  test.each([
    [['nonsense'], 2, 'cli/usage'],
    [['draft'], 2, 'cli/usage'],
    [['search'], 2, 'cli/usage'],
    [['search', '--text', 'x', '-k', '0'], 2, 'cli/usage'],
    [['bench', 'coffee'], 2, 'cli/usage'],
    [['series', '/no/such/place'], 1, 'import/not-found'],
    [['embed', '--volume', '/no/such/file.npy', '--pack', 'nowhere'], 1, 'pack/not-found'],
    [['import', '--reports', '/no/such/table.csv'], 1, 'import/not-found'],
  ])('%s ends with %i and the code %s on standard error, and as JSON when asked', async (args, exit, code) => {
    const dataDir = temporaryFolder();
    const plain = await brat(args, { dataDir });
    expect(plain).toMatchObject({ code: exit, out: '' });
    expect(plain.err).toMatch(new RegExp(`^${code}: .+\n  subject: .+\n  advice: .+\n$`, 'm'));
    const asJson = await brat([...args, '--json'], { dataDir });
    expect(asJson.code).toBe(exit);
    expect((JSON.parse(asJson.out) as { error: { code: string } }).error.code).toBe(code);
  });

  test('a folder without images is an error that counts what was there', async () => {
    const { code, err } = await brat(['series', temporaryFolder({ 'a.txt': 'x', 'b.txt': 'y' })]);
    expect(code).toBe(1);
    expect(err).toMatch(/^import\/nothing-readable: .*2 files/m);
  });

  test('Ctrl-C ends a command at once with 130, leaving a data folder that opens', async () => {
    const dataDir = temporaryFolder();
    const big = temporaryFolder();
    await writePhantomStudy(big, { slices: 1000, series: ['t1c'] });
    const stopped = await brat(['import', big], {
      dataDir,
      onStart: (kill) => {
        const timer = setInterval(() => {
          if (!existsSync(join(dataDir, 'instances'))) return;
          clearInterval(timer);
          kill('SIGINT');
        }, 5);
      },
    });
    expect(stopped.code).toBe(130);
    expect(stopped.err).toContain('cancelled: ');
    expect(existsSync(join(dataDir, 'in-use'))).toBe(false);
    expect(await bratJson(['import', big], { dataDir })).toMatchObject({ failed: 0 });
  });

  test('a data folder in use is refused with what to do', async () => {
    const dataDir = temporaryFolder();
    const engine = await openEngine(dataDir);
    const refused = await brat(['search', '--text', 'mass'], { dataDir });
    await engine.close();
    expect(refused.code).toBe(1);
    expect(refused.err).toContain('store/locked');
    expect(refused.err).toContain('--data-dir');
  });
});

test('help names every command, and a command explains its options', async () => {
  const { out, code } = await brat(['--help']);
  expect(code).toBe(0);
  for (const command of ['doctor', 'series', 'preprocess', 'embed', 'import', 'index', 'search', 'draft', 'bench']) expect(out).toContain(`  ${command}`);
  const help = await brat(['draft', '--help']);
  expect(help.code).toBe(0);
  for (const option of ['--json', '--data-dir', '--pack', '--out']) expect(help.out).toContain(option);
});

test('doctor reports libraries, pack, providers and database, and fails when something is broken', async () => {
  const dataDir = temporaryFolder();
  const { ok, checks } = await bratJson<{ ok: boolean; checks: { name: string; state: string }[] }>(['doctor', '--pack', pack, '--provider', 'cpu'], { dataDir });
  expect(ok).toBe(true);
  expect(checks.map(({ name }) => name)).toEqual(expect.arrayContaining(['library better-sqlite3', 'library onnxruntime-node', 'library node-llama-cpp', 'pack tiny@0.1.0', 'providers', 'database']));
  writeFileSync(join(dataDir, 'brat.sqlite'), 'not a database at all '.repeat(500));
  const broken = await brat(['doctor', '--pack', pack, '--provider', 'cpu', '--json'], { dataDir });
  expect(broken.code).toBe(1);
  expect(JSON.parse(broken.out)).toMatchObject({ ok: false });
  const told = await brat(['doctor', '--pack', pack, '--provider', 'cpu'], { dataDir });
  const damaged = temporaryFolder();
  cpSync(pack, join(damaged, 'pack'), { recursive: true });
  writeFileSync(join(damaged, 'pack', 'bridge.onnx'), 'x');
  const refused = await brat(['doctor', '--pack', join(damaged, 'pack')], { dataDir: join(damaged, 'data') });
  expect(refused.code).toBe(1);
  expect(refused.out).toMatch(/^pack \S*bridge\.onnx +FAIL .*pack\/altered-file[^]*doctor\.md#pack[^]*^database +ok/m);
  const [, section] = /docs\/doctor\.md#(\w+)/.exec(told.out) ?? [];
  expect(section).toBe('database');
  expect(readFileSync(join(import.meta.dirname, '../../docs/doctor.md'), 'utf8')).toContain(`\n## ${section}\n`);
});

test.each(['search', 'import'])('bench %s gives medians and a ratio', async (step) => {
  const found = await bratJson<{ medianMs: number; ratio: number; reference: { medianMs: number } }>(['bench', step, '--runs', '2', '--size', '40']);
  expect(found.ratio).toBeCloseTo(found.medianMs / found.reference.medianMs, 6);
});
