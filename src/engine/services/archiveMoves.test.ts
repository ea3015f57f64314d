import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { call, drain, openEngine } from '../../testing/engineForTests.ts';
import { writePhantomStudy } from '../../testing/phantomStudy.ts';
import { temporaryFolder } from '../../testing/temporaryFolder.ts';
import { makeTinyPack, sealPack, tiny, type ManifestInput } from '../../testing/tinyPack.ts';
import { readNpy } from '../arrays/npy.ts';
import type { Engine } from '../create.ts';
import { fuseRankings } from '../search/fuseRankings.ts';
import { caseThumbnail, findCase, sentencesOfCase, vectorsOfCase } from '../store/cases.ts';
import { exportEmbeddings, importEmbeddings } from './embeddings.ts';

let [packFolder, otherFolder] = ['', ''];
let manifest: ManifestInput;
beforeAll(async () => {
  ({ folder: packFolder, manifest } = await makeTinyPack());
  // The same graphs under another version: another space as far as the archive knows.
  otherFolder = `${packFolder}-2`;
  cpSync(packFolder, otherFolder, { recursive: true });
  await sealPack(otherFolder, { ...manifest, version: '0.2.0', files: { ...manifest.files } });
});
afterAll(() => { for (const folder of [packFolder, otherFolder]) rmSync(folder, { recursive: true, force: true }); });

const count = 5;
const words = ['A ring enhancing mass is seen.', 'No mass is seen.', 'Edema in the left frontal lobe.', 'The ventricles are normal in size.', 'A ring shaped artefact.'];

async function filled(options: { packFolders?: string[] } = {}): Promise<{ engine: Engine; source: string }> {
  const source = temporaryFolder();
  for (let n = 0; n < count; n++) await writePhantomStudy(join(source, `s${n}`), { uid: `2.25.9${n}`, accession: `A${n}`, series: ['t1c'], seed: n });
  writeFileSync(join(source, 'r.csv'), `accession,report\n${words.map((text, n) => `A${n},${text}`).join('\n')}\n`);
  const engine = await openEngine(temporaryFolder(), { packFolders: [packFolder], pack: 'tiny@0.1.0', ...options });
  onTestFinished(() => engine.close());
  await drain(engine.importArchive({ studies: [source], reports: [join(source, 'r.csv')], encoding: null, removeIdentifiers: false, acceptT1: false, anyway: false, retry: false, rescan: false }, call.signal));
  return { engine, source };
}
const nothing = (): void => undefined;

