import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { AnalysisEvent, Measurement } from '../../shared/contract.ts';
import { contract } from '../../shared/contract.ts';
import { call, drain, listed, openEngine } from '../../testing/engineForTests.ts';
import { writePhantomStudy } from '../../testing/phantomStudy.ts';
import { temporaryFolder } from '../../testing/temporaryFolder.ts';
import { makeTinyPack, tiny } from '../../testing/tinyPack.ts';
import type { Engine, EngineOptions } from '../create.ts';

let packFolder = '';
beforeAll(async () => { packFolder = (await makeTinyPack()).folder; });
afterAll(() => { rmSync(packFolder, { recursive: true, force: true }); });

async function engineIn(dataDir: string, options: Partial<EngineOptions> = {}): Promise<Engine> {
  const engine = await openEngine(dataDir, { packFolders: [packFolder], pack: 'tiny', ...options });
  onTestFinished(() => engine.close());
  return engine;
}

async function engineWithStudy(options: Parameters<typeof writePhantomStudy>[1] = {}): Promise<{ engine: Engine; study: string; series: string[]; source: string; dataDir: string }> {
  const [dataDir, source] = [temporaryFolder(), temporaryFolder()];
  const { study, series } = await writePhantomStudy(source, options);
  const engine = await engineIn(dataDir);
  await drain(engine.importPaths([source], call.signal));
  return { engine, study, series, source, dataDir };
}

