import { describe, expect, test } from 'vitest';
import type { Role } from '../../shared/contract.ts';
import { makeAxialHeaders, type HeaderOptions } from '../../testing/instanceHeader.ts';
import type { Stack } from '../volume/types.ts';
import { contrastPhrases } from './phrases.ts';
import { chooseSeries, rankSeries, type SeriesCandidate } from './rankSeries.ts';

interface CandidateOptions extends HeaderOptions {
  readonly slices?: number;
  readonly stepMm?: number;
  readonly plane?: 'axial' | 'sagittal' | 'coronal';
  readonly refused?: boolean;
}

function candidate(series: string, description: string, options: CandidateOptions = {}): SeriesCandidate {
  const slices = options.slices ?? 26;
  const stepMm = options.stepMm ?? 5.5;
  const instances = makeAxialHeaders(slices, stepMm, { ...options, series, sequence: { seriesDescription: description, ...options.sequence } });
  const stack: Stack = {
    index: 0, label: '', slices: instances.map((instance, k) => ({ instance, frame: 0, offsetMm: k * stepMm })), problems: [],
    geometry: options.refused ? null : { dims: [256, 256, slices], voxelToLps: [0.9, 0, 0, -110, 0, 0.9, 0, -110, 0, 0, stepMm, 0, 0, 0, 0, 1], plane: options.plane ?? 'axial', frameOfReferenceUid: '2.25.8', slicing: 'direct', nifti: { axes: [0, 1, 2], direction: [1, -1, 1] } },
  };
  return { series: { seriesUid: series, studyUid: '2.25.7', instances }, stacks: [stack] };
}

const roleOf = (description: string, options: CandidateOptions = {}): Role => rankSeries([candidate('2.25.1', description, options)])[0]!.role;

