import { describe, expect, test } from 'vitest';
import type { HangingProtocol, Role, SeriesSummary, StackSummary, StudyDetail } from '../../../shared/contract.ts';
import { automaticLayout, hungBy, hungFor, offeredSeries, savedOf } from './hangingProtocol.ts';
import { panesOf, rehung } from './panes.ts';

const stack = (plane: StackSummary['plane'], spacingMm: [number, number, number], index = 0): StackSummary => ({ index, label: '', sliceCount: 20, dims: [10, 10, 20], spacingMm, plane, problems: [] });
const series = (name: string, role: Role, rank: number | null, stacks: StackSummary[]): SeriesSummary =>
  ({ series: name, number: 1, description: name, modality: 'MR', instanceCount: 20, role, overridden: false, rank, reason: '', stacks, problems: [] });
const axial = stack('axial', [1, 1, 5]);
const detail = (all: SeriesSummary[], chosen: string | null = null): StudyDetail =>
  ({ study: 's', patientName: '', patientId: '', birthDate: '', sex: '', ageYears: null, studyDate: '', description: '', accession: '', seriesCount: 0, instanceCount: 0, state: 'new', demo: false, hasReport: false, series: all, chosen: chosen === null ? null : { series: chosen, stack: 0 }, chosenProblem: null });
const names = (study: StudyDetail, layout: 'protocol' | 'four' = 'protocol'): (string | undefined)[] => hungFor(study, layout).map(({ target }) => target?.series);

const tumour = detail([
  series('localizer', 'other', null, [stack('oblique', [1, 1, 20])]),
  series('flair', 'flair', 1, [axial]),
  series('t2 worse', 't2', 2, [axial]),
  series('t2', 't2', 1, [axial]),
  series('t1', 't1', 1, [axial]),
  series('t1c', 't1c', 1, [axial]),
  series('raw', 'other', null, []),
], 't1c');

describe('a study with the four sequences', () => {
  test('hangs T1 after contrast large, then T1, T2 and FLAIR, the best of each', () => {
    expect(automaticLayout(tumour)).toBe('protocol');
    expect(names(tumour)).toEqual(['t1c', 't1', 't2', 'flair']);
  });
  test('puts no localizer beside them; four views take what is there', () => {
    const two = detail(tumour.series.filter(({ role }) => role !== 't2' && role !== 'flair'), 't1c');
    expect(names(two)).toEqual(['t1c', 't1']);
    expect(names(two, 'four')).toEqual(['t1c', 't1', 'localizer']);
  });
  test('never offers what makes no volume', () => { expect(offeredSeries(tumour).map(({ target }) => target?.series)).not.toContain('raw'); });
});

test('a study with one sequence is shown in its three planes', () => {
  expect(automaticLayout(detail([series('t1c', 't1c', 1, [axial]), series('x', 'other', null, [axial])], 't1c'))).toBe('mpr');
});

test('thin slices are cut axially, thick ones stay as they were acquired', () => {
  const planes = (plane: StackSummary['plane'], mm: [number, number, number]): unknown => offeredSeries(detail([series('a', 't1', 1, [stack(plane, mm)])]))[0]?.plane;
  expect(planes('sagittal', [1, 1, 1])).toBe('axial');
  expect(planes('sagittal', [0.5, 0.5, 5])).toBeNull();
  expect(planes('axial', [0.5, 0.5, 5])).toBe('axial');
});

describe('another layout', () => {
  test('begins with the series that is read, and keeps what is shown', () => {
    const panes = panesOf('protocol', hungFor(tumour, 'protocol'));
    const two = panesOf('two', rehung(panes, panes[3], offeredSeries(tumour)));
    expect(two.map(({ target }) => target?.series)).toEqual(['flair', 't1c']);
  });
  test('of three planes shows one series in all, and leads back to the others', () => {
    const mpr = panesOf('mpr', hungFor(tumour, 'protocol'));
    expect(mpr.map(({ id, target }) => [id, target?.series])).toEqual([['axial', 't1c'], ['coronal', 't1c'], ['sagittal', 't1c']]);
    expect(panesOf('four', rehung(mpr, mpr[0], offeredSeries(tumour))).map(({ target }) => target?.series)).toEqual(['t1c', 't1', 't2', 'flair']);
  });
});

describe('a saved layout', () => {
  const panes = panesOf('two', [{ target: { study: 's', series: 'flair', stack: 0 }, plane: 'coronal' }, { target: { study: 's', series: 't2', stack: 0 }, plane: null }]);
  const saved = { panes: savedOf(tumour, panes) };
  test('keeps sequences and planes, not series, and hangs the best of each', () => {
    expect(saved.panes).toEqual([{ role: 'flair', plane: 'coronal' }, { role: 't2', plane: null }]);
    expect(hungBy(tumour, saved).map(({ target, plane }) => [target?.series, plane])).toEqual([['flair', 'coronal'], ['t2', null]]);
  });
  test('takes what is left where a study has no such sequence, and shows no series twice', () => {
    const two = detail([series('t2 only', 't2', 1, [axial]), series('x', 'other', null, [axial])]);
    expect(hungBy(two, saved).map(({ target }) => target?.series)).toEqual(['x', 't2 only']);
  });
});

describe("a reader's own rule", () => {
  const own: HangingProtocol = { roles: ['flair', 't1c', 't2'], panes: 2, priorBeside: false };
  const hung = (study: StudyDetail, of = own): (string | undefined)[] => hungFor(study, automaticLayout(study, of), of).map(({ target }) => target?.series);

  test('says which sequence has the large pane and how many hang', () => {
    expect(automaticLayout(tumour, own)).toBe('protocol');
    expect(hung(tumour)).toEqual(['flair', 't1c']);
    expect(panesOf('protocol', hungFor(tumour, 'protocol', own))).toHaveLength(2);
  });
  test('one pane, or one sequence, is one view', () => {
    expect([automaticLayout(tumour, { ...own, panes: 1 }), hung(tumour, { ...own, panes: 1 })]).toEqual(['one', ['flair']]);
    expect([automaticLayout(tumour, { ...own, roles: ['t2'] }), hung(tumour, { ...own, roles: ['t2'] })]).toEqual(['one', ['t2']]);
  });
  test('a missing sequence leaves its place to the next; with one of them the planes are shown', () => {
    expect(hung(detail(tumour.series.filter(({ role }) => role !== 't1c'), 't1'))).toEqual(['flair', 't2']);
    expect(automaticLayout(detail(tumour.series.filter(({ role }) => role === 't1' || role === 'flair'), 't1'), own)).toBe('mpr');
  });
  test('the series the models read stands for its sequence, also where another is ranked before it', () => {
    expect(hung(detail(tumour.series, 't2 worse'), { ...own, panes: 4 })).toEqual(['flair', 't1c', 't2 worse']);
  });
});