const storedFiles = (dataDir: string): string[] => readdirSync(join(dataDir, 'instances'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.dcm'));

describe('import', () => {
  test('a folder becomes a study with its series, and the files are copied', async () => {
    const { engine, study, source, dataDir } = await engineWithStudy();
    rmSync(source, { recursive: true });
    const [summary] = await listed(engine);
    expect(summary).toMatchObject({ study, seriesCount: 3, instanceCount: 24, accession: 'ACC7', state: 'new', hasReport: false, demo: false });
    expect(storedFiles(dataDir)).toHaveLength(24);
    const detail = await engine.handlers['study.get']({ study }, call);
    expect(contract['study.get'].result.parse(detail)).toEqual(detail);
    expect(detail.series.map((series) => series.role)).toEqual(['t1c', 't1', 'flair']);
    expect(detail.chosen?.series).toBe(detail.series[0]!.series);
  });

  test('importing the same files again adds nothing and says so', async () => {
    const { engine, source } = await engineWithStudy();
    const done = (await drain(engine.importPaths([source], call.signal))).at(-1);
    expect(done).toMatchObject({ kind: 'done', added: 0, duplicates: 24, failed: 0 });
  });

  test('a broken file and a text are named or counted, and the rest is stored', async () => {
    const [dataDir, source] = [temporaryFolder(), temporaryFolder()];
    await writePhantomStudy(source, { series: ['t1c'] });
    writeFileSync(join(source, 'notes.txt'), 'bring biscuits');
    const whole = readFileSync(join(source, 't1c', 'IM0000'));
    writeFileSync(join(source, 't1c', 'IM0000'), whole.subarray(0, whole.length - 100));
    const engine = await engineIn(dataDir);
    const events = await drain(engine.importPaths([source], call.signal));
    expect(events.filter((event) => event.kind === 'problem').map((event) => [event.file.endsWith('IM0000'), event.error.code])).toEqual([[true, 'dicom/truncated']]);
    expect(events.at(-1)).toMatchObject({ kind: 'done', added: 7, skipped: 1, failed: 1 });
  });

  test('nothing to read is an error, not an empty success', async () => {
    const engine = await engineIn(temporaryFolder());
    await expect(drain(engine.importPaths([temporaryFolder({ 'a.txt': 'x' })], call.signal))).rejects.toMatchObject({ code: 'import/nothing-readable' });
  });

  test('a cancelled import keeps what was stored and no half file', async () => {
    const [dataDir, source] = [temporaryFolder(), temporaryFolder()];
    await writePhantomStudy(source, { slices: 40 });
    const engine = await engineIn(dataDir);
    const stop = new AbortController();
    await expect(
      (async () => {
        for await (const event of engine.importPaths([source], stop.signal)) if (event.kind === 'progress') stop.abort();
      })(),
    ).rejects.toMatchObject({ code: 'cancelled' });
    const stored = engine.parts.store.db.get<{ n: number }>('SELECT count(*) AS n FROM instance')!.n;
    expect(stored).toBeGreaterThan(0);
    expect(stored).toBeLessThan(120);
    expect(storedFiles(dataDir)).toHaveLength(stored);
    await drain(engine.importPaths([source], call.signal));
    expect((await listed(engine))[0]!.instanceCount).toBe(120);
  });

  test('files handed over in pieces by the page arrive whole, whatever their names', async () => {
    const source = temporaryFolder();
    const { study } = await writePhantomStudy(source, { series: ['t1c'] });
    const engine = await engineIn(temporaryFolder());
    const { upload } = await engine.handlers['import.begin']({}, call);
    for (const name of readdirSync(join(source, 't1c'))) {
      const bytes = new Uint8Array(readFileSync(join(source, 't1c', name)));
      await engine.handlers['import.file']({ upload, name: `CON/a:b/${name}.`, offset: 0, bytes: bytes.slice(0, 700) }, call);
      await engine.handlers['import.file']({ upload, name: `CON/a:b/${name}.`, offset: 700, bytes: bytes.slice(700) }, call);
    }
    await expect(engine.handlers['import.file']({ upload, name: '../evil', offset: 0, bytes: new Uint8Array(1) }, call)).rejects.toMatchObject({ code: 'import/outside-folder' });
    await expect(engine.handlers['import.file']({ upload, name: 'late', offset: 5, bytes: new Uint8Array(1) }, call)).rejects.toMatchObject({ code: 'bridge/bad-params' });
    const events = await drain(engine.handlers['import.finish']({ upload }, call));
    expect(events.at(-1)).toMatchObject({ kind: 'done', studies: [study], added: 8 });
    expect(readdirSync(engine.parts.store.temporaryFolder)).toEqual([]);
    await expect(drain(engine.handlers['import.finish']({ upload }, call))).rejects.toMatchObject({ code: 'import/unknown-upload' });
  });
});

describe('series and volumes', () => {
  test('a role set by a reader changes the choice, survives a restart and another import, and can be taken back', async () => {
    const { engine, study, series, source, dataDir } = await engineWithStudy();
    const changed = await engine.handlers['series.setRole']({ series: series[2]!, role: 't1c' }, call);
    expect(changed.chosen?.series).toBe(series[2]);
    await drain(engine.importPaths([source], call.signal));
    await engine.close();
    const again = await engineIn(dataDir);
    const detail = await again.handlers['study.get']({ study }, call);
    expect(detail.series.find((item) => item.series === series[2])).toMatchObject({ role: 't1c', overridden: true });
    expect((await again.handlers['series.setRole']({ series: series[2]!, role: null }, call)).chosen?.series).toBe(series[0]);
  });

  test('voxels come slice by slice and add up to the volume', async () => {
    const { engine, series } = await engineWithStudy();
    const info = await engine.handlers['volume.open']({ series: series[0]!, stack: 0 }, call);
    expect(info).toMatchObject({ dims: [24, 24, 8], type: 'uint16' });
    expect(contract['volume.open'].result.parse(info)).toEqual(info);
    const items = await drain(engine.handlers['volume.voxels']({ series: series[0]!, stack: 0 }, call));
    expect(items.reduce((sum, item) => sum + item.data.length, 0)).toBe(24 * 24 * 8 * 2);
    expect(items.reduce((sum, item) => sum + item.sliceCount, 0)).toBe(8);
  });

  test('a slice alone is that of the volume, before and after the volume is in memory', async () => {
    const { engine, series } = await engineWithStudy();
    const at = { series: series[0]!, stack: 0 };
    const before = await engine.handlers['volume.slice']({ ...at, slice: 5 }, call);
    expect(contract['volume.slice'].result.parse(before)).toEqual(before);
    const info = await engine.handlers['volume.open'](at, call);
    const whole = Buffer.concat((await drain(engine.handlers['volume.voxels'](at, call))).map(({ data }) => data));
    const sliceBytes = 24 * 24 * 2;
    expect(Buffer.from(before.data)).toEqual(whole.subarray(5 * sliceBytes, 6 * sliceBytes));
    expect(before.info).toMatchObject({ dims: info.dims, voxelToLps: info.voxelToLps, space: info.frameOfReference });
    const after = await engine.handlers['volume.slice']({ ...at, slice: null }, call);
    expect([after.slice, Buffer.from(after.data).equals(whole.subarray(4 * sliceBytes, 5 * sliceBytes))]).toEqual([4, true]);
    await expect(engine.handlers['volume.slice']({ ...at, slice: 8 }, call)).rejects.toMatchObject({ code: 'bridge/bad-params' });
  });

  test('a thumbnail is a PNG', async () => {
    const { engine, series } = await engineWithStudy();
    const { png } = await engine.handlers['series.thumbnail']({ series: series[1]! }, call);
    expect(Buffer.from(png).toString('latin1', 1, 4)).toBe('PNG');
  });

  test('an unknown series is refused by name', async () => {
    const { engine } = await engineWithStudy();
    await expect(engine.handlers['volume.open']({ series: '1.2.3', stack: 0 }, call)).rejects.toMatchObject({ code: 'select/unknown-series' });
    await expect(engine.handlers['volume.open']({ series: '2.25.7.1', stack: 4 }, call)).rejects.toMatchObject({ code: 'select/unknown-series' });
  });
});

describe('measurements and key images', () => {
  const drawn = (study: string, series: string): Measurement => ({
    id: 'one', study, series, stack: 0, frameOfReference: '', instance: null, slice: 3, kind: 'length', pointsLps: [[1, 2, 3], [4, 6, 3]], value: 5, unit: 'mm', statistics: null, label: '', createdAt: '2026-01-05T10:00:00Z',
  });
  const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]);

  test('are kept over a restart with the image they were made on, changed in place, and removed', async () => {
    const { engine, study, series, dataDir } = await engineWithStudy();
    const kept = await engine.handlers['measurements.put']({ measurement: drawn(study, series[0]!) }, call);
    const info = await engine.handlers['volume.open']({ series: series[0]!, stack: 0 }, call);
    expect(kept).toMatchObject({ slice: 3, frameOfReference: info.frameOfReference });
    expect(kept.instance).toMatch(/^[\d.]+$/);
    await engine.handlers['measurements.put']({ measurement: { ...kept, label: 'lesion' } }, call);
    const { id, stack, slice, label, createdAt } = kept;
    await engine.handlers['keyImages.put']({ keyImage: { id, study, series: series[0]!, stack, slice, label, createdAt, frameOfReference: '', instance: null, plane: 'axial', pointLps: [1, 2, 3], window: { center: 40, width: 80 }, inverted: false }, png }, call);
    await engine.close();
    const again = await engineIn(dataDir);
    expect(await again.handlers['measurements.list']({ study }, call)).toEqual([{ ...kept, label: 'lesion' }]);
    expect(await again.handlers['keyImages.list']({ study }, call)).toMatchObject([{ id: 'one', plane: 'axial', instance: kept.instance }]);
    expect((await again.handlers['keyImages.picture']({ study, id: 'one' }, call)).png).toEqual(png);
    await again.handlers['measurements.remove']({ study, id: 'one' }, call);
    await again.handlers['keyImages.remove']({ study, id: 'one' }, call);
    expect(await again.handlers['measurements.list']({ study }, call)).toEqual([]);
    await expect(Promise.resolve().then(() => again.handlers['keyImages.picture']({ study, id: 'one' }, call))).rejects.toMatchObject({ code: 'store/not-found' });
  });

  test('saved layouts are kept by name over a restart', async () => {
    const dataDir = temporaryFolder();
    const engine = await engineIn(dataDir);
    const layout = { name: 'Follow-up', layout: 'two' as const, panes: [{ role: 't1c' as const, plane: 'axial' as const }, { role: 'flair' as const, plane: null }] };
    await engine.handlers['layouts.put']({ layout }, call);
    await engine.handlers['layouts.put']({ layout: { ...layout, name: 'Another', layout: 'four' } }, call);
    await engine.handlers['layouts.put']({ layout: { ...layout, panes: [] } }, call);
    await engine.close();
    const again = await engineIn(dataDir);
    expect((await again.handlers['layouts.list']({}, call)).map(({ name, panes }) => [name, panes.length])).toEqual([['Another', 2], ['Follow-up', 0]]);
    expect(await again.handlers['layouts.remove']({ name: 'Another' }, call)).toHaveLength(1);
  });

  test('go with their study, and none is kept of a series or slice that is not there', async () => {
    const { engine, study, series } = await engineWithStudy();
    await expect(engine.handlers['measurements.put']({ measurement: drawn(study, '1.2.3') }, call)).rejects.toMatchObject({ code: 'select/unknown-series' });
    await expect(engine.handlers['measurements.put']({ measurement: { ...drawn(study, series[0]!), slice: 8 } }, call)).rejects.toMatchObject({ code: 'bridge/bad-params' });
    await engine.handlers['measurements.put']({ measurement: drawn(study, series[0]!) }, call);
    await engine.handlers['study.remove']({ study }, call);
    expect(engine.parts.store.db.all('SELECT * FROM measurement')).toEqual([]);
  });
});

