/** Each rule by what it must flag and what it must leave alone. */
import { describe, expect, test } from 'vitest';
import type { ReportFlag, ReportSentence } from '../../shared/contract.ts';
import { findingsOf, foundOf, lengthOf, lesionOf, sentenceOf } from '../../testing/reportParts.ts';
import type { Evidence } from './evidence.ts';
import { flagReport } from './flagReport.ts';

const nothing: Evidence = { found: null, views: new Map(), measurements: [], priorOpened: false, supportThreshold: null };
const flags = (sentences: readonly ReportSentence[], evidence: Partial<Evidence> = {}): ReportFlag[] => flagReport({ sentences: [...sentences] }, { ...nothing, ...evidence });
const told = (sentences: readonly ReportSentence[], evidence: Partial<Evidence> = {}): string[] => flags(sentences, evidence).map(({ kind, sentence }) => `${kind} ${sentence ?? '-'}`);
const grounded = (view: number, supported = true) => ({ view, similarity: supported ? 0.6 : 0.1, slice: 3, supported });

describe('a wrong side', () => {
  const left = findingsOf('There is a ring enhancing lesion in the left frontal lobe.');
  const lesions = [lesionOf('right', 22)];

  test('against the lesions of the lesion head', () => {
    const [flag, ...more] = flags(left, { found: foundOf(null, lesions) });
    expect(flag).toMatchObject({ kind: 'wrong-side', sentence: 's1', dismissed: null });
    expect(flag!.reason).toBe('The text says left; the lesion head finds its one lesion on the right (largest 22 mm, slice 12).');
    expect(more.map(({ kind }) => kind)).toEqual(['missed-finding']);
  });

  test.each([
    ['the same side', [lesionOf('left', 22)]],
    ['both sides', [lesionOf('left', 9), lesionOf('right', 22)]],
    ['the midline', [lesionOf('midline', 22)]],
  ])('not where lesions lie on %s', (_, there) => {
    expect(flags(left, { found: foundOf(null, there) }).filter(({ kind }) => kind === 'wrong-side')).toEqual([]);
  });

  test.each([
    'No enhancing lesion in the left frontal lobe, but one in the right parietal lobe.',
    'Status post left craniotomy.',
    'There is 4 mm of right-to-left midline shift.',
    'Left frontal hemorrhagic lesion.',
    'Enhancing lesions in both hemispheres, left greater than right.',
  ])('not for %s', (text) => {
    expect(flags(findingsOf(text), { found: foundOf(null, lesions) }).filter(({ kind, reason }) => kind === 'wrong-side' && reason.startsWith('The text says left'))).toEqual([]);
  });

  test('a size that fits only the lesion of the other side', () => {
    const found = foundOf(null, [lesionOf('left', 5), lesionOf('right', 24)]);
    expect(told(findingsOf('A 2.3 cm enhancing mass in the left frontal lobe.', 'An enhancing lesion in the right parietal lobe.'), { found })).toEqual(['wrong-side s1']);
    expect(told(findingsOf('A 0.6 cm enhancing mass in the left frontal lobe.', 'An enhancing lesion in the right parietal lobe.'), { found })).toEqual([]);
  });

  test('against the place its view looked at, only where no lesion was found', () => {
    const sentence = [sentenceOf('s1', 'There is an enhancing lesion in the left frontal lobe.', { grounding: grounded(3) })];
    const views = new Map([[3, { towardsLeftMm: -31, share: 0.97 }]]);
    expect(flags(sentence, { views })[0]).toMatchObject({ kind: 'wrong-side', reason: "The text says left; the view that carries this sentence looked at the patient's right, 31 mm from the midline." });
    expect(told(sentence, { views, found: foundOf(null, [lesionOf('left', 22)]) })).toEqual([]);
    expect(told(sentence, { views: new Map([[3, { towardsLeftMm: -31, share: 0.7 }]]) })).toEqual([]);
    expect(told(sentence, { views: new Map([[3, { towardsLeftMm: -6, share: 1 }]]) })).toEqual([]);
    expect(told(sentence, { views: new Map([[3, { towardsLeftMm: 31, share: 1 }]]) })).toEqual([]);
    expect(told([{ ...sentence[0]!, grounding: grounded(3, false) }], { views })).toEqual([]);
  });

  test('against the measurement that the sentence states, which counts more than lesions', () => {
    const sentence = [sentenceOf('s1', 'The left frontal mass measures 23 mm.', { measurement: 'm1' })];
    const measured = (towardsLeftMm: number) => ({ measurements: [{ measurement: lengthOf('m1', 23), towardsLeftMm }] });
    expect(told(sentence, measured(-28))).toEqual(['wrong-side s1']);
    expect(told(sentence, { ...measured(28), found: foundOf(null, [lesionOf('right', 23)]) }).filter((flag) => flag.startsWith('wrong-side'))).toEqual([]);
    expect(told(sentence, measured(-3))).toEqual([]);
  });

  test('a midline pushed towards the only large lesion', () => {
    const found = foundOf(null, [lesionOf('left', 40)]);
    const mass = 'There is an enhancing mass in the left temporal lobe.';
    expect(told(findingsOf(mass, '5 mm of midline shift to the left.'), { found })).toEqual(['wrong-side s2']);
    expect(told(findingsOf(mass, '5 mm of left-to-right midline shift.'), { found })).toEqual([]);
  });
});