describe('embeddings as files', () => {
  test('go to another workstation with reports, pictures and vectors, and a second time nothing is added', async () => {
    const { engine } = await filled();
    const folder = join(temporaryFolder(), 'out');
    const made = await exportEmbeddings(engine.parts, folder, call.signal, nothing);
    expect(made).toMatchObject({ cases: count, views: { rows: count * tiny.views, width: tiny.width } });
    const views = readNpy(readFileSync(join(folder, 'views.npy')), 'views.npy');
    expect(views.shape).toEqual([count, tiny.views, tiny.width]);
    expect([...views.data.slice(0, tiny.views * tiny.width)]).toEqual([...vectorsOfCase(engine.parts.store.db, 'views', 'tiny@0.1.0', '2.25.90')!]);
    const other = await openEngine(temporaryFolder(), { packFolders: [packFolder], pack: 'tiny@0.1.0' });
    onTestFinished(() => other.close());
    expect(await importEmbeddings(other.parts, folder, call.signal, nothing)).toEqual({ pack: 'tiny@0.1.0', added: count, alreadyThere: 0, different: [] });
    expect(await importEmbeddings(other.parts, folder, call.signal, nothing)).toMatchObject({ added: 0, alreadyThere: count });
    const [a, b] = [engine.parts.store.db, other.parts.store.db];
    for (const id of ['2.25.90', '2.25.94']) {
      expect([findCase(b, id), sentencesOfCase(b, id), caseThumbnail(b, id), vectorsOfCase(b, 'sentences', 'tiny@0.1.0', id)]).toEqual([findCase(a, id), sentencesOfCase(a, id), caseThumbnail(a, id), vectorsOfCase(a, 'sentences', 'tiny@0.1.0', id)]);
    }
    expect(await other.searchText('No mass is seen.', 5, call.signal)).toEqual(await engine.searchText('No mass is seen.', 5, call.signal));
  });

  const python = join(import.meta.dirname, '../../../training/.venv/bin/python');
  test.skipIf(!existsSync(python))(`are arrays that numpy reads${existsSync(python) ? '' : ' (skipped: needs training/.venv)'}`, async () => {
    const { engine } = await filled();
    const folder = join(temporaryFolder(), 'out');
    await exportEmbeddings(engine.parts, folder, call.signal, nothing);
    const { stdout } = spawnSync(python, ['-c', `import numpy as np; a = np.load(${JSON.stringify(join(folder, 'views.npy'))}); s = np.load(${JSON.stringify(join(folder, 'sentences.npy'))}); print(a.shape, a.dtype, s.shape, bool(np.allclose(np.linalg.norm(a, axis=2), 1, atol=1e-5)))`], { encoding: 'utf8' });
    expect(stdout.trim()).toBe(`(${count}, ${tiny.views}, ${tiny.width}) float32 (${count}, ${tiny.width}) True`);
  });

  test('of another pack, changed files, and a half-written export are refused by name; a case with another report is left as it is', async () => {
    const { engine } = await filled({ packFolders: [packFolder, otherFolder] });
    const folder = join(temporaryFolder(), 'out');
    await exportEmbeddings(engine.parts, folder, call.signal, nothing);
    const other = await openEngine(temporaryFolder(), { packFolders: [otherFolder], pack: 'tiny@0.2.0' });
    onTestFinished(() => other.close());
    await expect(importEmbeddings(other.parts, folder, call.signal, nothing)).rejects.toMatchObject({ code: 'cases/other-pack' });
    const bytes = readFileSync(join(folder, 'views.npy'));
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(join(folder, 'views.npy'), bytes);
    await expect(importEmbeddings(engine.parts, folder, call.signal, nothing)).rejects.toMatchObject({ code: 'cases/bad-export', about: { subject: 'views.npy' } });
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(join(folder, 'views.npy'), bytes);
    engine.parts.store.db.run("UPDATE archive_case SET report = 'Changed here.' WHERE id = '2.25.91'");
    expect(await importEmbeddings(engine.parts, folder, call.signal, nothing)).toMatchObject({ added: 0, alreadyThere: count - 1, different: ['2.25.91'] });
    rmSync(join(folder, 'archive.json'));
    await expect(importEmbeddings(engine.parts, folder, call.signal, nothing)).rejects.toMatchObject({ code: 'cases/bad-export', about: { subject: 'archive.json' } });
    await expect(exportEmbeddings(engine.parts, folder, call.signal, nothing)).rejects.toMatchObject({ code: 'store/open-failed' });
  });
});

describe('another pack', () => {
  test('encodes the archive beside the one in use, which answers all the while; their vectors never meet', async () => {
    const { engine } = await filled({ packFolders: [packFolder, otherFolder] });
    const { db } = engine.parts.store;
    const before = await engine.searchText('No mass is seen.', count, call.signal);
    const answers = [];
    for await (const event of engine.reembedArchive('tiny@0.2.0', call.signal)) {
      if (event.kind === 'progress') answers.push(await engine.searchText('No mass is seen.', count, call.signal));
      if (event.kind === 'done') expect(event).toMatchObject({ encoded: count, failed: 0, pack: 'tiny@0.2.0' });
    }
    expect(answers).toEqual(Array.from({ length: count }, () => before));
    for (const kind of ['view', 'sentence']) expect(db.all(`SELECT pack, count(*) AS n FROM ${kind}_embedding GROUP BY pack ORDER BY pack`)).toEqual([{ pack: 'tiny@0.1.0', n: count }, { pack: 'tiny@0.2.0', n: count }]);
    // The same graphs, so the same numbers: read again where the studies lie.
    expect(vectorsOfCase(db, 'views', 'tiny@0.2.0', '2.25.93')).toEqual(vectorsOfCase(db, 'views', 'tiny@0.1.0', '2.25.93'));
  });

  test('names the cases whose images are gone, and stops and goes on like any other run', async () => {
    const { engine, source } = await filled({ packFolders: [packFolder, otherFolder] });
    renameSync(join(source, 's2'), join(temporaryFolder(), 'away'));
    const events = await drain(engine.reembedArchive('tiny@0.2.0', call.signal));
    expect(events.filter((event) => event.kind === 'problem').map((event) => [event.case, event.error.code])).toEqual([['2.25.92', 'import/not-found']]);
    expect(events.at(-1)).toMatchObject({ kind: 'done', encoded: count - 1, failed: 1 });
  });
});