const doneOf = (events: readonly AnalysisEvent[]) => events.find((event) => event.kind === 'done')!.draft;

describe('analysis', () => {
  test('gives views, similar cases, sentences as they are written and a stored draft, in the contract\'s words', async () => {
    const { engine, study } = await engineWithStudy();
    const events = await drain(engine.handlers['study.analyse']({ study, force: false }, call));
    for (const event of events) expect(contract['study.analyse'].item.parse(event)).toEqual(event);
    expect(events.filter((event) => event.kind === 'step' && event.state !== 'started').map((event) => event.kind === 'step' && event.step)).toEqual(['read', 'preprocess', 'encode', 'findings', 'search', 'draft', 'ground']);
    expect(events.find((event) => event.kind === 'views')).toMatchObject({ count: tiny.views, size: tiny.hidden, provider: 'cpu' });
    const draft = doneOf(events);
    expect(draft).toMatchObject({ study, origin: 'model', pack: { id: 'tiny', training: 'untrained' } });
    expect(await engine.handlers['study.draft']({ study }, call)).toEqual(draft);
    expect((await listed(engine))[0]!.state).toBe('drafted');
    const map = await engine.handlers['study.attention']({ study, view: 0 }, call);
    expect(map).toMatchObject({ view: 0, hasDepth: true });
    expect(map.values.length).toBe(4 * tiny.positions);
  });

  test('a second run gives the stored draft; force makes it again with the same words', async () => {
    const { engine, study } = await engineWithStudy();
    const first = doneOf(await drain(engine.handlers['study.analyse']({ study, force: false }, call)));
    const again = await drain(engine.handlers['study.analyse']({ study, force: false }, call));
    expect(doneOf(again)).toEqual(first);
    expect(again.filter((event) => event.kind === 'step').every((event) => event.state === 'skipped')).toBe(true);
    const forced = await drain(engine.handlers['study.analyse']({ study, force: true }, call));
    expect(forced.some((event) => event.kind === 'step' && event.step === 'encode' && event.state === 'done')).toBe(true);
    expect(doneOf(forced).sentences).toEqual(first.sentences);
  });

  test('another choice of series makes a stored draft count no more', async () => {
    const { engine, study, series } = await engineWithStudy();
    await drain(engine.handlers['study.analyse']({ study, force: false }, call));
    await engine.handlers['series.setRole']({ series: series[2]!, role: 't1c' }, call);
    expect(await engine.handlers['study.draft']({ study }, call)).toBeNull();
    expect((await listed(engine))[0]!.state).toBe('new');
    expect(doneOf(await drain(engine.handlers['study.analyse']({ study, force: false }, call))).series).toBe(series[2]);
  });

  test('a study without T1 post-contrast is read by its T1 with a warning, one without either is refused', async () => {
    const { engine, study } = await engineWithStudy({ series: ['t1', 'flair'] });
    const events = await drain(engine.handlers['study.analyse']({ study, force: false }, call));
    expect(events[0]).toMatchObject({ kind: 'step', step: 'read', message: expect.stringContaining('No T1 post-contrast') as string });
    const other = await engineWithStudy({ series: ['flair'] });
    await expect(drain(other.engine.handlers['study.analyse']({ study: other.study, force: false }, call))).rejects.toMatchObject({ code: 'select/no-t1c' });
    expect((await listed(other.engine))[0]!.state).toBe('failed');
  });

  test('two calls at once read a study once', async () => {
    const { engine, study } = await engineWithStudy();
    const [first, second] = await Promise.all([1, 2].map(() => drain(engine.handlers['study.analyse']({ study, force: false }, call))));
    expect(doneOf(second!)).toEqual(doneOf(first!));
    expect(second!.some((event) => event.kind === 'step' && event.step === 'encode' && event.state === 'done')).toBe(false);
  });

  test('a reading that is cancelled stores no draft, and the next one works', async () => {
    const { engine, study } = await engineWithStudy();
    const stop = new AbortController();
    await expect(
      (async () => {
        for await (const event of engine.handlers['study.analyse']({ study, force: false }, { signal: stop.signal })) if (event.kind === 'views') stop.abort();
      })(),
    ).rejects.toMatchObject({ code: 'cancelled' });
    expect(await engine.handlers['study.draft']({ study }, call)).toBeNull();
    expect(doneOf(await drain(engine.handlers['study.analyse']({ study, force: false }, call))).study).toBe(study);
  });
});

