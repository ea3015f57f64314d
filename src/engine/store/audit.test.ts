import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { sqlite } from '../../native/sqlite.ts';
import { silentLog } from '../../testing/engineForTests.ts';
import { temporaryFolder } from '../../testing/temporaryFolder.ts';
import { verifyTrail } from '../services/auditing.ts';
import { auditPage, recordAudit, studyMark } from './audit.ts';
import { hashOf, verifyChain, type AuditEntry, type ChainVerdict } from './auditChain.ts';
import { headFileName, readHead } from './auditHead.ts';
import { chainEntries } from './auditRows.ts';
import type { Database } from './database.ts';
import { migrate } from './migrate.ts';
import { openStore } from './openStore.ts';

const clock = { now: () => new Date('2026-01-05T09:00:00Z') };
const open = (dataDir: string) => openStore({ dataDir, database: sqlite, clock, log: silentLog });

/** A data folder whose trail holds `count` entries. */
async function folderWith(count: number): Promise<string> {
  const dataDir = temporaryFolder();
  const store = await open(dataDir);
  for (let n = 1; n <= count; n++) recordAudit(store.db, clock, 'searched', { by: 'text', found: n }, n % 2 ? 'reader-1' : undefined);
  await store.close();
  return dataDir;
}

/** Does to the database of a closed folder what an intruder with SQL does: triggers away first. */
function tamper(dataDir: string, work: (db: Database) => void): void {
  const db = sqlite.open(join(dataDir, 'brat.sqlite'));
  for (const { name } of db.all<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'audit_event'")) db.exec(`DROP TRIGGER ${name}`);
  work(db);
  db.close();
}

function verdictOf(dataDir: string): ChainVerdict {
  const db = sqlite.open(join(dataDir, 'brat.sqlite'));
  try {
    return verifyTrail(db, join(dataDir, headFileName));
  } finally {
    db.close();
  }
}

/** Writes hashes anew from the first entry on, as someone would who knows how. */
function rehash(db: Database): void {
  let before = '0'.repeat(64);
  for (const entry of [...chainEntries(db)]) {
    before = hashOf(entry, before);
    db.run('UPDATE audit_event SET hash = ? WHERE sequence = ?', before, entry.sequence);
  }
}

describe('the audit chain', () => {
  test('is whole as written, and SQL alone can neither change nor remove nor slip in an entry', async () => {
    const dataDir = await folderWith(5);
    expect(verdictOf(dataDir)).toMatchObject({ entries: 5, broken: null, clockSetBackAt: [], unwatchedBefore: [] });
    const db = sqlite.open(join(dataDir, 'brat.sqlite'));
    onTestFinished(() => { db.close(); });
    const row = "'2026-01-05T09:00:00.000Z', 'searched', 'system', '{}', 'x'";
    for (const sql of ["UPDATE audit_event SET actor = 'x'", 'DELETE FROM audit_event WHERE sequence = 5', `INSERT OR REPLACE INTO audit_event VALUES (3, ${row})`, `INSERT INTO audit_event VALUES (9, ${row})`]) expect(() => db.run(sql), sql).toThrow();
    expect(verifyChain(chainEntries(db), [])).toMatchObject({ entries: 5, broken: null });
  });

  test.each<[what: string, work: (db: Database) => void, first: number]>([
    ['a changed time', (db) => db.run("UPDATE audit_event SET at = '2026-01-05T09:00:01.000Z' WHERE sequence = 3"), 3],
    ['another reader', (db) => db.run("UPDATE audit_event SET actor = 'reader-2' WHERE sequence = 3"), 3],
    ['another kind', (db) => db.run("UPDATE audit_event SET kind = 'exported' WHERE sequence = 1"), 1],
    ['a changed count', (db) => db.run(`UPDATE audit_event SET detail = '{"by":"text","found":7}' WHERE sequence = 6`), 6],
    ['a removed entry', (db) => db.run('DELETE FROM audit_event WHERE sequence = 4'), 4],
    ['the first entry removed', (db) => db.run('DELETE FROM audit_event WHERE sequence = 1'), 1],
    ['two entries in each other’s place', (db) => { db.run('UPDATE audit_event SET sequence = 100 WHERE sequence = 2'); db.run('UPDATE audit_event SET sequence = 2 WHERE sequence = 3'); db.run('UPDATE audit_event SET sequence = 3 WHERE sequence = 100'); }, 2],
    ['the end cut off', (db) => db.run('DELETE FROM audit_event WHERE sequence > 4'), 5],
    ['all of it removed', (db) => db.run('DELETE FROM audit_event'), 1],
    ['an entry changed and every hash after it made anew', (db) => { db.run("UPDATE audit_event SET actor = 'reader-2' WHERE sequence = 3"); rehash(db); }, 6],
    ['an entry removed, the rest renumbered and hashed anew', (db) => { db.run('DELETE FROM audit_event WHERE sequence = 3'); for (const n of [4, 5, 6]) db.run('UPDATE audit_event SET sequence = ? WHERE sequence = ?', n - 1, n); rehash(db); }, 6],
  ])('shows %s', async (_, work, first) => {
    const dataDir = await folderWith(6);
    tamper(dataDir, work);
    expect(verdictOf(dataDir).broken?.sequence).toBe(first);
  });

  test('shows the change of any one character of any field of any entry', async () => {
    const dataDir = await folderWith(3);
    const db = sqlite.open(join(dataDir, 'brat.sqlite'));
    const entries = [...chainEntries(db)];
    db.close();
    for (const [at, entry] of entries.entries()) {
      for (const field of ['at', 'kind', 'actor', 'detail', 'hash'] as const) {
        for (let position = 0; position < entry[field].length; position++) {
          const changed: AuditEntry = { ...entry, [field]: `${entry[field].slice(0, position)}${entry[field][position] === '1' ? '2' : '1'}${entry[field].slice(position + 1)}` };
          expect(verifyChain(entries.with(at, changed), []).broken?.sequence, `${field} ${position}`).toBe(entry.sequence);
        }
      }
    }
  });

  test('a loss found at a start is told in the chain itself, so that going on does not cover it up', async () => {
    const dataDir = await folderWith(6);
    const head = readHead(join(dataDir, headFileName));
    tamper(dataDir, (db) => db.run('DELETE FROM audit_event WHERE sequence > 4'));
    const store = await open(dataDir);
    for (let n = 0; n < 3; n++) recordAudit(store.db, clock, 'searched', { by: 'text', found: n });
    expect(auditPage(store.db, { before: 6, limit: 1, study: null }).entries[0]).toMatchObject({ sequence: 5, kind: 'audit.lost', detail: JSON.stringify({ expected: 6, expectedHash: head!.hash, found: 4 }) });
    await store.close();
    expect(verdictOf(dataDir)).toMatchObject({ entries: 8, broken: { sequence: 5 } });
  });

  test('a trail found without a head kept aside says from where on it is watched', async () => {
    const dataDir = await folderWith(4);
    rmSync(join(dataDir, headFileName));
    await (await open(dataDir)).close();
    expect(verdictOf(dataDir)).toMatchObject({ entries: 5, broken: null, unwatchedBefore: [5] });
  });

  test('a head that lies behind, as after a kill, is no loss', async () => {
    const dataDir = await folderWith(4);
    const behind = readFileSync(join(dataDir, headFileName));
    const store = await open(dataDir);
    recordAudit(store.db, clock, 'searched', { by: 'text', found: 1 });
    await store.close();
    writeFileSync(join(dataDir, headFileName), behind);
    await (await open(dataDir)).close();
    expect(verdictOf(dataDir)).toMatchObject({ entries: 5, broken: null });
    expect(readHead(join(dataDir, headFileName))?.sequence).toBe(5);
  });

  test('an older copy of the database in the place of the newer one is missed', async () => {
    const dataDir = await folderWith(2);
    const copy = join(temporaryFolder(), 'copy.sqlite');
    copyFileSync(join(dataDir, 'brat.sqlite'), copy);
    const store = await open(dataDir);
    recordAudit(store.db, clock, 'exported', { format: 'pdf' });
    await store.close();
    copyFileSync(copy, join(dataDir, 'brat.sqlite'));
    expect(verdictOf(dataDir)).toMatchObject({ broken: { sequence: 3 } });
  });

  test('the head follows what is committed, within the same turn, and nothing that was rolled back', async () => {
    const dataDir = temporaryFolder();
    const store = await open(dataDir);
    const file = join(dataDir, headFileName);
    store.db.transaction(() => { recordAudit(store.db, clock, 'import', {}); recordAudit(store.db, clock, 'index', {}); });
    await Promise.resolve();
    expect(readHead(file)?.sequence).toBe(2);
    expect(() => store.db.transaction(() => { recordAudit(store.db, clock, 'import', {}); throw new Error('no'); })).toThrow('no');
    await Promise.resolve();
    expect(readHead(file)?.sequence).toBe(2);
    await store.close();
    expect(existsSync(`${file}.part`)).toBe(false);
  });

  test('a clock that is set back is told and breaks nothing', async () => {
    const dataDir = temporaryFolder();
    const store = await open(dataDir);
    for (const day of ['05', '06', '01', '02']) recordAudit(store.db, { now: () => new Date(`2026-01-${day}T00:00:00Z`) }, 'import', {});
    await store.close();
    expect(verdictOf(dataDir)).toMatchObject({ entries: 4, broken: null, clockSetBackAt: [3] });
  });

  test('a head that cannot be written loses no entry', async () => {
    const dataDir = temporaryFolder();
    const warn = vi.fn();
    const store = await openStore({ dataDir, database: sqlite, clock, log: { ...silentLog, warn } });
    // A folder in the place of the passing file, as a full disk would refuse it.
    mkdirSync(join(dataDir, `${headFileName}.part`));
    recordAudit(store.db, clock, 'import', {});
    await Promise.resolve();
    expect(warn).toHaveBeenCalledWith('audit.head-not-written', { code: 'EISDIR' });
    rmSync(join(dataDir, `${headFileName}.part`), { recursive: true });
    await store.close();
    expect(verdictOf(dataDir)).toMatchObject({ entries: 1, broken: null });
  });

  test('entries of a folder from before the chain are chained in their order', async () => {
    const dataDir = temporaryFolder();
    const db = sqlite.open(join(dataDir, 'brat.sqlite'));
    migrate(db, 3);
    for (const [id, kind] of [[1, 'import'], [4, 'index'], [9, 'analysis']] as const) db.run('INSERT INTO audit_event (id, at, kind, detail) VALUES (?, ?, ?, ?)', id, `2025-12-0${id}T00:00:00.000Z`, kind, '{"n":1}');
    db.close();
    const store = await open(dataDir);
    expect([...chainEntries(store.db)].map(({ sequence, kind, actor }) => [sequence, kind, actor])).toEqual([[1, 'import', 'system'], [2, 'index', 'system'], [3, 'analysis', 'system']]);
    await store.close();
    expect(verdictOf(dataDir)).toMatchObject({ entries: 3, broken: null, unwatchedBefore: [] });
  });

  test('pages are newest first, and a study is found by its UID though the trail does not hold it', async () => {
    const store = await open(temporaryFolder());
    for (let n = 1; n <= 7; n++) recordAudit(store.db, clock, 'study.opened', { study: studyMark(n % 2 ? '1.2.3' : '1.2.4') });
    const first = auditPage(store.db, { before: null, limit: 2, study: '1.2.3' });
    expect([first.total, first.entries.map(({ sequence }) => sequence)]).toEqual([4, [7, 5]]);
    expect(auditPage(store.db, { before: 5, limit: 9, study: '1.2.3' }).entries.map(({ sequence }) => sequence)).toEqual([3, 1]);
    expect(JSON.stringify([...chainEntries(store.db)])).not.toContain('1.2.3');
    await store.close();
  });
});
