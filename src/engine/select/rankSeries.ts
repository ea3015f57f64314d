/**
 * Gives every series of a study a role (t1c, t1, t2, flair, other), a rank within the role and a reason in plain
 * language, and picks the series the models read. Follows the paper's curation (a clinician's list of expressions for
 * T1 post-contrast, its section 8.1) and adds what headers say: agent, timing, image type, plane, coverage.
 *
 * Reads headers and geometry only. Nothing is chosen silently: no T1 post-contrast means a problem the reader sees.
 */
import type { Problem, Role } from '../../shared/contract.ts';
import type { Series, Stack } from '../volume/types.ts';
import { readEvidence, type SeriesEvidence } from './evidence.ts';

export interface SeriesCandidate {
  readonly series: Series;
  readonly stacks: readonly Stack[];
}

export interface RankedSeries {
  readonly seriesUid: string;
  readonly role: Role;
  readonly overridden: boolean;
  /** 1 is the best of its role in this study; null when no volume can be made of it or its role is `other`. */
  readonly rank: number | null;
  /** Index of the stack to use, null when none is usable. */
  readonly stack: number | null;
  readonly reason: string;
}

export interface ChosenSeries {
  readonly seriesUid: string;
  readonly stack: number;
}

export interface Choice {
  /** Null when nothing in the study can be read by the models. */
  readonly chosen: ChosenSeries | null;
  /** Why the choice is not a T1 post-contrast series, or null when it is. */
  readonly problem: Problem | null;
}

interface Verdict {
  readonly role: Role;
  readonly reason: string;
}

const other = (reason: string): Verdict => ({ role: 'other', reason });

/** The weighting of a series: words first, timing where words are silent or say two things. */
function family(e: SeriesEvidence): { readonly kind: 't1' | 't2' | 'flair' | null; readonly because: string } {
  const t1Flair = e.t1 === 't1 flair' || e.t1 === 't1flair';
  if (e.flair !== null && !t1Flair && e.timing !== 't1') return { kind: 'flair', because: `named "${e.flair}"` };
  if (e.t1 !== null && e.t2 === null) return { kind: 't1', because: `named "${e.t1}"` };
  if (e.t2 !== null && e.t1 === null) return e.timing === 'flair' ? { kind: 'flair', because: 'T2 with a long inversion time' } : { kind: 't2', because: `named "${e.t2}"` };
  if (e.timing !== null && e.timing !== 'pd') return { kind: e.timing, because: 'by repetition, echo and inversion time' };
  return { kind: null, because: '' };
}

function verdictOf(e: SeriesEvidence): Verdict {
  if (!e.hasPixels) return other('holds no images');
  if (!e.isNifti && e.modality !== 'MR') return other(`is ${e.modality === '' ? 'of no stated modality' : e.modality}, not MR`);
  if (e.isScreenCapture) return other('is a screen capture');
  if (e.localizer !== null) return other(`is a localizer ("${e.localizer}")`);
  if (e.elsewhere !== null) return other(`shows another part of the body ("${e.elsewhere}")`);
  if (e.derivedAs !== null) return other(`was computed from other images ("${e.derivedAs}")`);
  if (e.otherSequence !== null) return other(`is another kind of sequence ("${e.otherSequence}")`);
  const weighting = family(e);
  switch (weighting.kind) {
    case 'flair':
      return { role: 'flair', reason: `FLAIR, ${weighting.because}` };
    case 't2':
      return { role: 't2', reason: `T2, ${weighting.because}` };
    case 't1':
      return contrastVerdict(e, `T1, ${weighting.because}`);
    case null:
      // "AX POST GAD" names no weighting; after contrast, T1 is what departments mean unless timing says otherwise.
      if (e.contrast !== null && e.native === null && e.timing === null) return { role: 't1c', reason: `after contrast ("${e.contrast}"), taken to be T1 as no weighting is named` };
      return other('cannot be told to be T1, T2 or FLAIR');
    default: {
      const missed: never = weighting.kind;
      throw new Error(`unhandled weighting ${String(missed)}`);
    }
  }
}

function contrastVerdict(e: SeriesEvidence, t1: string): Verdict {
  if (e.contrast !== null) return { role: 't1c', reason: `${t1}; after contrast: the description says "${e.contrast}"${e.agent !== null ? ', a contrast agent is recorded' : ''}` };
  if (e.native !== null) return { role: 't1', reason: `${t1}; before contrast: the description says "${e.native}"${e.agent !== null ? ' although a contrast agent is recorded' : ''}` };
  if (e.agent !== null) return { role: 't1c', reason: `${t1}; a contrast agent is recorded` };
  return { role: 't1', reason: `${t1}; nothing says that contrast was given${e.agentDenied ? ' (the header says none was)' : ''}` };
}

