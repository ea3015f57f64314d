/** `brat audit` on a folder in which something was done, whole and tampered with. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Papa from 'papaparse';
import { expect, test } from 'vitest';
import { sqlite } from '../native/sqlite.ts';
import { runBrat } from '../testing/bratCommand.ts';
import { call, openEngine } from '../testing/engineForTests.ts';
import { writePhantomStudy } from '../testing/phantomStudy.ts';
import { temporaryFolder } from '../testing/temporaryFolder.ts';
import type { AuditVerdict } from '../shared/contract.ts';

const json = (text: string): unknown => JSON.parse(text);

test('the trail of real work is whole, exported in two forms, and broken by one changed word', async () => {
  const [dataDir, source, out] = [temporaryFolder(), temporaryFolder(), temporaryFolder()];
  const { study } = await writePhantomStudy(source, { series: ['t1c'], uid: '2.25.4711', accession: 'ACC-4711' });
  expect((await runBrat(['import', source], { dataDir })).code).toBe(0);
  const engine = await openEngine(dataDir);
  for (let n = 0; n < 2; n++) await engine.handlers['study.get']({ study }, call);
  // Also while the folder is in use.
  const shown = json((await runBrat(['audit', 'show', '--study', study, '--json'], { dataDir })).out) as { total: number; entries: { kind: string }[] };
  expect([shown.total, shown.entries[0]?.kind]).toEqual([1, 'study.opened']);
  await engine.handlers['study.remove']({ study }, call);
  await engine.close();

  const verified = await runBrat(['audit', 'verify', '--json'], { dataDir });
  expect(verified.code).toBe(0);
  const verdict = json(verified.out) as AuditVerdict;
  expect(verdict.broken).toBeNull();

  const [csv, atna] = [join(out, 'trail.csv'), join(out, 'trail.json')];
  for (const [format, file] of [['csv', csv], ['atna', atna]]) expect((await runBrat(['audit', 'export', '--format', format!, '--out', file!], { dataDir })).code).toBe(0);
  const rows = Papa.parse<Record<string, string>>(readFileSync(csv, 'utf8'), { header: true, skipEmptyLines: true }).data;
  let before = '0'.repeat(64);
  for (const { sequence, at, kind, by, detail, sha256 } of rows) {
    before = createHash('sha256').update(`${before}\n${JSON.stringify([Number(sequence), at, kind, by, detail])}`).digest('hex');
    expect(sha256).toBe(before);
  }
  expect(before).toBe(verdict.head.hash);
  const { AuditMessages: messages } = json(readFileSync(atna, 'utf8')) as { AuditMessages: { EventIdentification: { EventID: { 'csd-code': string } } }[] };
  expect(messages.map(({ EventIdentification: { EventID } }) => EventID['csd-code'])).toEqual(expect.arrayContaining(['110107', '110103', '110105', '110101']));
  for (const file of [csv, atna]) for (const secret of ['Doe', 'Jane', '2.25.4711', 'ACC-4711']) expect(readFileSync(file, 'latin1')).not.toContain(secret);

  const db = sqlite.open(join(dataDir, 'brat.sqlite'));
  db.exec("DROP TRIGGER audit_event_stays; UPDATE audit_event SET actor = 'somebody' WHERE sequence = 2");
  db.close();
  const broken = await runBrat(['audit', 'verify'], { dataDir });
  expect(broken.code).toBe(1);
  expect(broken.err).toContain('broken at entry 2');
  // A head noted before is missed as well.
  expect((await runBrat(['audit', 'verify', '--head', `99:${'a'.repeat(64)}`], { dataDir })).code).toBe(1);
});
