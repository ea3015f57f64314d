/** Figures of the quality board counted by hand, over reports in a real store and over one signed by the real service. */
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import Papa from 'papaparse';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { QualityGroup, QualityQuery } from '../../shared/contract.ts';
import { call, drain, openEngine } from '../../testing/engineForTests.ts';
import { writePhantomStudy } from '../../testing/phantomStudy.ts';
import { sentence } from '../../testing/reportSentences.ts';
import { decided, draftFor, draftingPack, flagOn, storeSigned } from '../../testing/signedReports.ts';
import { temporaryFolder } from '../../testing/temporaryFolder.ts';
import { makeTinyPack } from '../../testing/tinyPack.ts';
import type { Engine } from '../create.ts';

let engine: Engine;
beforeEach(async () => { engine = await openEngine(temporaryFolder()); });
afterEach(() => engine.close());

const summary = async (query: QualityQuery = {}) => engine.handlers['quality.summary'](query, call);
const csv = async (query: QualityQuery = {}): Promise<Record<string, string>[]> => {
  const { bytes } = await engine.handlers['quality.csv'](query, call);
  return Papa.parse<Record<string, string>>(new TextDecoder().decode(bytes), { header: true, skipEmptyLines: true }).data;
};
const only = (group: QualityGroup | undefined): Record<string, [missed: number, madeUp: number]> =>
  Object.fromEntries(group!.findings.filter(({ missed, madeUp }) => missed + madeUp > 0).map(({ question, missed, madeUp }) => [question, [missed, madeUp]]));

const massDraft = draftFor([
  'There is a ring-enhancing mass in the left frontal lobe.', 'There is no midline shift.', 'There is hydrocephalus.*', 'The ventricles are unchanged compared to the prior study.',
]);
const newer = { ...draftingPack, version: '2.0.0', uncalibrated: true };

/** Two reports with a draft and one without in January, two in February, of which one is of another version; an addendum. */
function fill(): void {
  const { db } = engine.parts.store;
  storeSigned(db, {
    study: '2.25.1', draft: massDraft, openedAt: '2026-01-05T09:00:00.000Z', signedAt: '2026-01-05T09:10:00.000Z',
    sentences: [
      sentence('t', 'MRI with contrast.', { section: 'technique', origin: 'template', original: 'MRI with contrast.' }),
      ...decided(massDraft, [true, 'There is a midline shift of 4 mm.', null, true]),
      sentence('i', 'High-grade glioma.', { section: 'impression' }),
    ],
    flags: [flagOn('prior-wording', 's3', true)],
  });
  storeSigned(db, {
    study: '2.25.2', draft: massDraft, openedAt: '2026-01-31T23:50:00.000Z', signedAt: '2026-01-31T23:55:00.000Z',
    sentences: decided(massDraft, [true, true, true, true]), flags: [flagOn('unsupported', 's2'), flagOn('prior-wording', 's3')],
  });
  storeSigned(db, { study: '2.25.3', openedAt: '2026-01-07T09:00:00.000Z', signedAt: '2026-01-07T09:15:00.000Z', sentences: [sentence('a', 'Mass on the left.')], flags: [flagOn('wrong-side', 'a')] });
  const contradicting = draftFor(['There is an enhancing mass in the right temporal lobe.', 'There is no enhancing lesion.']);
  storeSigned(db, {
    study: '2.25.4', draft: contradicting, openedAt: '2026-02-01T00:00:00.000Z', signedAt: '2026-02-01T00:01:40.000Z',
    sentences: [...decided(contradicting, [true, null]), sentence('b', 'There is an enhancing lesion in the left occipital lobe.')],
  });
  const unsupported = draftFor(['There is hydrocephalus.*'], newer);
  storeSigned(db, { study: '2.25.5', draft: unsupported, openedAt: '2026-02-02T10:00:00.000Z', signedAt: '2026-02-02T09:00:00.000Z', sentences: [...decided(unsupported, [null]), sentence('n', 'Normal study.')] });
  storeSigned(db, { study: '2.25.1', number: 2, openedAt: '2026-02-03T09:00:00.000Z', signedAt: '2026-02-03T09:30:00.000Z', sentences: [sentence('x', 'There is hydrocephalus after all.')] });
}

test('without a signed report there is nothing to judge, and a table of columns alone', async () => {
  expect(await summary()).toEqual({ months: null, reports: 0, withDraft: 0, withoutDraft: 0, groups: [], packs: [] });
  expect(await csv()).toEqual([]);
});