const thinSliceMm = 2;
const wholeBrainMm = 100;

/** Higher is better within a role. The numbers only order the criteria; the table in the tests is what they must satisfy. */
function score(e: SeriesEvidence): number {
  let points = 0;
  const thin = e.sliceStepMm !== null && e.sliceStepMm <= thinSliceMm;
  if (e.plane === 'axial') points += 20;
  else if (thin) points += 15;
  if (thin && e.acquisition3d) points += 4;
  if (e.coverageMm !== null && e.coverageMm < wholeBrainMm) points -= 30;
  if (e.sliceCount < 12) points -= 30;
  if (e.partOfHead !== null) points -= 40;
  if (e.reformatted) points -= 12;
  if (e.contrast !== null) points += 6;
  if (e.agent !== null) points += 4;
  return points;
}

function placeReason(e: SeriesEvidence): string {
  if (e.stack?.geometry == null || e.sliceStepMm === null) return '; no volume can be made of it';
  const notes = [`${e.plane ?? 'unknown'} plane, ${e.sliceCount} slices of ${Number(e.sliceStepMm.toFixed(1))} mm`];
  if (e.partOfHead !== null) notes.push(`covers only part of the head ("${e.partOfHead}")`);
  else if (e.coverageMm !== null && e.coverageMm < wholeBrainMm) notes.push(`covers only ${Math.round(e.coverageMm)} mm`);
  if (e.reformatted) notes.push('reformatted from another series');
  return `; ${notes.join(', ')}`;
}

/**
 * Roles, ranks and reasons for all series of one study.
 * @param candidates the study's series with their stacks
 * @param overrides roles set by a reader, by series UID; they outrank every rule
 * @returns in the order given
 */
export function rankSeries(candidates: readonly SeriesCandidate[], overrides: ReadonlyMap<string, Role> = new Map()): RankedSeries[] {
  const judged = candidates.map((candidate) => {
    const evidence = readEvidence(candidate.series.instances, candidate.stacks);
    const override = overrides.get(candidate.series.seriesUid);
    const verdict = override === undefined ? verdictOf(evidence) : { role: override, reason: 'set by a reader' };
    return { seriesUid: candidate.series.seriesUid, evidence, overridden: override !== undefined, ...verdict, points: score(evidence) };
  });
  const rankOf = new Map<string, number>();
  for (const role of ['t1c', 't1', 't2', 'flair'] as const) {
    judged
      .filter((entry) => entry.role === role && entry.evidence.stack !== null)
      .sort(
        (a, b) =>
          Number(b.overridden) - Number(a.overridden) ||
          b.points - a.points ||
          (a.evidence.sliceStepMm ?? Infinity) - (b.evidence.sliceStepMm ?? Infinity) ||
          // Repeats are made because the first went wrong.
          (b.evidence.seriesNumber ?? 0) - (a.evidence.seriesNumber ?? 0) ||
          (a.seriesUid < b.seriesUid ? -1 : 1),
      )
      .forEach((entry, index) => rankOf.set(entry.seriesUid, index + 1));
  }
  return judged.map(({ seriesUid, evidence, overridden, role, reason }) => ({
    seriesUid,
    role,
    overridden,
    rank: rankOf.get(seriesUid) ?? null,
    stack: evidence.stack?.index ?? null,
    reason: `"${evidence.title}": ${reason}${role === 'other' ? '' : placeReason(evidence)}`,
  }));
}

/**
 * The series the models read: the best T1 post-contrast; without one, the best T1 with a warning; else nothing, with
 * the reason. Never another sequence.
 */
export function chooseSeries(ranked: readonly RankedSeries[]): Choice {
  const best = (role: Role): ChosenSeries | null => {
    const entry = ranked.find((candidate) => candidate.role === role && candidate.rank === 1);
    return entry?.stack == null ? null : { seriesUid: entry.seriesUid, stack: entry.stack };
  };
  const t1c = best('t1c');
  if (t1c !== null) return { chosen: t1c, problem: null };
  const t1 = best('t1');
  if (t1 !== null) {
    return {
      chosen: t1,
      problem: { code: 'select/t1-instead', severity: 'warning', message: 'No T1 post-contrast series was found. A T1 series is offered instead; the models were made for T1 post-contrast and may miss or invent enhancement. If a series is post-contrast, set its role.' },
    };
  }
  const anyImage = ranked.some((entry) => entry.stack !== null);
  return {
    chosen: null,
    problem: anyImage
      ? { code: 'select/no-t1c', severity: 'refused', message: 'No T1 post-contrast series and no T1 series was found. If one of the series is T1 post-contrast, set its role.' }
      : { code: 'select/no-image-series', severity: 'refused', message: 'No series of this study makes a volume that can be read.' },
  };
}
