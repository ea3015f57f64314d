/**
 * Writing a report: one in progress a study, each save on the disk before it is called saved; signing, which turns it into
 * a document that is never changed; addenda. Who writes is the session's matter, what a sentence is the matter of report/.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { Draft, Handlers, OpenReport, Reader, ReportContent, ReportFlag, SaveOutcome, SignedReport } from '../../shared/contract.ts';
import { EngineError } from '../../shared/errors.ts';
import { emptyContent } from '../../shared/reportContent.ts';
import type { Clock } from '../ports.ts';
import { digestOf } from '../report/canonicalJson.ts';
import { decisions, searchableSentences, standing, undecided, withDraft } from '../report/content.ts';
import { mergeContent } from '../report/merge.ts';
import { recordAudit, studyMark, type AuditDetail } from '../store/audit.ts';
import { putCase } from '../store/cases.ts';
import type { ReadDb } from '../store/database.ts';
import { keyImagePng, listKeyImages, listMeasurements } from '../store/measurements.ts';
import type { Store } from '../store/openStore.ts';
import { readPolicy, readSnippets, writePolicy, writeSnippets } from '../store/reportSettings.ts';
import { findReport, putSigned, saveReport, signedReports, startReport, type ReportInProgress } from '../store/reports.ts';
import type { Changes } from './changes.ts';
import type { Library } from './library.ts';
import type { Session } from './session.ts';

export interface ReportingParts {
  readonly store: Store;
  readonly library: Library;
  readonly session: Session;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly draftOf: (study: string) => Promise<Draft | null>;
  /** What to look at before signing, dismissed flags among them. */
  readonly flagsOf: (study: string, content: ReportContent) => Promise<readonly ReportFlag[]>;
  /** Makes a signed case findable at once; tells of its own faults, since the report is signed whatever becomes of it. */
  readonly indexCase: (study: string) => Promise<void>;
}

/** Sentences of a case that are compared; the paper's reports have at most 20. */
const maxSentences = 64;

const newId = (): string => randomUUID();

export class Reporting {
  readonly #parts: ReportingParts;

  constructor(parts: ReportingParts) {
    this.#parts = parts;
  }

  /** @throws EngineError `reader/not-signed-in`, `store/not-found` */
  open(study: string): OpenReport | null {
    const { store: { db }, library, session, clock } = this.#parts;
    library.study(study);
    const reader = session.require();
    db.transaction(() => {
      if (!findReport(db, study)) {
        if (signedReports(db, study).length > 0) return;
        startReport(db, { study, number: 1, content: emptyContent, openedAt: clock.now().toISOString() });
      }
      this.#audit('report.opened', study, reader);
    });
    const report = findReport(db, study);
    return report ? shown(report) : null;
  }