async function engineWithArchive(cases: number): Promise<Engine> {
  const [dataDir, source] = [temporaryFolder(), temporaryFolder()];
  for (let n = 0; n < cases; n++) await writePhantomStudy(join(source, String(n)), { uid: `2.25.7${n}`, accession: `ACC${n}`, series: ['t1c'], seed: n });
  const rows = Array.from({ length: cases }, (_, n) => `ACC${n},"No mass is seen.\nThe ventricles are normal in size. Mass ${n} cm."`);
  const table = temporaryFolder({ 'reports.csv': ['accession,report', ...rows, 'NOBODY,"No mass."'].join('\n') });
  const engine = await engineIn(dataDir);
  await drain(engine.importPaths([source], call.signal));
  const outcome = await engine.attachReports(join(table, 'reports.csv'));
  expect(outcome.attached).toHaveLength(cases);
  expect(outcome.unmatched).toEqual([{ row: cases + 2, reason: 'no stored study has this accession' }]);
  return engine;
}

describe('archive', () => {
  test('studies with reports become cases, found by views, by sentences and by text, never by their own study', async () => {
    const engine = await engineWithArchive(4);
    expect((await drain(engine.indexArchive(call.signal))).at(-1)).toMatchObject({ kind: 'done', encoded: 4, failed: 0 });
    const study = '2.25.71';
    const views = doneOf(await drain(engine.handlers['study.analyse']({ study, force: false }, call)));
    expect(views.study).toBe(study);
    for (const by of ['views', 'sentences'] as const) {
      const found = await engine.handlers['case.similar']({ study, limit: 10, by }, call);
      expect(found.map((item) => item.case).sort()).toEqual(['2.25.70', '2.25.72', '2.25.73']);
      expect(found.every((item) => item.by === by && item.sentences.length === 3 && item.matched.length > 0)).toBe(true);
    }
    const byText = await engine.handlers['search.text']({ text: 'An enhancing mass in the left frontal lobe.', limit: 2 }, call);
    expect(byText).toHaveLength(2);
    expect(byText[0]!.similarity).toBeGreaterThanOrEqual(byText[1]!.similarity);
    expect((await engine.handlers['case.thumbnail']({ case: byText[0]!.case }, call)).png).not.toBeNull();
    // Nothing is left to do the second time.
    expect((await drain(engine.indexArchive(call.signal))).at(-1)).toMatchObject({ encoded: 0, alreadyThere: 4 });
  });

  test('a changed report is encoded again, an unchanged one is not', async () => {
    const engine = await engineWithArchive(2);
    await drain(engine.indexArchive(call.signal));
    const table = temporaryFolder({ 'r.csv': 'study_uid,report\n2.25.70,There is edema.\n' });
    await engine.attachReports(join(table, 'r.csv'));
    expect((await drain(engine.indexArchive(call.signal))).at(-1)).toMatchObject({ encoded: 1 });
  });

  test('a removed study leaves no file, no row and no case, and its words are not in the database file', async () => {
    const engine = await engineWithArchive(2);
    await drain(engine.indexArchive(call.signal));
    await drain(engine.handlers['study.analyse']({ study: '2.25.70', force: false }, call));
    await engine.handlers['study.remove']({ study: '2.25.70' }, call);
    expect((await listed(engine)).map((item) => item.study)).toEqual(['2.25.71']);
    expect((await engine.searchText('mass', 10, call.signal)).map((item) => item.case)).toEqual(['2.25.71']);
    const { db, files } = engine.parts.store;
    for (const { name } of db.all<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")) {
      expect(JSON.stringify(db.all(`SELECT * FROM "${name}"`))).not.toContain('2.25.70');
    }
    const folder = dirname(dirname(dirname(files.path('00'.repeat(32)))));
    expect(storedFiles(folder)).toHaveLength(8);
    for (const name of ['brat.sqlite', 'brat.sqlite-wal']) expect(readFileSync(join(folder, name)).includes('2.25.70')).toBe(false);
  });

  test('search in an empty archive and for nothing says so', async () => {
    const { engine } = await engineWithStudy();
    await expect(engine.searchText('mass', 5, call.signal)).rejects.toMatchObject({ code: 'search/no-cases' });
    await expect(engine.searchText(' . ', 5, call.signal)).rejects.toMatchObject({ code: 'search/bad-query' });
  });

  test.each([
    ['without a report column', 'accession,text\nA,b\n'],
    ['without a key column', 'report\nabc\n'],
    ['with an open quotation mark', 'accession,report\nA,"never closed\n'],
  ])('a table %s is refused', async (_, text) => {
    const engine = await engineIn(temporaryFolder());
    await expect(engine.attachReports(join(temporaryFolder({ 'r.csv': text }), 'r.csv'))).rejects.toMatchObject({ code: 'reports/bad-table' });
  });
});

