/** The figures of one signed report, by its document alone, so that they are the same whenever they are counted. */
import { flagKind, type FlagFigures, type FlagKind, type PackStamp, type SignedReport } from '../../shared/contract.ts';
import { questions, type QuestionId } from '../../shared/figure14.ts';
import { isMachine } from '../../shared/reportContent.ts';
import type { Evidence } from '../flags/evidence.ts';
import { flagReport } from '../flags/flagReport.ts';
import { standing } from '../report/content.ts';
import { changedShare } from '../report/editDistance.ts';
import { readReport } from '../statements/readReport.ts';
import { draftedSentences, type DraftedSentence } from './draftSentences.ts';

export interface FindingDifference {
  readonly question: QuestionId;
  readonly missed: number;
  readonly madeUp: number;
}

export interface ReportFigures {
  /** Null without a draft. */
  readonly pack: PackStamp | null;
  /** YYYY-MM, UTC. */
  readonly month: string;
  /** Null where the clock was set back between opening and signature. */
  readonly seconds: number | null;
  /** Sentences that stand and are no machine's. */
  readonly added: number;
  readonly flags: Readonly<Record<FlagKind, FlagFigures>>;
  /** Null without a draft. */
  readonly draft: {
    readonly changedShare: number;
    readonly kept: number;
    readonly edited: number;
    readonly rejected: number;
    readonly findings: readonly FindingDifference[];
  } | null;
}

/**
 * Questions whose answers are findings. The pituitary's is the sella's turned round; the number of lesions is left out, since an
 * impression that repeats a finding would count it twice.
 */
export const comparedQuestions: readonly QuestionId[] = questions.map(({ id }) => id).filter((id) => id !== 'pituitaryNormal' && id !== 'count');

/** Questions that tell more of a finding another question asks for: a difference there is no finding missed or made up. */
export const detailQuestions: ReadonlySet<string> = new Set<QuestionId>(['surgeryKind', 'size', 'side']);

export function reportFigures(report: SignedReport): ReportFigures {
  const { content, draft, openedAt, signedAt } = report;
  const drafted = draftedSentences(report);
  const seconds = (Date.parse(signedAt) - Date.parse(openedAt)) / 1000;
  return {
    pack: draft?.pack ?? null,
    month: signedAt.slice(0, 7),
    seconds: seconds >= 0 ? seconds : null,
    added: standing(content).filter((sentence) => !isMachine(sentence)).length,
    flags: flagsOf(report, drafted),
    draft: draft && { changedShare: changedShare(draftText(drafted), signedFindings(report, drafted)), ...outcomes(drafted), findings: differences(report, drafted) },
  };
}

const draftText = (drafted: readonly DraftedSentence[]): string => drafted.map(({ generated }) => generated.text).join(' ');

/** What a draft is held against: the findings, and its own sentences wherever they were moved. A draft has no technique or impression. */
function signedFindings({ content }: SignedReport, drafted: readonly DraftedSentence[]): string {
  const own = new Set(drafted.map(({ signed }) => signed?.id));
  return standing(content).filter(({ id, section }) => section === 'findings' || own.has(id)).map(({ text }) => text).join(' ');
}

function outcomes(drafted: readonly DraftedSentence[]): Record<DraftedSentence['outcome'], number> {
  const counted = { kept: 0, edited: 0, rejected: 0 };
  for (const { outcome } of drafted) counted[outcome] += 1;
  return counted;
}

/** Answers other than the normal one, of the draft and of the signed findings and impression, by the rules of statements/. */
function differences({ content }: SignedReport, drafted: readonly DraftedSentence[]): FindingDifference[] {
  const generated = readReport(drafted.map(({ generated: { text } }) => text)).answers;
  const signed = readReport(standing(content).filter(({ section }) => section !== 'technique').map(({ text }) => text)).answers;
  return questions.filter(({ id }) => comparedQuestions.includes(id)).map(({ id, normal }) => ({
    question: id,
    missed: signed[id].filter((answer) => answer !== normal && !generated[id].includes(answer)).length,
    madeUp: generated[id].filter((answer) => answer !== normal && !signed[id].includes(answer)).length,
  }));
}

function flagsOf({ flags, draft }: SignedReport, drafted: readonly DraftedSentence[]): Record<FlagKind, FlagFigures> {
  const counted = Object.fromEntries(flagKind.options.map((kind) => [kind, { dismissed: 0, confirmed: 0, actedOn: 0 }])) as Record<FlagKind, { -readonly [name in keyof FlagFigures]: number }>;
  for (const { kind, dismissed } of flags) counted[kind][dismissed === null ? 'confirmed' : 'dismissed'] += 1;
  if (draft === null) return counted;
  // The heads' answers are not in the document, so only what the draft says and how it is grounded can raise a flag again.
  const supportKnown = draft.pack.uncalibrated !== true && draft.outside?.inside !== false;
  const evidence: Evidence = { found: null, views: new Map(), measurements: [], priorOpened: false, supportThreshold: supportKnown ? 0 : null };
  const raisedBy = (sentences: readonly DraftedSentence[]): { kind: FlagKind; at: string }[] =>
    flagReport({ sentences: sentences.map(({ generated }) => generated) }, evidence).map(({ kind, sentence }) => ({ kind, at: `${kind} ${sentence ?? ''}` }));
  const untouched = raisedBy(drafted.filter(({ outcome }) => outcome === 'kept'));
  const still = new Set([...untouched.map(({ at }) => at), ...flags.map(({ kind, sentence }) => `${kind} ${sentence ?? ''}`)]);
  for (const { kind, at } of raisedBy(drafted)) if (!still.has(at)) counted[kind].actedOn += 1;
  return counted;
}
