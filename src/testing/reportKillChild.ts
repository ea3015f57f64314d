/**
 * Start file of a process that is made to be killed while a reader works: types, decides on a draft's sentences, sets flags aside and
 * signs, in an order that its seed decides. Tells its parent of each step before it and once it was confirmed, and waits until the
 * parent's end of the pipe has it, so that at most one step is ever in doubt.
 */
import type { OpenReport, ReportContent, ReportSentence } from '../shared/contract.ts';
import { call, openEngine } from './engineForTests.ts';
import { sentence } from './reportSentences.ts';

export interface ReportKillWork {
  readonly dataDir: string;
  readonly packFolder: string;
  readonly studies: readonly string[];
  readonly seed: number;
}

export const killReader = { name: 'Dr Ada', passphrase: 'correct horse battery' } as const;

/** A step on a study's report: what it would leave (`begins`), or has left (`did`). */
export type ReportStep =
  | { readonly step: 'save'; readonly study: string; readonly number: number; readonly revision: number; readonly content: ReportContent }
  | { readonly step: 'draft'; readonly study: string; readonly number: number; readonly revision: number; readonly content: ReportContent | null }
  | { readonly step: 'dismiss'; readonly study: string; readonly flag: string }
  | { readonly step: 'sign'; readonly study: string; readonly number: number; readonly digest: string | null };
export type ReportTold = 'ready' | { readonly begins: ReportStep } | { readonly did: ReportStep };

const words = ['There is an enhancing mass in the left frontal lobe.', 'No midline shift.', 'The ventricles are normal in size.', 'Stable since the last examination.', 'Ring enhancing lesion, 24 mm, right parietal lobe.'];

if (process.send && process.argv[2]?.startsWith('{')) {
  const { dataDir, packFolder, studies, seed } = JSON.parse(process.argv[2]) as ReportKillWork;
  let state = (seed * 2654435761 + 12345) >>> 0;
  const next = (below: number): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % below;
  const tell = (message: ReportTold): Promise<void> => new Promise((resolve, reject) => { process.send!(message, (error: Error | null) => { if (error) reject(error); else resolve(); }); });
  const { handlers, parts: { store } } = await openEngine(dataDir, { packFolders: [packFolder], pack: 'tiny', clock: { now: () => new Date() } });
  await tell('ready');
  await handlers['session.enter'](killReader, call);

  const put = async (report: OpenReport, content: ReportContent): Promise<OpenReport> => {
    const wanted = { step: 'save', study: report.study, number: report.number, revision: report.revision + 1, content } as const;
    await tell({ begins: wanted });
    const outcome = await handlers['report.save']({ study: report.study, revision: report.revision, content, base: report.content }, call);
    if (outcome.kind !== 'saved') throw new Error('nobody else writes here');
    await tell({ did: wanted });
    return outcome.report;
  };
  const decided = (each: ReportSentence): ReportSentence => {
    if (each.state !== 'proposed') return each;
    const how = next(3);
    return how === 0 ? { ...each, state: 'accepted' } : how === 1 ? { ...each, state: 'rejected' } : { ...each, state: 'edited', text: words[next(words.length)]! };
  };

  for (let step = 0; ; step++) {
    const study = studies[next(studies.length)]!;
    let report = await handlers['report.open']({ study }, call) ?? await handlers['report.addendum']({ study }, call);
    const what = next(12);
    if (what < 7) {
      // A keystroke: the last sentence grows, or a new one begins.
      const { sentences } = report.content;
      const last = sentences.at(-1);
      const text = words[next(words.length)]!;
      const grown = last?.origin === 'reader' && last.text.length < 300 ? [...sentences.slice(0, -1), { ...last, text: `${last.text} ${text}` }] : [...sentences, sentence(`${report.number}-${seed}-${step}`, text)];
      await put(report, { ...report.content, sentences: grown });
    } else if (what < 9) {
      await put(report, { ...report.content, sentences: report.content.sentences.map(decided) });
    } else if (what === 9) {
      const wanted = { step: 'draft', study, number: report.number, revision: report.revision + 1, content: null } as const;
      await tell({ begins: wanted });
      const outcome = await handlers['report.takeDraft']({ study, revision: report.revision, looked: { seen: 8, of: 8 } }, call);
      await tell({ did: { ...wanted, content: outcome.report.content } });
    } else if (what === 10) {
      const { flags } = await handlers['report.check']({ study }, call);
      const flag = flags[next(Math.max(1, flags.length))];
      if (!flag) continue;
      await tell({ begins: { step: 'dismiss', study, flag: flag.id } });
      await handlers['report.dismissFlag']({ study, flag: flag.id, by: killReader.name, why: 'Looked at again' }, call);
      await tell({ did: { step: 'dismiss', study, flag: flag.id } });
    } else {
      if (!report.content.sentences.some(({ state: how, text }) => how !== 'rejected' && text !== '')) continue;
      const clean = { ...report.content, sentences: report.content.sentences.map(decided) };
      if (!clean.sentences.some(({ state: how }) => how !== 'rejected')) continue;
      report = await put(report, clean);
      const { revision, flags } = await handlers['report.check']({ study }, call);
      await tell({ begins: { step: 'sign', study, number: report.number, digest: null } });
      const signed = await handlers['report.sign']({ study, revision, confirmed: flags.map(({ id }) => id), passphrase: killReader.passphrase }, call);
      await tell({ did: { step: 'sign', study, number: signed.number, digest: signed.digest } });
    }
    if (store.findDamage() !== null) throw new Error('the database is damaged while it is in use');
  }
}
