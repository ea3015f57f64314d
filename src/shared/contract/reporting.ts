/** Readers, and reports as they are written, kept and signed. */
import * as z from 'zod';
import { macroName, passphraseLength, readerRoles } from '../choices.ts';
import { reportContent, reportFlag, signedReport } from './report.ts';
import { method, stream } from './schema.ts';
import { nothing, packStamp, uid } from './words.ts';

/** A resident writes; a radiologist writes and signs; an administrator manages readers and policies. */
export const readerRole = z.enum(readerRoles);

export const reader = z.object({ id: z.string(), name: z.string(), role: readerRole });

/** A reader as the list has it. One who was removed stays in it, since what they did stands under their name. */
export const listedReader = reader.extend({ removed: z.boolean() });

/** Who reads at this workstation: one reader at a time, whatever number of windows. */
export const session = z.object({
  reader: reader.nullable(),
  /** True once there is a reader: from then on the window asks who reads before it shows anything. */
  hasReaders: z.boolean(),
  /** Whoever sits here may change readers and policies: an administrator, a radiologist while there is none, anyone before the first reader. */
  manages: z.boolean(),
});

/** Characters of a passphrase. */
const passphrase = z.string().min(passphraseLength.least).max(passphraseLength.most);
const readerName = z.string().trim().min(1).max(100);

/** Text that is put in as it is, a sentence a line: `name` picks it from a list, a macro's `.name` while typing. */
export const reportTemplate = z.object({
  name: z.string().trim().min(1).max(60),
  sections: z.object({ technique: z.string().max(4000), findings: z.string().max(8000), impression: z.string().max(4000) }),
});
export const reportMacro = z.object({ name: z.string().regex(macroName), text: z.string().min(1).max(4000) });

export const reportPolicy = z.object({
  /** The draft is shown only once the reader has looked or noted a first impression. */
  readFirst: z.boolean(),
  /** Minutes without a key or a movement until the window locks. */
  lockAfterMinutes: z.int().min(1).max(240),
});

/** A report in progress. Nothing of it is a report before it is signed. */
export const openReport = z.object({
  study: uid,
  /** Counts the saves. A save names the revision it was based on. */
  revision: z.int().min(0),
  content: reportContent,
  /** 1 for the report, higher for an addendum to it. */
  number: z.int().min(1),
  openedAt: z.string(),
  /** What made the machine's part; null until a draft was taken. */
  pack: packStamp.nullable(),
});

const revisionOf = z.object({ study: uid, revision: z.int().min(0) });

export const saveOutcome = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('saved'), report: openReport }),
  /** Someone else saved meanwhile. Nothing was stored: `report` is what is there now, `merged` both put together. */
  z.object({ kind: z.literal('conflict'), report: openReport, merged: reportContent }),
]);

export const reportingMethods = {
  'session.get': method({ params: nothing, result: session }),
  /** Who reads, at once and whenever it changes, be it in another window or because nobody moved. */
  'session.watch': stream({ params: nothing, item: session }),
  /** @throws `reader/refused` */
  'session.enter': method({ params: z.object({ name: readerName, passphrase: z.string().max(passphraseLength.most) }), result: session }),
  'session.lock': method({ params: nothing, result: session }),
  /** The reader moved or typed: the time until the lock starts again. */
  'session.touch': method({ params: nothing, result: session }),
  'readers.list': method({ params: nothing, result: z.array(listedReader) }),
  /** The first one signs in at once; later ones are added by an administrator, or by a radiologist while there is none. */
  'readers.add': method({ params: z.object({ name: readerName, role: readerRole, passphrase }), result: session }),
  /**
   * Another name or role. Nobody changes their own role, so that somebody is always left who manages.
   * @throws `reader/exists`, `reader/not-allowed`, `reader/unknown`
   */
  'readers.change': method({ params: z.object({ id: z.string(), name: readerName.optional(), role: readerRole.optional() }), result: session }),
  /** Never reads again; the name stays taken. Nobody removes themselves. @throws `reader/not-allowed`, `reader/unknown` */
  'readers.remove': method({ params: z.object({ id: z.string() }), result: session }),
  /**
   * One's own passphrase, or another reader's by who manages readers. @param own passphrase of who is signed in
   * @throws `reader/refused`, `reader/not-allowed`, `reader/unknown`
   */
  'readers.setPassphrase': method({ params: z.object({ id: z.string(), own: z.string().max(passphraseLength.most), passphrase }), result: session }),

  'report.policy': method({ params: nothing, result: reportPolicy }),
  /** @throws `reader/not-allowed` */
  'report.setPolicy': method({ params: reportPolicy.partial(), result: reportPolicy }),
  'report.snippets': method({ params: nothing, result: z.object({ templates: z.array(reportTemplate), macros: z.array(reportMacro) }) }),
  'report.setSnippets': method({ params: z.object({ templates: z.array(reportTemplate).max(200), macros: z.array(reportMacro).max(500) }), result: nothing }),

  /** Reports of a study that are signed, the first one first. */
  'report.signed': method({ params: z.object({ study: uid }), result: z.array(signedReport) }),
  /** Opens the report for writing. Null once one is signed: that takes `report.addendum`. @throws `reader/not-signed-in` */
  'report.open': method({ params: z.object({ study: uid }), result: openReport.nullable() }),
  /** Begins an addendum to the signed report. @throws `report/not-signed` */
  'report.addendum': method({ params: z.object({ study: uid }), result: openReport }),
  /** On the disk when it answers. `base` is the content of the revision it was based on. */
  'report.save': method({ params: revisionOf.extend({ content: reportContent, base: reportContent }), result: saveOutcome }),
  /**
   * Puts the study's draft into the report: sentences that were decided on stay, those still proposed are exchanged.
   * @param looked slices of the chosen series that were shown, of how many @throws `report/read-first`, `report/no-draft`
   */
  'report.takeDraft': method({ params: revisionOf.extend({ looked: z.object({ seen: z.int().min(0), of: z.int().min(0) }) }), result: saveOutcome }),
  /** What signing will ask again for: flags that stand, and sentences nobody decided on, which must be decided first. */
  'report.check': method({ params: z.object({ study: uid }), result: z.object({ revision: z.int(), undecided: z.array(z.string()), flags: z.array(reportFlag) }) }),
  /**
   * Signs what is saved. @param confirmed ids of all flags that stand
   * @throws `report/undecided`, `report/unconfirmed`, `report/conflict`, `report/empty`, `reader/refused`, `reader/not-allowed`
   */
  'report.sign': method({ params: revisionOf.extend({ confirmed: z.array(z.string()).max(1000), passphrase: z.string().max(200) }), result: signedReport }),
} as const;


export type ReaderRole = z.output<typeof readerRole>;
export type Reader = z.output<typeof reader>;
export type ListedReader = z.output<typeof listedReader>;
export type Session = z.output<typeof session>;
export type ReportTemplate = z.output<typeof reportTemplate>;
export type ReportMacro = z.output<typeof reportMacro>;
export type ReportPolicy = z.output<typeof reportPolicy>;
export type OpenReport = z.output<typeof openReport>;
export type SaveOutcome = z.output<typeof saveOutcome>;