test('a listener is told first that anything may have changed, then of each change once, and ends when the caller leaves', async () => {
  const { engine, study } = await engineWithStudy();
  const stop = new AbortController();
  const seen: (string | null)[] = [];
  const listening = (async () => {
    for await (const change of engine.handlers['events.changed']({}, { signal: stop.signal })) {
      seen.push(change.study);
      if (seen.length === 3) stop.abort();
    }
  })();
  await expect.poll(() => seen).toEqual([null]);
  await engine.handlers['settings.set']({ provider: 'cpu' }, call);
  await engine.handlers['study.remove']({ study }, call);
  await listening;
  expect(seen).toEqual([null, null, study]);
});

test('settings are kept, and a pack or provider that does not exist is refused', async () => {
  const dataDir = temporaryFolder();
  const engine = await engineIn(dataDir);
  await expect(engine.handlers['settings.set']({ pack: 'nowhere' }, call)).rejects.toMatchObject({ code: 'pack/not-found' });
  await expect(engine.handlers['settings.set']({ provider: 'quantum' }, call)).rejects.toMatchObject({ code: 'onnx/provider-unavailable' });
  await engine.handlers['settings.set']({ pack: 'tiny@0.1.0', provider: 'cpu' }, call);
  await engine.close();
  const again = await openEngine(dataDir, { packFolders: [packFolder] });
  onTestFinished(() => again.close());
  expect(await again.handlers['settings.get']({}, call)).toEqual({ provider: 'cpu', pack: 'tiny@0.1.0' });
  const status = await again.handlers['app.status']({}, call);
  expect(contract['app.status'].result.parse(status)).toEqual(status);
  expect(status.pack).toMatchObject({ id: 'tiny', training: 'untrained' });
});

