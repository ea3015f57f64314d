/** Figures of reports added up by pack and month, one report at a time: a few numbers of each are kept, never a document. */
import { fewReports, flagKind, type FlagFigures, type FlagKind, type PackStamp, type QualityGroup, type Quartiles } from '../../shared/contract.ts';
import { comparedQuestions, detailQuestions, type ReportFigures } from './reportFigures.ts';

export const keyOfPack = ({ id, version }: Pick<PackStamp, 'id' | 'version'>): string => `${id}@${version}`;

export class Totals {
  readonly #groups = new Map<string, Group>();
  readonly #packs = new Map<string, Group>();
  #withDraft = 0;
  #withoutDraft = 0;

  add(figures: ReportFigures): void {
    const { pack, month } = figures;
    if (figures.draft === null) this.#withoutDraft += 1;
    else this.#withDraft += 1;
    // Reports without a draft sort last.
    const key = pack === null ? '\uffff' : keyOfPack(pack);
    groupAt(this.#groups, `${key} ${month}`, pack, month).add(figures);
    groupAt(this.#packs, key, pack, null).add(figures);
  }

  result(): { reports: number; withDraft: number; withoutDraft: number; groups: QualityGroup[]; packs: QualityGroup[] } {
    return { reports: this.#withDraft + this.#withoutDraft, withDraft: this.#withDraft, withoutDraft: this.#withoutDraft, groups: sorted(this.#groups), packs: sorted(this.#packs) };
  }
}

function groupAt(groups: Map<string, Group>, key: string, pack: PackStamp | null, month: string | null): Group {
  const known = groups.get(key) ?? new Group(pack, month);
  groups.set(key, known);
  return known;
}

const sorted = (groups: ReadonlyMap<string, Group>): QualityGroup[] => [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group.result());

const noFlags = (): { -readonly [name in keyof FlagFigures]: number } => ({ dismissed: 0, confirmed: 0, actedOn: 0 });

class Group {
  readonly #pack: PackStamp | null;
  readonly #month: string | null;
  readonly #shares: number[] = [];
  readonly #seconds: number[] = [];
  readonly #sentences = { kept: 0, edited: 0, rejected: 0, added: 0 };
  readonly #flags = Object.fromEntries(flagKind.options.map((kind) => [kind, noFlags()])) as Record<FlagKind, ReturnType<typeof noFlags>>;
  readonly #findings = new Map(comparedQuestions.map((question) => [question, { question, missed: 0, madeUp: 0 }]));
  #reports = 0;
  #reportsMissed = 0;
  #reportsMadeUp = 0;

  constructor(pack: PackStamp | null, month: string | null) {
    this.#pack = pack;
    this.#month = month;
  }

  add({ seconds, added, flags, draft }: ReportFigures): void {
    this.#reports += 1;
    if (seconds !== null) this.#seconds.push(seconds);
    this.#sentences.added += added;
    for (const kind of flagKind.options) sumInto(this.#flags[kind], flags[kind]);
    if (draft === null) return;
    this.#shares.push(draft.changedShare);
    for (const outcome of ['kept', 'edited', 'rejected'] as const) this.#sentences[outcome] += draft[outcome];
    for (const { question, missed, madeUp } of draft.findings) {
      const sum = this.#findings.get(question)!;
      sum.missed += missed;
      sum.madeUp += madeUp;
    }
    const findings = draft.findings.filter(({ question }) => !detailQuestions.has(question));
    if (findings.some(({ missed }) => missed > 0)) this.#reportsMissed += 1;
    if (findings.some(({ madeUp }) => madeUp > 0)) this.#reportsMadeUp += 1;
  }

  result(): QualityGroup {
    const flags = noFlags();
    for (const kind of flagKind.options) sumInto(flags, this.#flags[kind]);
    return {
      pack: this.#pack, month: this.#month, reports: this.#reports, tooFew: this.#reports < fewReports,
      changedShare: quartilesOf(this.#shares), sentences: { ...this.#sentences }, flags, flagsByKind: this.#flags,
      seconds: quartilesOf(this.#seconds), withoutSeconds: this.#reports - this.#seconds.length,
      reportsMissed: this.#reportsMissed, reportsMadeUp: this.#reportsMadeUp, findings: [...this.#findings.values()],
    };
  }
}

/** A group of no report. */
export const emptyGroup = (): QualityGroup => new Group(null, null).result();

function sumInto(sum: ReturnType<typeof noFlags>, part: FlagFigures): void {
  for (const name of ['dismissed', 'confirmed', 'actedOn'] as const) sum[name] += part[name];
}

/** Between two values, linearly (NumPy's default, Hyndman and Fan's type 7). */
export function quartilesOf(values: readonly number[]): Quartiles {
  if (values.length === 0) return null;
  const ordered = values.toSorted((a, b) => a - b);
  const at = (part: number): number => {
    const place = part * (ordered.length - 1);
    const below = ordered[Math.floor(place)]!;
    return below + (ordered[Math.ceil(place)]! - below) * (place - Math.floor(place));
  };
  return { lower: at(0.25), median: at(0.5), upper: at(0.75) };
}