describe('words and alignment in one ranking', () => {
  test('places are fused as Cormack and others have it, and what only one ranking holds comes too', () => {
    expect(fuseRankings([['a', 'b', 'c'], ['c', 'd']]).map(({ id, ranks, score }) => [id, ranks, score.toFixed(6)])).toEqual([
      ['c', [3, 1], (1 / 63 + 1 / 61).toFixed(6)], ['a', [1, null], (1 / 61).toFixed(6)], ['b', [2, null], (1 / 62).toFixed(6)], ['d', [null, 2], (1 / 62).toFixed(6)],
    ]);
  });

  test('a report with the words comes before one that is only like it; similarities stay those of the alignment; filters hold', async () => {
    const { engine } = await filled();
    const plain = await engine.searchText('No mass is seen.', count, call.signal);
    const fused = await engine.searchText('No mass is seen.', count, call.signal, undefined, { withWords: 'ring enhancing' });
    expect(fused[0]).toMatchObject({ case: '2.25.90', ranks: { words: 1 } });
    expect(new Map(fused.map((item) => [item.case, item.similarity]))).toEqual(new Map(plain.map((item) => [item.case, item.similarity])));
    expect(fused.find((item) => item.case === '2.25.94')!.ranks).toMatchObject({ words: 2 });
    expect(await engine.searchText('No mass is seen.', count, call.signal, { words: 'artefact' }, { withWords: 'ring' })).toMatchObject([{ case: '2.25.94', ranks: { vectors: 1, words: 1 } }]);
    expect(await engine.searchText('No mass is seen.', 2, call.signal, undefined, { withWords: '"" ()' })).toEqual(plain.slice(0, 2));
    expect(await engine.searchText('No mass is seen.', 3, call.signal, undefined, { proven: true })).toEqual(plain.slice(0, 3));
  });
});

describe('removal', () => {
  test('by accession number takes every trace, and a later import does not bring it back', async () => {
    const { engine, source } = await filled();
    const { db } = engine.parts.store;
    await engine.searchText('No mass is seen.', count, call.signal);
    expect(() => engine.removeCases(['A1', 'nobody'])).toThrow(/neither a case nor an archived study/);
    expect(engine.removeCases(['A1'])).toEqual(['2.25.91']);
    for (const table of ['archive_case WHERE id', 'view_embedding WHERE case_id', 'sentence_embedding WHERE case_id', 'sentence WHERE case_id']) expect(db.all(`SELECT 1 FROM ${table} = '2.25.91'`)).toEqual([]);
    expect((await engine.searchText('No mass is seen.', count, call.signal)).map((item) => item.case)).not.toContain('2.25.91');
    const again = (await drain(engine.importArchive({ studies: [source], reports: [join(source, 'r.csv')], encoding: null, removeIdentifiers: false, acceptT1: false, anyway: false, retry: true, rescan: true }, call.signal))).at(-1)!;
    expect(again).toMatchObject({ kind: 'done', summary: { encoded: 0, alreadyThere: count - 1 } });
  });
});
