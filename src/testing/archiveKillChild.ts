/**
 * Start file of a process that is made to be killed while it changes an archive: imports, adds, removes, packs and indexes again,
 * in an order that its seed decides, and tells its parent of each change once it is committed.
 */
import { readdirSync, rmSync } from 'node:fs';
import { packLargeArchive } from '../engine/services/packing.ts';
import { putCase, putVectors } from '../engine/store/cases.ts';
import { randoms } from './tinyPack.ts';
import { openEngine } from './engineForTests.ts';

export interface ArchiveKillWork {
  readonly dataDir: string;
  readonly packFolder: string;
  readonly studies: string;
  readonly reports: string;
  readonly seed: number;
}

export type Told = { readonly begins: 'add' | 'remove'; readonly id: string } | { readonly did: 'add' | 'remove'; readonly id: string } | 'ready';

/** Unit rows that only its number decides, float32 [4, 6]. */
export function vectorsOf(n: number): Float32Array {
  const rows = randoms(24, n + 1);
  for (let row = 0; row < 4; row++) {
    const own = rows.subarray(row * 6, row * 6 + 6);
    const length = Math.hypot(...own);
    own.forEach((value, k) => { own[k] = value / length; });
  }
  return rows;
}

export const killPack = 'tiny@0.1.0';
const tell = (message: Told): void => { process.send?.(message); };

if (process.send && process.argv[2]?.startsWith('{')) {
  const { dataDir, packFolder, studies, reports, seed } = JSON.parse(process.argv[2]) as ArchiveKillWork;
  const { signal } = new AbortController();
  const engine = await openEngine(dataDir, { packFolders: [packFolder], pack: 'tiny' });
  const { store, archive, models } = engine.parts;
  const stamp = await models.stamp();
  let state = (seed * 2654435761) >>> 0;
  const next = (below: number): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % below;
  tell('ready');
  for (;;) {
    const what = next(10);
    if (what < 4) {
      const id = `made-${next(900)}`;
      tell({ begins: 'add', id });
      store.db.transaction(() => {
        putCase(store.db, { id, study: null, report: `Case ${id}. A lesion.`, sentences: [`Case ${id}.`, 'A lesion.'], ageYears: null, sex: '', studyDate: '', demo: false, thumbnail: null }, '2026');
        putVectors(store.db, 'views', killPack, id, 6, vectorsOf(Number(id.slice(5))));
        putVectors(store.db, 'sentences', killPack, id, 6, vectorsOf(Number(id.slice(5))).subarray(0, 12));
      });
      archive.refresh(id, stamp);
      tell({ did: 'add', id });
    } else if (what < 7) {
      const found = store.db.all<{ id: string }>("SELECT id FROM archive_case WHERE id LIKE 'made-%' ORDER BY id");
      if (found.length < 620) continue;
      const { id } = found[next(found.length)]!;
      tell({ begins: 'remove', id });
      engine.removeCases([id]);
      tell({ did: 'remove', id });
    } else if (what === 7) {
      for await (const event of engine.importArchive({ studies: [studies], reports: [reports], encoding: null, removeIdentifiers: next(2) === 0, acceptT1: false, anyway: false, retry: false, rescan: next(2) === 0 }, signal)) if (event.kind === 'left-out') throw new Error(event.item.reason);
    } else if (what === 8) {
      for (const kind of ['views', 'sentences'] as const) await packLargeArchive(store.db, kind, killPack, signal, 600);
    } else {
      // An index that is not there is made again.
      await archive.close();
      if (next(3) === 0) for (const name of readdirSync(store.indexFolder)) rmSync(`${store.indexFolder}/${name}`, { force: true });
      await archive.similar({ by: 'views', vectors: vectorsOf(next(900)), width: 6, pack: stamp, limit: 10, study: null });
      await archive.whenReady();
    }
  }
}