describe('the words of series descriptions', () => {
  test('the chooser knows well over fifty expressions for contrast', () => {
    expect(new Set(contrastPhrases).size).toBeGreaterThan(100);
  });

  test.each([
    // From the paper and from real data
    'Axial T1 post SENSE', 'Ax T1 POST', 'T1post', 'MRHR T1 AX POST GAD',
    // Signs
    'AX T1 +C', 'T1+C', 'T1W+GD', 'Sag T1 C+', 'AX T1 FS+C', 'T1 (+C) AX', 'T1C+', '+C COR T1 FSE', 'Ax BRAVO +C', 'T1 TSE TRA +GD', 'AX T1 FSE FS +GAD',
    // Words
    'Ax T1 Post Gad', 'AX T1 POST CONTRAST', 'COR T1 W/CONTRAST', 'SAG T1 w/ Gd', 'T1CE', 'T1_CE_AX', 't1_mprage_sag_p2_iso_post', 'MPRAGE POST', 'SAG 3D MP-RAGE POST GAD', 'AX SPGR POST', '3D FSPGR +C', 'WAND T1 enhanced', 'T1 SE AX GADAVIST', 'T1 TRA DOTAREM', 'Ax T1 MT POST', 'AX T1 SE POST MAG TRANSFER', 'T1 VIBE FS TRA GD', 'post gd T1 cor', 'T1W_3D_TFE_post', 'T1W_SE_Gd', 'SAG CUBE T1 POST', 'T1 SPACE POST FS', 'STEALTH T1 POST', 'AXIAL T1 POST INFUSION GAD', 'Ax T1 FLAIR POST', 'T1 AX IV CONTRAST',
    // German, French, Spanish, Portuguese, Italian, Dutch, Scandinavian, Polish, Turkish, Russian, East Asian
    't1_tse_tra_KM', 'T1 tra nach KM', 't1_mpr_sag_iso_+KM', 'T1 SE post KM', 'T1 ax n. KM', 'AX T1 INJ', 'T1 SE AX GADO', 'T1 3D injecté', 'SAG T1 après injection', 'AX T1 CON CONTRASTE', 'T1 AX CIV', 'T1 FS C/ CONTRASTE', 'AX T1 PÓS CONTRASTE', 'T1 TRA MDC', 'T1 SE ASS post mdc', 'T1 dopo mdc', 'T1 tra na Gd', 'T1 med kontrast', 'T1 po kontraście', 'T1 tra kontrastlı', 'T1 с контрастом', 'T1增强', 'T1 造影', 'T1 조영',
  ])('%s is T1 post-contrast', (description) => {
    expect(roleOf(description)).toBe('t1c');
  });

  test.each([
    'T1 AX', 'AX T1 PRE', 'T1 AX PRE GAD', 'Ax T1 w/o', 'T1 W/O CONTRAST', 'AX T1 WITHOUT', 'T1 non-contrast', 'T1 -C', 't1_tse_tra nativ', 'T1 vor KM', 'T1 ohne KM', 'T1 sans injection', 'AX T1 SIN CONTRASTE', 'T1 senza mdc', 'T1 utan kontrast', 'T1 без контраста', 'T1 平扫',
    'ADNI_Sag3D MPRAGE', '3D Ax T1 MP-RAGE_R22', 't1_fl2d_sag', 'Sag T1 FLAIR', 'T1 post op', 'T1 AX POSTERIOR FOSSA',
    // Protocol names of a whole exam say nothing of one series
    'AX T1 W/WO',
  ])('%s is T1 without contrast', (description) => {
    expect(roleOf(description)).toBe('t1');
  });

  test.each<[string, Role]>([
    ['AX FLAIR gad', 'flair'], ['T2 FLAIR POST', 'flair'], ['sT2W/FLAIR', 'flair'], ['MRHR FLAIR AX', 'flair'], ['t2_tirm_tra_dark-fluid', 'flair'], ['AX T2 FLAIR FS +C', 'flair'],
    ['AX T2 POST', 't2'], ['MRHR T2 AX', 't2'], ['t2_tse_tra', 't2'], ['Ax T2 PROPELLER', 't2'],
    ['T1 POST SUB', 'other'], ['SUBTRACTION T1 POST-PRE', 'other'], ['_SUB_MIP_COR', 'other'], ['<MIP Range>', 'other'], ['3-Plane Loc', 'other'], ['AAHead_Scout', 'other'], ['Survey', 'other'],
    ['DWI b1000', 'other'], ['ep2d_diff_3scan_trace_p2_ADC', 'other'], ['AX SWI', 'other'], ['3D TOF MRA', 'other'], ['DCE T1 dynamic post', 'other'], ['ep2d_perf_p2 GAD', 'other'], ['PD TSE', 'other'],
    ['SAG T1 C-SPINE POST', 'other'], ['T1 POST NECK', 'other'], ['Screen Save', 'other'], ['Phoenix ZIP Report', 'other'],
  ])('%s is %s', (description, role) => {
    expect(roleOf(description)).toBe(role);
  });
});