describe('contradictions between sentences', () => {
  test.each([
    ['There is hydrocephalus.', 'The ventricles are normal in size.'],
    ['A 12 mm enhancing lesion in the left thalamus.', 'No enhancing lesion is seen.'],
    ['Right-to-left midline shift of 4 mm.', 'There is no midline shift or herniation.'],
    ['An enhancing lesion in the left frontal lobe.', 'No enhancing lesion in the left frontal lobe.'],
    ['An enhancing lesion in the pons.', 'Normal MRI of the brain.'],
    ['Midline shift to the left.', 'There is left-to-right midline shift.'],
  ])('%s / %s', (first, second) => {
    const [flag, ...more] = flags(findingsOf(first, second));
    expect(flag).toMatchObject({ kind: 'contradiction', sentence: 's2' });
    expect(flag!.reason).toContain(first);
    expect(more).toEqual([]);
  });

  test.each([
    ['An enhancing lesion in the left frontal lobe.', 'No additional enhancing lesions.'],
    ['An enhancing lesion in the left frontal lobe.', 'No enhancing lesion in the right frontal lobe.'],
    ['An enhancing lesion in the left frontal lobe.', 'The remaining brain parenchyma is normal.'],
    ['An enhancing lesion in the left frontal lobe without mass effect.', 'There is 3 mm of left-to-right midline shift.'],
    ['There is mild midline shift to the left without herniation.', 'No hydrocephalus.'],
  ])('none in %s / %s', (first, second) => { expect(flags(findingsOf(first, second))).toEqual([]); });

  const impression = (finding: string, text: string): ReportSentence[] => [sentenceOf('s1', finding), sentenceOf('s2', text, { section: 'impression' })];

  test.each([
    ['An enhancing mass in the left frontal lobe.', 'Right frontal enhancing mass.'],
    ['Three enhancing lesions are seen.', 'Five enhancing lesions.'],
    ['A 2.3 cm enhancing mass in the left frontal lobe.', 'A 1.2 cm enhancing mass in the left frontal lobe.'],
  ])('the impression against the findings: %s / %s', (finding, text) => { expect(told(impression(finding, text))).toEqual(['contradiction s2']); });

  test.each([
    ['An enhancing mass in the left frontal lobe.', 'Left frontal enhancing mass.'],
    ['An enhancing mass in the corpus callosum.', 'Right frontal enhancing mass.'],
    ['Multiple enhancing lesions.', 'Five enhancing lesions.'],
    ['A 2.3 cm enhancing mass in the left frontal lobe.', 'A 22 mm enhancing mass in the left frontal lobe.'],
  ])('none: %s / %s', (finding, text) => { expect(told(impression(finding, text))).toEqual([]); });
});