describe('reports counted by hand', () => {
  beforeEach(fill);

  test('are added up by pack and month, without addenda', async () => {
    const { groups, packs, ...rest } = await summary();
    expect(rest).toEqual({ months: { first: '2026-01', last: '2026-02' }, reports: 5, withDraft: 4, withoutDraft: 1 });
    expect(groups.map(({ pack, month, reports }) => [pack?.version ?? null, month, reports])).toEqual([['1.0.0', '2026-01', 2], ['1.0.0', '2026-02', 1], ['2.0.0', '2026-02', 1], [null, '2026-01', 1]]);
    expect(packs.map(({ pack, month, reports, tooFew }) => [pack?.version ?? null, month, reports, tooFew])).toEqual([['1.0.0', null, 3, true], ['2.0.0', null, 1, true], [null, null, 1, true]]);
  });

  test('sentences and words: kept, edited, rejected, added, and the share of the words that changed', async () => {
    const { groups } = await summary();
    expect(groups.map(({ sentences }) => sentences)).toEqual([
      { kept: 6, edited: 1, rejected: 1, added: 2 }, { kept: 1, edited: 0, rejected: 1, added: 1 }, { kept: 0, edited: 0, rejected: 1, added: 1 }, { kept: 0, edited: 0, rejected: 0, added: 1 },
    ]);
    // 27 words became 27 by four exchanges; the second report is as its draft was.
    const [half] = groups;
    expect(half!.changedShare!.median).toBeCloseTo(4 / 27 / 2, 12);
    expect(groups[3]!.changedShare).toBeNull();
    // Of 20 words, one was exchanged (no, an) and five were added (in the left occipital lobe).
    expect(groups[1]!.changedShare!.median).toBeCloseTo(6 / 20, 12);
  });

  test('flags: set aside, confirmed, and followed by a change of their sentence', async () => {
    const [january, february, other, without] = (await summary()).groups;
    expect(january!.flags).toEqual({ dismissed: 1, confirmed: 2, actedOn: 1 });
    expect(january!.flagsByKind.unsupported).toEqual({ dismissed: 0, confirmed: 1, actedOn: 1 });
    expect(january!.flagsByKind['prior-wording']).toEqual({ dismissed: 1, confirmed: 1, actedOn: 0 });
    expect(february!.flagsByKind.contradiction).toEqual({ dismissed: 0, confirmed: 0, actedOn: 1 });
    expect(other!.flags).toEqual({ dismissed: 0, confirmed: 0, actedOn: 0 }); // no threshold was measured: nothing was flagged
    expect(without!.flags).toEqual({ dismissed: 0, confirmed: 1, actedOn: 0 });
  });

  test('findings the draft missed and made up', async () => {
    const [january, february, other, without] = (await summary()).groups;
    expect(only(january)).toEqual({ shift: [1, 0], hydrocephalus: [0, 1] });
    expect([january!.reportsMissed, january!.reportsMadeUp]).toEqual([1, 1]);
    // One lesion on each side: no side has more any longer, which is a detail and no finding made up.
    expect(only(february)).toEqual({ locations: [1, 0], side: [0, 1] });
    expect([february!.reportsMissed, february!.reportsMadeUp]).toEqual([1, 0]);
    expect([other!.reportsMissed, other!.reportsMadeUp]).toEqual([0, 1]);
    expect(only(without)).toEqual({});
  });

  test('seconds from opening to signature; none where the clock was set back', async () => {
    const [january, , other, without] = (await summary()).groups;
    expect(january!.seconds).toEqual({ lower: 375, median: 450, upper: 525 });
    expect([other!.seconds, other!.withoutSeconds]).toEqual([null, 1]);
    expect(without!.seconds!.median).toBe(900);
  });

  test('months and packs are chosen', async () => {
    expect((await summary({ from: '2026-02' })).groups).toHaveLength(2);
    expect((await summary({ to: '2026-01' })).reports).toBe(3);
    expect((await summary({ pack: 'tiny' })).reports).toBe(4);
    expect((await summary({ pack: 'tiny@2.0.0' })).groups.map(({ pack }) => pack!.version)).toEqual(['2.0.0']);
    expect((await summary({ pack: 'another' })).reports).toBe(0);
  });

  test('the table says the same, a row a group', async () => {
    const rows = await csv();
    expect(rows.map(({ pack, month, reports, draft, too_few_to_judge: few }) => [pack, month, reports, draft, few])).toEqual([
      ['tiny@1.0.0', '2026-01', '2', 'yes', 'yes'], ['tiny@1.0.0', '2026-02', '1', 'yes', 'yes'], ['tiny@2.0.0', '2026-02', '1', 'yes', 'yes'], ['', '2026-01', '1', 'no', 'yes'],
    ]);
    expect(rows[0]).toMatchObject({ training: 'synthetic', sentences_kept: '6', sentences_rejected: '1', flags_acted_on: '1', flags_unsupported_confirmed: '1', flags_wrong_side_acted_on: '', seconds_median: '450', shift_missed: '1', hydrocephalus_made_up: '1' });
    expect(rows[2]).toMatchObject({ seconds_median: '', reports_without_seconds: '1' });
    expect(await csv({ from: '2026-02', pack: 'tiny@1.0.0' })).toHaveLength(1);
  });

  test('a report that is not what was signed stops the count', async () => {
    const { db } = engine.parts.store;
    db.run('DROP TRIGGER signed_report_kept');
    db.run("UPDATE signed_report SET document = replace(document, 'glioma', 'oedema')");
    await expect(summary()).rejects.toMatchObject({ code: 'store/damaged' });
  });
});