describe('what headers say beside the words', () => {
  test('an agent makes a T1 without words post-contrast', () => {
    expect(roleOf('T1 AX', { sequence: { contrastAgent: '11 ml Omniscan' } })).toBe('t1c');
  });

  test.each(['NONE', 'none', 'No', '', 'N/A'])('the agent "%s" is no agent', (contrastAgent) => {
    expect(roleOf('T1 AX', { sequence: { contrastAgent } })).toBe('t1');
  });

  test('the word "pre" outranks an agent that was entered for the whole exam', () => {
    const [ranked] = rankSeries([candidate('2.25.1', 'AX T1 PRE', { sequence: { contrastAgent: 'GADAVIST' } })]);
    expect(ranked).toMatchObject({ role: 't1' });
    expect(ranked!.reason).toContain('although a contrast agent is recorded');
  });

  test.each<[string, Partial<HeaderOptions['sequence']>, Role]>([
    ['spin echo T1', { scanningSequence: 'SE', repetitionTimeMs: 550, echoTimeMs: 12 }, 't1'],
    ['inversion-prepared gradient echo', { scanningSequence: 'GR\\IR', repetitionTimeMs: 2300, echoTimeMs: 3, inversionTimeMs: 900, flipAngleDeg: 9 }, 't1'],
    ['turbo spin echo T2', { scanningSequence: 'SE', repetitionTimeMs: 4500, echoTimeMs: 100 }, 't2'],
    ['FLAIR', { scanningSequence: 'SE\\IR', repetitionTimeMs: 9000, echoTimeMs: 120, inversionTimeMs: 2500 }, 'flair'],
    ['proton density', { scanningSequence: 'SE', repetitionTimeMs: 2500, echoTimeMs: 20 }, 'other'],
    ['echo planar', { scanningSequence: 'EP\\GR', repetitionTimeMs: 600, echoTimeMs: 5 }, 'other'],
  ])('timing alone tells %s', (_, sequence, role) => {
    expect(roleOf('', { sequence: sequence ?? {} })).toBe(role);
  });

  test('the protocol name is asked when the description is empty', () => {
    expect(roleOf('', { sequence: { protocolName: 'T1 TRA GD' } })).toBe('t1c');
  });

  test.each<[string, CandidateOptions]>([
    ['CT', { modality: 'CT' }], ['a segmentation', { modality: 'SEG' }], ['an object without pixels', { pixels: null }],
    ['a secondary capture', { sopClassUid: '1.2.840.10008.5.1.4.1.1.7' }], ['a projection', { imageType: ['DERIVED', 'SECONDARY', 'PROJECTION IMAGE', 'MIP'] }], ['a localizer', { imageType: ['ORIGINAL', 'PRIMARY', 'LOCALIZER'] }],
  ])('%s called "AX T1 POST GAD" is not picked', (_, options) => {
    const ranked = rankSeries([candidate('2.25.1', 'AX T1 POST GAD', options)]);
    expect(ranked[0]!.role).toBe('other');
    expect(chooseSeries(ranked).chosen).toBeNull();
  });
});

describe('ranking and choosing', () => {
  test('whole-brain axial comes before a sella-only, a thick coronal and a reformat', () => {
    const ranked = rankSeries([
      candidate('2.25.1', 'COR T1 POST', { plane: 'coronal' }),
      candidate('2.25.2', 'AX T1 POST SELLA', { slices: 15, stepMm: 2 }),
      candidate('2.25.3', 'AX T1 POST'),
      candidate('2.25.4', 'AX T1 POST MPR', { imageType: ['DERIVED', 'SECONDARY', 'MPR'] }),
    ]);
    expect(chooseSeries(ranked).chosen?.seriesUid).toBe('2.25.3');
    expect(ranked.map((entry) => entry.rank)).toEqual([3, 4, 1, 2]);
  });

  test('of two alike the later one is taken, since repeats are made because the first went wrong', () => {
    const ranked = rankSeries([candidate('2.25.1', 'AX T1 POST', { sequence: { seriesNumber: 9 } }), candidate('2.25.2', 'AX T1 POST', { sequence: { seriesNumber: 12 } })]);
    expect(chooseSeries(ranked).chosen?.seriesUid).toBe('2.25.2');
  });

  test('a T1 post-contrast series whose geometry is refused is never chosen', () => {
    const ranked = rankSeries([candidate('2.25.1', 'AX T1 POST', { refused: true }), candidate('2.25.2', 'AX T1 PRE')]);
    expect(ranked[0]).toMatchObject({ role: 't1c', rank: null });
    expect(chooseSeries(ranked)).toMatchObject({ chosen: { seriesUid: '2.25.2' }, problem: { code: 'select/t1-instead', severity: 'warning' } });
  });

  test('without any T1 nothing is chosen and the reader is told', () => {
    const choice = chooseSeries(rankSeries([candidate('2.25.1', 'AX T2'), candidate('2.25.2', 'AX FLAIR')]));
    expect(choice).toMatchObject({ chosen: null, problem: { code: 'select/no-t1c', severity: 'refused' } });
  });

  test("a reader's role outranks the rules, both ways", () => {
    const candidates = [candidate('2.25.1', 'AX T1 POST'), candidate('2.25.2', 'AX T1')];
    const ranked = rankSeries(candidates, new Map<string, Role>([['2.25.1', 'other'], ['2.25.2', 't1c']]));
    expect(ranked.map(({ role, overridden }) => [role, overridden])).toEqual([['other', true], ['t1c', true]]);
    expect(chooseSeries(ranked)).toMatchObject({ chosen: { seriesUid: '2.25.2' }, problem: null });
  });
});
