/** Stored and scanned records in the contract's words. */
import type { Problem, SeriesSummary, StackSummary, StudyDetail, StudySummary } from '../../shared/contract.ts';
import { spacingMm } from '../../shared/geometry.ts';
import type { RankedSeries } from '../select/rankSeries.ts';
import type { StudyRow } from '../store/studies.ts';
import type { Stack } from '../volume/types.ts';
import type { CandidateSeries, StudyImages } from './studyImages.ts';

export function describeStack(stack: Stack): StackSummary {
  const { geometry } = stack;
  return {
    index: stack.index,
    label: stack.label,
    sliceCount: Math.max(1, stack.slices.length),
    dims: geometry && [...geometry.dims],
    spacingMm: geometry && [...spacingMm(geometry.voxelToLps)],
    plane: geometry?.plane ?? null,
    problems: [...stack.problems],
  };
}

export function describeSeries({ series, stacks }: CandidateSeries, ranked: RankedSeries): SeriesSummary {
  const first = series.instances[0]!;
  // A problem all stacks share is one of the series.
  const problems: Problem[] = stacks.length === 0 && series.instances.every((instance) => instance.pixels === null) ? [{ code: 'dicom/no-pixels', severity: 'note', message: 'The series holds no images' }] : [];
  return {
    series: series.seriesUid,
    number: first.sequence.seriesNumber,
    description: first.sequence.seriesDescription === '' ? first.sequence.protocolName : first.sequence.seriesDescription,
    modality: first.modality,
    instanceCount: series.instances.length,
    role: ranked.role,
    overridden: ranked.overridden,
    rank: ranked.rank,
    reason: ranked.reason,
    stacks: stacks.map(describeStack),
    problems,
  };
}

export function describeStudy(row: StudyRow, state: StudySummary['state']): StudySummary {
  const { attributes } = row;
  return {
    study: row.uid,
    patientName: attributes.patientName,
    patientId: attributes.patientId,
    birthDate: attributes.birthDate,
    sex: attributes.sex,
    ageYears: attributes.ageYears,
    studyDate: attributes.studyDate,
    description: attributes.studyDescription,
    accession: attributes.accession,
    seriesCount: row.seriesCount,
    instanceCount: row.instanceCount,
    state,
    demo: row.demo,
    hasReport: row.hasReport,
  };
}

export function describeDetail(summary: StudySummary, images: StudyImages): StudyDetail {
  const { chosen, problem } = images.choice;
  return {
    ...summary,
    series: images.candidates.map((candidate, at) => describeSeries(candidate, images.ranked[at]!)).sort((a, b) => (a.number ?? Infinity) - (b.number ?? Infinity) || (a.series < b.series ? -1 : 1)),
    chosen: chosen && { series: chosen.seriesUid, stack: chosen.stack },
    chosenProblem: problem,
  };
}