test('ten reports are enough to judge, and a report signed meanwhile joins those counted before', async () => {
  const draft = draftFor(['Normal study.']);
  for (let n = 1; n <= 45; n++) {
    storeSigned(engine.parts.store.db, { study: `2.25.${n}`, draft, sentences: decided(draft, [true]), openedAt: '2026-03-01T09:00:00.000Z', signedAt: new Date(Date.UTC(2026, 2, 1, 9, 0, 10 * n)).toISOString() });
  }
  expect((await summary()).reports).toBe(45);
  storeSigned(engine.parts.store.db, { study: '2.25.46', draft, sentences: decided(draft, [null]), openedAt: '2026-03-01T09:00:00.000Z', signedAt: '2026-03-01T09:07:40.000Z' });
  const { groups: [group] } = await summary();
  expect([group!.reports, group!.tooFew]).toEqual([46, false]);
  expect(group!.seconds).toEqual({ lower: 122.5, median: 235, upper: 347.5 });
});

test('a report that was drafted, decided on and signed through the service counts as it was decided', async () => {
  const { folder } = await makeTinyPack();
  const packs = `${folder}-packs`;
  mkdirSync(packs);
  renameSync(folder, join(packs, basename(folder)));
  const [dataDir, source, study] = [temporaryFolder(), temporaryFolder(), '2.25.77'];
  await writePhantomStudy(source, { uid: study, series: ['t1c'] });
  let now = Date.UTC(2026, 0, 5, 9);
  const real = await openEngine(dataDir, { packFolders: [packs], pack: 'tiny', clock: { now: () => new Date(now) } });
  try {
    await drain(real.importPaths([source], call.signal));
    await drain(real.handlers['study.analyse']({ study, force: false }, call));
    await real.handlers['readers.add']({ name: 'Dr Ada', role: 'radiologist', passphrase: 'correct horse battery' }, call);
    const opened = (await real.handlers['report.open']({ study }, call))!;
    const taken = (await real.handlers['report.takeDraft']({ study, revision: opened.revision, looked: { seen: 8, of: 8 } }, call)).report;
    const drafted = taken.content.sentences.length;
    expect(drafted).toBeGreaterThan(0);
    const [first, ...others] = taken.content.sentences;
    const content = { ...taken.content, sentences: [{ ...first!, state: 'edited' as const, text: 'The reader put it in other words.' }, ...others.map((each) => ({ ...each, state: 'accepted' as const })), sentence('own', 'Of the reader.')] };
    const { report } = await real.handlers['report.save']({ study, revision: taken.revision, content, base: taken.content }, call);
    const { flags } = await real.handlers['report.check']({ study }, call);
    now += 90_000;
    await real.handlers['report.sign']({ study, revision: report.revision, confirmed: flags.map(({ id }) => id), passphrase: 'correct horse battery' }, call);
    const { groups: [group], withDraft } = await real.handlers['quality.summary']({}, call);
    expect([withDraft, group!.pack?.id, group!.month, group!.seconds?.median]).toEqual([1, 'tiny', '2026-01', 90]);
    expect(group!.sentences).toEqual({ kept: drafted - 1, edited: 1, rejected: 0, added: 1 });
    expect(group!.flags.confirmed).toBe(flags.length);
    await real.handlers['session.lock']({}, call);
    await expect(Promise.resolve().then(() => real.handlers['quality.summary']({}, call))).rejects.toMatchObject({ code: 'reader/not-signed-in' });
  } finally {
    await real.close();
    rmSync(packs, { recursive: true, force: true });
  }
});