test('closing in the middle of an import and a reading ends them first, and the data folder opens again whole', async () => {
  const { engine, study, dataDir } = await engineWithStudy();
  const source = temporaryFolder();
  await writePhantomStudy(source, { uid: '2.25.77', slices: 60 });
  const importing = drain(engine.importPaths([source], call.signal)).catch((error: unknown) => error);
  const reading = drain(engine.handlers['study.analyse']({ study, force: false }, call)).catch((error: unknown) => error);
  await new Promise((resolve) => setTimeout(resolve, 30));
  await engine.close();
  for (const ended of await Promise.all([importing, reading])) if (!Array.isArray(ended)) expect(ended).toMatchObject({ code: 'cancelled' });
  const again = await engineIn(dataDir);
  expect(again.parts.store.findDamage()).toBeNull();
  expect(storedFiles(dataDir)).toHaveLength(again.parts.store.db.get<{ n: number }>('SELECT count(*) AS n FROM instance')!.n);
});

test('a study removed while it waits to be read is refused, not read', async () => {
  const { engine, study } = await engineWithStudy();
  const leave = await engine.parts.queue.enter(call.signal);
  const waiting = drain(engine.handlers['study.analyse']({ study, force: false }, call)).catch((error: unknown) => error);
  await new Promise((resolve) => setImmediate(resolve));
  await engine.handlers['study.remove']({ study }, call);
  leave();
  expect(await waiting).toMatchObject({ code: 'store/not-found' });
});

test('uploads that a closed page left behind give way to new ones', async () => {
  const engine = await engineIn(temporaryFolder());
  const begun = [];
  for (let n = 0; n < 9; n++) begun.push((await engine.handlers['import.begin']({}, call)).upload);
  await expect(engine.handlers['import.discard']({ upload: begun[0]! }, call)).rejects.toMatchObject({ code: 'import/unknown-upload' });
  await engine.handlers['import.discard']({ upload: begun[8]! }, call);
});
