/** `brat quality` on a data folder with signed reports, in text, as JSON and as a file. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Papa from 'papaparse';
import { expect, test } from 'vitest';
import type { QualitySummary } from '../shared/contract.ts';
import { runBrat } from '../testing/bratCommand.ts';
import { openEngine } from '../testing/engineForTests.ts';
import { decided, draftFor, storeSigned } from '../testing/signedReports.ts';
import { temporaryFolder } from '../testing/temporaryFolder.ts';

test('figures in words, as JSON and as a table; months that are none, and a folder without data, are refused', async () => {
  const [dataDir, out] = [temporaryFolder(), temporaryFolder()];
  const engine = await openEngine(dataDir);
  const draft = draftFor(['There is hydrocephalus.', 'No mass is seen.']);
  for (const [n, month] of ['2026-01', '2026-02', '2026-02'].entries()) {
    storeSigned(engine.parts.store.db, { study: `2.25.${n}`, draft, sentences: decided(draft, [null, true]), openedAt: `${month}-01T09:00:00.000Z`, signedAt: `${month}-01T09:02:00.000Z` });
  }
  // Also while the folder is in use.
  const told = await runBrat(['quality'], { dataDir });
  await engine.close();
  expect(told.out).toContain('3 signed reports, 3 of them with a draft');
  expect(told.out).toContain('tiny@1.0.0 (synthetic), 2026-02: 2 reports  [fewer than 10: too few to judge]');
  expect(told.out).toContain('of 4 drafted sentences kept 2 (50 %), edited 0, rejected 2');

  const file = join(out, 'quality.csv');
  const ended = await runBrat(['quality', '--from', '2026-02', '--to', '2026-06', '--pack', 'tiny', '--csv', file, '--json'], { dataDir });
  expect((JSON.parse(ended.out) as QualitySummary).groups.map(({ month, reports, reportsMadeUp }) => [month, reports, reportsMadeUp])).toEqual([['2026-02', 2, 2]]);
  const { data } = Papa.parse<Record<string, string>>(readFileSync(file, 'utf8'), { header: true, skipEmptyLines: true });
  expect(data).toEqual([expect.objectContaining({ pack: 'tiny@1.0.0', month: '2026-02', reports: '2', sentences_rejected: '2', hydrocephalus_made_up: '2' })]);

  for (const [args, words] of [[['--from', '2026-13'], '--from: a month is written as 2026-01'], [['--from', '2026-03', '--to', '2026-01'], 'the first month is after the last one']] as const) {
    const refused = await runBrat(['quality', ...args], { dataDir });
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining(words)]);
  }
  expect((await runBrat(['quality'], { dataDir: out })).err).toContain('store/open-failed');
});
