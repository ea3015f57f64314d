/** The series of one study as geometry, with roles and the choice for the models; the same for stored and loose files. */
import type { Role } from '../../shared/contract.ts';
import { EngineError } from '../../shared/errors.ts';
import type { InstanceHeader } from '../dicom/types.ts';
import { chooseSeries, rankSeries, type Choice, type RankedSeries } from '../select/rankSeries.ts';
import { buildStacks } from '../volume/buildStacks.ts';
import { groupSeries } from '../volume/groupSeries.ts';
import type { Series, Stack } from '../volume/types.ts';

export interface CandidateSeries {
  readonly series: Series;
  readonly stacks: readonly Stack[];
}

export interface StudyImages {
  readonly candidates: readonly CandidateSeries[];
  /** In the order of `candidates`. */
  readonly ranked: readonly RankedSeries[];
  readonly choice: Choice;
}

/** @param instances all of one study, in any order */
export function arrangeStudy(instances: readonly InstanceHeader[], overrides: ReadonlyMap<string, Role>): StudyImages {
  const candidates = groupSeries(instances).map((series): CandidateSeries => ({ series, stacks: buildStacks(series) }));
  const ranked = rankSeries(candidates, overrides);
  return { candidates, ranked, choice: chooseSeries(ranked) };
}

/** The same study read with other series than the rules chose: a given one in the place of the T1 post-contrast series. */
export function withChosen(images: StudyImages, seriesUid: string): StudyImages {
  const at = images.ranked.findIndex((entry) => entry.seriesUid === seriesUid);
  const stack = images.ranked[at]?.stack ?? null;
  if (at < 0) throw unknownSeries(seriesUid);
  if (stack === null) {
    const reason = images.candidates[at]!.stacks.flatMap((item) => item.problems).find((problem) => problem.severity === 'refused');
    throw new EngineError(reason?.code ?? 'select/no-image-series', reason?.message ?? 'The series makes no volume', { subject: 'series', advice: 'Choose another series' });
  }
  return { ...images, choice: { chosen: { seriesUid, stack }, problem: null } };
}

/** @throws EngineError `select/unknown-series` */
export function findStack(images: StudyImages, seriesUid: string, stack: number): Stack {
  const found = images.candidates.find(({ series }) => series.seriesUid === seriesUid)?.stacks[stack];
  if (!found) throw unknownSeries(seriesUid);
  return found;
}

export const unknownSeries = (seriesUid: string): EngineError =>
  new EngineError('select/unknown-series', 'There is no such series, or it has no such volume', { subject: seriesUid, advice: 'Open the study again' });