describe('contradictions with the heads', () => {
  test('a denial of what a head is sure of, and the other way round', () => {
    expect(told(findingsOf('No hydrocephalus.'), { found: foundOf({ hydrocephalus: 0.96 }, null) })).toEqual(['contradiction s1']);
    expect(told(findingsOf('No hydrocephalus.'), { found: foundOf({ hydrocephalus: 0.6 }, null) })).toEqual([]);
    expect(told(findingsOf('There is hydrocephalus.'), { found: foundOf({ hydrocephalus: 0.02 }, null) })).toEqual(['contradiction s1']);
    expect(told(findingsOf('There is hydrocephalus.'), { found: foundOf({ hydrocephalus: 0.3 }, null) })).toEqual([]);
  });

  test('a denial of lesions that the lesion head finds', () => {
    expect(flags(findingsOf('No enhancing lesion.'), { found: foundOf(null, [lesionOf('left', 14)]) })).toMatchObject([{ kind: 'contradiction', sentence: 's1', reason: expect.stringContaining('14 mm, slice 12') as string }]);
    expect(told(findingsOf('No enhancing lesion.'), { found: foundOf(null, [lesionOf('left', 14, { probability: 0.55 })]) })).toEqual([]);
  });

  test('nothing where the image is outside of what the pack was made for', () => {
    const insideOfTraining = { inside: false, score: 9, threshold: 3, reason: 'a knee', madeFor: 'heads' };
    const sentences = [sentenceOf('s1', 'There is an enhancing lesion in the left frontal lobe.', { grounding: grounded(0, false) })];
    expect(told(sentences, { found: foundOf({ shift: 0.99 }, [lesionOf('right', 22)], { insideOfTraining }), supportThreshold: 0.3 })).toEqual([]);
    expect(told(sentences, { found: foundOf({ shift: 0.99 }, [lesionOf('right', 22)]), supportThreshold: 0.3 })).toHaveLength(4);
  });
});

describe('contradictions with measurements', () => {
  const measured = (value: number, towardsLeftMm = 30) => ({ measurements: [{ measurement: lengthOf('m1', value), towardsLeftMm }] });

  test('a sentence that states one', () => {
    const stating = (text: string): ReportSentence[] => [sentenceOf('s1', text, { measurement: 'm1' })];
    expect(told(stating('The mass measures 2.3 cm.'), measured(23.4))).toEqual([]);
    expect(told(stating('The mass measures 2.3 x 1.8 cm.'), measured(17.6))).toEqual([]);
    expect(told(stating('The mass measures 2.3 cm.'), measured(29))).toEqual(['contradiction s1']);
    // Written in full centimetres, rounded by up to half of one.
    expect(told(stating('The mass measures 2 cm.'), measured(24))).toEqual([]);
  });

  test('the only length on the side of the only sized lesion', () => {
    const sentences = findingsOf('A 12 mm enhancing lesion in the left frontal lobe.');
    expect(told(sentences, measured(24))).toEqual(['contradiction s1']);
    expect(told(sentences, measured(13))).toEqual([]);
    expect(told(sentences, measured(24, -30))).toEqual([]);
    expect(told([...sentences, ...findingsOf('A 25 mm enhancing lesion in the left thalamus.').map((one) => ({ ...one, id: 's2' }))], measured(24))).toEqual([]);
  });
});

describe('missed findings', () => {
  test('of a head that is sure, unless a sentence speaks of it', () => {
    const found = foundOf({ shift: 0.97, whiteMatter: 0.5 }, null);
    expect(flags(findingsOf('No hydrocephalus.'), { found })).toMatchObject([{ kind: 'missed-finding', sentence: null, reason: 'The classification head gives 97 % for a midline shift or herniation; no sentence speaks of it.' }]);
    expect(told(findingsOf('There is midline shift to the left.'), { found })).toEqual([]);
    expect(told([], { found })).toEqual([]);
  });

  test('of lesions: by side, by number, in the midline', () => {
    expect(told(findingsOf('An enhancing lesion in the left frontal lobe.'), { found: foundOf(null, [lesionOf('left', 10), lesionOf('right', 12)]) })).toEqual(['missed-finding -']);
    expect(told(findingsOf('An enhancing lesion in the left frontal lobe.'), { found: foundOf(null, [lesionOf('left', 10), lesionOf('left', 12)]) })).toEqual(['missed-finding -']);
    expect(told(findingsOf('No hydrocephalus.'), { found: foundOf(null, [lesionOf('midline', 10)]) })).toEqual(['missed-finding -']);
  });

  test.each(['Multiple enhancing lesions.', 'An enhancing mass is seen.', 'Two enhancing lesions in the left frontal lobe and the right thalamus.'])('not where the text may mean them: %s', (text) => {
    expect(told(findingsOf(text), { found: foundOf(null, [lesionOf('left', 10), lesionOf('right', 12)]) })).toEqual([]);
  });

  test('a lesion the head is unsure of is not missed', () => {
    expect(told(findingsOf('No hydrocephalus.'), { found: foundOf(null, [lesionOf('left', 10, { probability: 0.6 })]) })).toEqual([]);
  });
});

