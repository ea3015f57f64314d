/**
 * A reader's work killed at random moments of typing, deciding, setting flags aside and signing: what was confirmed is there, word for
 * word; no report is half signed; the audit trail verifies. BRAT_KILL_ROUNDS=500 kills it as often.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ReportContent } from '../../shared/contract.ts';
import { call, drain, openEngine } from '../../testing/engineForTests.ts';
import { writePhantomStudy } from '../../testing/phantomStudy.ts';
import { killReader, type ReportKillWork, type ReportStep, type ReportTold } from '../../testing/reportKillChild.ts';
import { temporaryFolder } from '../../testing/temporaryFolder.ts';
import { makeTinyPack } from '../../testing/tinyPack.ts';
import { workAndDie } from '../../testing/workAndDie.ts';
import type { Engine } from '../create.ts';
import { searchableSentences } from '../report/content.ts';
import { studyMark } from '../store/audit.ts';
import { findReport, signedReports } from '../store/reports.ts';

let packFolder = '';
beforeAll(async () => { packFolder = (await makeTinyPack()).folder; });
afterAll(() => { rmSync(packFolder, { recursive: true, force: true }); });

const rounds = Number(process.env['BRAT_KILL_ROUNDS'] ?? 5);
const studies = ['2.25.81', '2.25.82', '2.25.83'];
const child = new URL('../../testing/reportKillChild.ts', import.meta.url);
const open = (dataDir: string): Promise<Engine> => openEngine(dataDir, { packFolders: [packFolder], pack: 'tiny' });

/** What is known of a study's reports: confirmed, and perhaps one step that was under way. */
interface Known {
  /** Of the report in progress; null content where it is known to be there and nothing of it was saved. */
  saved: { number: number; revision: number; content: ReportContent } | null;
  readonly signed: Map<number, string>;
  readonly dismissed: Set<string>;
}

test(`reports whose process was killed ${rounds} times keep all that was confirmed, and none is half signed`, async () => {
  const [dataDir, source] = [temporaryFolder(), temporaryFolder()];
  for (const [n, uid] of studies.entries()) await writePhantomStudy(join(source, String(n)), { uid, accession: `K${n}`, series: ['t1c'], seed: n });
  const first = await open(dataDir);
  await drain(first.importPaths([source], call.signal));
  for (const study of studies) await drain(first.handlers['study.analyse']({ study, force: false }, call));
  await first.handlers['readers.add']({ ...killReader, role: 'radiologist' }, call);
  await first.close();

  const known = new Map<string, Known>(studies.map((study) => [study, { saved: null, signed: new Map(), dismissed: new Set() }]));
  const counted = { save: 0, draft: 0, dismiss: 0, sign: 0, inDoubt: 0 };
  for (let round = 0; round < rounds; round++) {
    const told = await workAndDie<ReportTold>(child, { dataDir, packFolder, studies, seed: round } satisfies ReportKillWork, Math.random() * 1800);
    let doubtful: ReportStep | null = null;
    for (const message of told) {
      if (message === 'ready') continue;
      if ('begins' in message) { doubtful = message.begins; continue; }
      doubtful = null;
      counted[message.did.step] += 1;
      const of = known.get(message.did.study)!;
      if (message.did.step === 'sign') {
        of.signed.set(message.did.number, message.did.digest!);
        of.saved = null;
      } else if (message.did.step === 'dismiss') {
        of.dismissed.add(message.did.flag);
      } else {
        of.saved = { number: message.did.number, revision: message.did.revision, content: message.did.content! };
      }
    }
    if (doubtful !== null) counted.inDoubt += 1;

    const engine = await open(dataDir);
    const { db } = engine.parts.store;
    expect(db.all('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
    expect(db.all('PRAGMA foreign_key_check')).toEqual([]);
    expect(await engine.handlers['audit.verify']({}, call)).toMatchObject({ broken: null });
    for (const [study, of] of known) {
      const mine = doubtful?.study === study ? doubtful : null;
      const inProgress = findReport(db, study) ?? null;
      // Reading them makes their digests again.
      const signed = signedReports(db, study);
      for (const [number, digest] of of.signed) expect(signed.find((each) => each.number === number)?.digest, `round ${round}: signed ${number}`).toBe(digest);
      const extra = signed.filter(({ number }) => !of.signed.has(number));
      if (extra.length > 0) {
        expect(mine).toMatchObject({ step: 'sign', number: extra[0]!.number });
        expect(extra).toHaveLength(1);
        expect(extra[0]!.content).toEqual(of.saved!.content);
        of.signed.set(extra[0]!.number, extra[0]!.digest);
        of.saved = null;
      }
      if (of.saved !== null) {
        const isConfirmed = inProgress?.revision === of.saved.revision;
        if (isConfirmed) {
          expect(inProgress, `round ${round}: what was confirmed`).toMatchObject(of.saved);
        } else {
          expect(mine, `round ${round}: another revision than the confirmed one`).toMatchObject({ number: inProgress!.number, revision: inProgress!.revision });
          if (mine?.step === 'save') expect(inProgress!.content).toEqual(mine.content);
        }
      } else if (inProgress !== null && inProgress.revision > 0) {
        expect(mine, `round ${round}: a report that nobody saved`).toMatchObject({ number: inProgress.number, revision: inProgress.revision });
      }
      // Whole or not there: nothing in progress under a signed number, one case, one entry in the trail for each signature.
      expect(inProgress === null || !of.signed.has(inProgress.number)).toBe(true);
      of.saved = inProgress !== null && inProgress.revision > 0 ? inProgress : null;
      expect(db.all<{ text: string }>('SELECT text FROM sentence WHERE case_id = ? ORDER BY position', study).map(({ text }) => text)).toEqual(searchableSentences(signed.map(({ content }) => content)).slice(0, 64));
      expect(db.get<{ n: number }>("SELECT count(*) AS n FROM audit_event WHERE kind = 'report.signed' AND json_extract(detail, '$.study') = ?", studyMark(study))!.n).toBe(signed.length);
      const dismissed = new Set(db.all<{ flag: string }>('SELECT flag FROM flag_dismissal WHERE study_uid = ?', study).map(({ flag }) => flag));
      for (const flag of of.dismissed) expect(dismissed.has(flag), `round ${round}: a dismissal is lost`).toBe(true);
    }
    await engine.close();
  }
  expect(counted.save).toBeGreaterThan(rounds);
  process.stdout.write(`killed ${rounds} times: ${JSON.stringify(counted)}\n`);
}, Math.max(120_000, rounds * 30_000));