  /** @throws EngineError `report/not-signed`, `reader/not-signed-in` */
  addendum(study: string): OpenReport {
    const { store: { db }, library, session, clock, changes } = this.#parts;
    library.study(study);
    const reader = session.require();
    db.transaction(() => {
      const signed = signedReports(db, study);
      if (signed.length === 0) throw new EngineError('report/not-signed', 'Only a signed report can have an addendum', { subject: 'report', advice: 'Sign the report first' });
      if (findReport(db, study)) return;
      startReport(db, { study, number: signed.length + 1, content: emptyContent, openedAt: clock.now().toISOString() });
      this.#audit('report.addendum', study, reader, { number: signed.length + 1 });
    });
    changes.emit(study);
    return shown(this.#inProgress(study));
  }

  /** @throws EngineError `report/not-open`, `reader/not-signed-in` */
  save(study: string, revision: number, content: ReportContent, base: ReportContent): SaveOutcome {
    const reader = this.#parts.session.require();
    const ids = new Set(content.sentences.map(({ id }) => id));
    if (ids.size < content.sentences.length) throw new EngineError('bridge/bad-params', 'Two sentences of a report have one id', { subject: 'report', advice: 'Report this as a bug' });
    return this.#store(study, revision, content, base, reader);
  }

  /** @throws EngineError `report/read-first`, `report/no-draft`, `report/not-open`, `reader/not-signed-in` */
  async takeDraft(study: string, revision: number, looked: { readonly seen: number; readonly of: number }): Promise<SaveOutcome> {
    const { store: { db }, session, draftOf } = this.#parts;
    const reader = session.require();
    const draft = await draftOf(study);
    if (!draft) throw new EngineError('report/no-draft', 'There is no draft of this study', { subject: 'draft', advice: 'Analyse the study first' });
    const report = this.#inProgress(study);
    const hasLooked = looked.of > 0 && looked.seen >= looked.of;
    const noted = report.content.firstImpression.trim() !== '';
    if (readPolicy(db).readFirst && !hasLooked && !noted && !report.draft) {
      throw new EngineError('report/read-first', 'The draft opens once the images were looked at', { subject: 'draft', advice: 'Scroll the whole series, or note a first impression' });
    }
    const outcome = this.#store(study, revision, withDraft(report.content, draft, newId), report.content, reader, draft);
    if (outcome.kind === 'saved') this.#audit('report.drafted', study, reader, { looked: hasLooked, firstImpression: noted, sentences: draft.sentences.length });
    return outcome;
  }

  async check(study: string): Promise<{ revision: number; undecided: string[]; flags: ReportFlag[] }> {
    const { revision, content } = this.#inProgress(study);
    return { revision, undecided: undecided(content).map(({ id }) => id), flags: (await this.#parts.flagsOf(study, content)).filter(({ dismissed }) => dismissed === null) };
  }

  /**
   * Signs what is stored, in one transaction with the case it becomes.
   * @throws EngineError `report/conflict`, `report/empty`, `report/undecided`, `report/unconfirmed`, `reader/refused`, `reader/not-allowed`
   */
  async sign(study: string, revision: number, confirmed: readonly string[], passphrase: string): Promise<SignedReport> {
    const { store: { db }, library, session, clock, changes } = this.#parts;
    const reader = session.requireRole(['radiologist'], 'sign reports');
    const { attributes } = library.study(study);
    const report = this.#inProgress(study);
    expectRevision(report, revision);
    const { content, draft } = report;
    if (standing(content).length === 0) throw new EngineError('report/empty', 'The report has no sentence', { subject: 'report', advice: 'Write the report before you sign it' });
    const open = undecided(content).length;
    if (open > 0) throw new EngineError('report/undecided', `${open === 1 ? 'One drafted sentence was' : `${open} drafted sentences were`} not decided on`, { subject: 'report', advice: 'Accept, edit or reject every drafted sentence' });
    const flags = await this.#parts.flagsOf(study, content);
    const unconfirmed = flags.filter(({ id, dismissed }) => dismissed === null && !confirmed.includes(id)).length;
    if (unconfirmed > 0) throw new EngineError('report/unconfirmed', `${unconfirmed === 1 ? 'One flag was' : `${unconfirmed} flags were`} not answered`, { subject: 'report', advice: 'Look at each flag again and confirm or change its sentence' });
    await session.confirm(reader, passphrase);
    const unsealed: Omit<SignedReport, 'digest'> = {
      id: randomUUID(), study, number: report.number, content, flags: [...flags], signedBy: reader,
      openedAt: report.openedAt, signedAt: clock.now().toISOString(), pack: draft?.pack ?? null, draft, ...shownWith(db, study),
    };
    const signed: SignedReport = { ...unsealed, digest: digestOf(unsealed) };
    db.transaction(() => {
      // The passphrase took a while: the text that is signed is still the text that was checked.
      expectRevision(this.#inProgress(study), revision);
      putSigned(db, signed);
      const sentences = searchableSentences(signedReports(db, study).map((each) => each.content)).slice(0, maxSentences);
      if (sentences.length > 0) putCase(db, { id: study, study, report: sentences.join(' '), sentences, ageYears: attributes.ageYears, sex: attributes.sex, studyDate: attributes.studyDate, demo: false, thumbnail: null }, signed.signedAt);
      this.#audit('report.signed', study, reader, { number: signed.number, digest: signed.digest, flagsConfirmed: confirmed.length, ...decisions(content) });
    });
    await this.#parts.indexCase(study);
    changes.emit(study);
    return signed;
  }

  #store(study: string, revision: number, content: ReportContent, base: ReportContent, reader: Reader, draft?: Draft): SaveOutcome {
    const { store: { db }, clock, changes } = this.#parts;
    return db.transaction(() => {
      const stored = this.#inProgress(study);
      if (!saveReport(db, study, revision, content, clock.now().toISOString(), draft)) {
        return { kind: 'conflict', report: shown(stored), merged: mergeContent(base, stored.content, content, newId) };
      }
      const [before, after] = [decisions(stored.content), decisions(content)];
      if (revision === 0 || before.accepted !== after.accepted || before.edited !== after.edited || before.rejected !== after.rejected) this.#audit('report.edited', study, reader, after);
      if (revision === 0) changes.emit(study);
      return { kind: 'saved', report: shown(this.#inProgress(study)) };
    });
  }

  #inProgress(study: string): ReportInProgress {
    const report = findReport(this.#parts.store.db, study);
    if (!report) throw new EngineError('report/not-open', 'There is no report in progress for this study', { subject: 'report', advice: 'Open the study again; if it was signed meanwhile, write an addendum' });
    return report;
  }

  #audit(kind: Parameters<typeof recordAudit>[2], study: string, reader: Reader, detail: AuditDetail = {}): void {
    recordAudit(this.#parts.store.db, this.#parts.clock, kind, { study: studyMark(study), ...detail }, reader.id);
  }
}

/** What the reader measured and marked, as it goes under the signature. */
const shownWith = (db: ReadDb, study: string): Required<Pick<SignedReport, 'measurements' | 'keyImages'>> => ({
  measurements: listMeasurements(db, study),
  keyImages: listKeyImages(db, study).map((image) => ({ ...image, sha256: createHash('sha256').update(keyImagePng(db, study, image.id)!).digest('hex') })),
});

const shown = ({ study, revision, content, number, openedAt, draft }: ReportInProgress): OpenReport => ({ study, revision, content, number, openedAt, pack: draft?.pack ?? null });

function expectRevision(report: ReportInProgress, revision: number): void {
  if (report.revision !== revision) throw new EngineError('report/conflict', 'The report was changed in another window', { subject: 'report', advice: 'Read it again before you sign it' });
}

/** Flags by what the report itself says: machine sentences that stand although no view supports them. */
export const unsupportedFlags = ({ sentences }: ReportContent): ReportFlag[] =>
  sentences.filter(({ state, grounding }) => state !== 'rejected' && grounding?.supported === false).map(({ id }) => ({ id: `unsupported-${id}`, kind: 'unsupported', sentence: id, reason: 'No view of the images supports this sentence', dismissed: null }));

type ReportMethods = Extract<keyof Handlers, 'report.policy' | 'report.setPolicy' | 'report.snippets' | 'report.setSnippets' | 'report.signed' | 'report.open' | 'report.addendum' | 'report.save' | 'report.takeDraft' | 'report.check' | 'report.sign'>;

export function reportingHandlers(reporting: Reporting, { store, session, clock, library }: Pick<ReportingParts, 'store' | 'session' | 'clock' | 'library'>): Pick<Handlers, ReportMethods> {
  const { db } = store;
  return {
    'report.policy': () => readPolicy(db),
    'report.setPolicy': (changed) => {
      const by = session.requireManager('change policies');
      const policy = db.transaction(() => {
        const written = writePolicy(db, changed);
        recordAudit(db, clock, 'policy.changed', written, by?.id);
        return written;
      });
      session.changed(); // the time until the lock may be another
      return policy;
    },
    'report.snippets': () => {
      const { templates, macros } = readSnippets(db);
      return { templates: [...templates], macros: [...macros] };
    },
    'report.setSnippets': (snippets) => {
      const by = session.require();
      writeSnippets(db, snippets);
      recordAudit(db, clock, 'setting.changed', { templates: snippets.templates.length, macros: snippets.macros.length }, by.id);
      return {};
    },
    'report.signed': ({ study }) => {
      library.study(study);
      return signedReports(db, study);
    },
    'report.open': ({ study }) => reporting.open(study),
    'report.addendum': ({ study }) => reporting.addendum(study),
    'report.save': ({ study, revision, content, base }) => reporting.save(study, revision, content, base),
    'report.takeDraft': ({ study, revision, looked }) => reporting.takeDraft(study, revision, looked),
    'report.check': ({ study }) => reporting.check(study),
    'report.sign': ({ study, revision, confirmed, passphrase }) => reporting.sign(study, revision, confirmed, passphrase),
  };
}