describe('support and words of other times', () => {
  const unsupported = [sentenceOf('s1', 'There is hydrocephalus.', { grounding: grounded(2, false) }), sentenceOf('s2', 'No midline shift.', { grounding: grounded(1) }), sentenceOf('s3', 'No sellar mass.')];

  test('a sentence no view supports, where the pack was calibrated', () => {
    expect(flags(unsupported, { supportThreshold: 0.31 })).toMatchObject([{ kind: 'unsupported', sentence: 's1', reason: expect.stringContaining('0.10, below the pack\'s threshold of 0.31') as string }]);
    expect(flags(unsupported)).toEqual([]);
  });

  test('words of another time, until an earlier study is opened', () => {
    const sentences = findingsOf('Compared to the prior study, the mass is unchanged.', 'No midline shift.');
    expect(flags(sentences)).toMatchObject([{ kind: 'prior-wording', sentence: 's1', reason: expect.stringContaining('“compared”') as string }]);
    expect(flags(sentences, { priorOpened: true })).toEqual([]);
  });

  test('technique and rejected sentences are held against nothing', () => {
    const [one] = findingsOf('Compared to the prior study, there is a new lesion.');
    expect(flags([{ ...one!, section: 'technique' }])).toEqual([]);
    expect(flags([{ ...one!, state: 'rejected' }])).toEqual([]);
  });
});

describe('the id of a flag', () => {
  const found = foundOf({ hydrocephalus: 0.96 }, [lesionOf('right', 22)]);
  const base = findingsOf('There is an enhancing lesion in the left frontal lobe.', 'No hydrocephalus.', 'Stable since the prior study.');
  const ids = (sentences: readonly ReportSentence[]): string[] => flags(sentences, { found }).map(({ id }) => id);

  test('stays when words around the fault, other sentences or their order change', () => {
    const before = ids(base);
    expect(before).toHaveLength(4);
    const reworded = base.map((one) => ({ ...one, text: one.text.replace('There is an', 'Imaging shows a ring').replace('No hydrocephalus', 'There is no evidence of hydrocephalus').replace('Stable', 'The ventricles are stable') }));
    expect(new Set(ids(reworded))).toEqual(new Set(before));
    const neutral = ['The orbits are unremarkable.', 'No extra-axial collection.', 'The paranasal sinuses are unremarkable.'];
    for (let seed = 1; seed <= 40; seed++) {
      const mixed = [...base, ...neutral.slice(0, seed % 4).map((text, at) => sentenceOf(`n${at}`, text))].map((one, at) => ({ one, at: Math.sin(seed * 12.9898 + at * 78.233) })).sort((a, b) => a.at - b.at).map(({ one }) => one);
      expect(new Set(ids(mixed))).toEqual(new Set(before));
    }
  });

  test('is another for another fault, another sentence or another kind', () => {
    const all = [
      ...ids(base), ...ids(base.map((one) => ({ ...one, id: `x${one.id}` }))).slice(0, -1),
      ...flags(findingsOf('There is an enhancing lesion in the right frontal lobe.'), { found: foundOf(null, [lesionOf('left', 9)]) }).map(({ id }) => id),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  test('carries its dismissal', () => {
    const [flag] = flags(base, { found });
    const dismissal = { by: 'A. Reader', at: '2026-01-05T09:00:00.000Z', why: 'seen on FLAIR' };
    const again = flagReport({ sentences: base }, { ...nothing, found }, new Map([[flag!.id, dismissal]]));
    expect(again.map(({ dismissed }) => dismissed)).toEqual([dismissal, null, null, null]);
  });
});
