/** Reading report sentences by rules: what is affirmed, what is denied, where and how large; and what is left alone. */
import { describe, expect, test } from 'vitest';
import { questions } from '../../shared/figure14.ts';
import { splitSentences } from '../draft/sentences.ts';
import { placesIn, sidesIn } from './places.ts';
import { priorMentions } from './priorWording.ts';
import { readReport } from './readReport.ts';
import { readSentence } from './readSentence.ts';

const deniedBy = (sentence: string): string[] => readSentence(sentence).denied.map(({ topic, places }) => [topic, ...places.map(({ location }) => location)].join(' '));
const lesionsOf = (sentence: string): string[] => readSentence(sentence).lesions.map(({ place, side, sizeMm }) => [place?.location ?? place?.name ?? '-', side ?? '-', sizeMm ?? '-'].join(' | '));

describe('what a sentence denies', () => {
  test.each([
    ['No enhancing lesion in the left frontal lobe.', ['lesion Left frontal lobe']],
    ['No suspicious enhancing mass lesions are identified.', ['lesion']],
    ['No new discontinuous suspiciously enhancing brain lesions.', ['additionalLesion']],
    ['There is no evidence of hydrocephalus, midline shift, or herniation.', ['shift', 'hydrocephalus']],
    ['Hydrocephalus is not seen.', ['hydrocephalus']],
    ['The right temporal lesion is no longer seen.', ['lesion Right temporal lobe']],
    ['The ventricles, sulci and basal cisterns are normal.', ['hydrocephalus', 'other']],
    ['No sellar or parasellar mass.', ['sella']],
    ['No abnormality in the sella.', ['sella Sella or parasellar region']],
    ['The MRI of the brain shows no hydrocephalus.', ['hydrocephalus']],
    // Denies something about a lesion, and no lesion.
    ['No edema around the right parietal lesion.', []],
    ['No restricted diffusion within the enhancing lesion in the right temporal lobe.', []],
    ['There is no significant change in the left frontal enhancing mass.', []],
    ['There is a 2 cm enhancing mass in the left frontal lobe without midline shift.', ['shift Left frontal lobe']],
    ['A ring enhancing lesion in the right thalamus without mass effect.', []],
    ['A dural based enhancing mass overlying the left temporal lobe measures 1.2 cm without significant edema, likely a meningioma.', []],
    // Says neither.
    ['Metastases cannot be excluded.', []],
  ])('%s', (sentence, denied) => { expect(deniedBy(sentence)).toEqual(denied); });

  test('a denial ends where an exception or another clause begins', () => {
    expect(lesionsOf('No enhancing lesion other than the left frontal mass.')).toEqual(['Left frontal lobe | left | -']);
    const mixed = readSentence('No enhancing lesion is seen; the ventricles are markedly enlarged.');
    expect(mixed.hydrocephalus).toBe(true);
    expect(mixed.denied.map(({ topic }) => topic)).toEqual(['lesion']);
  });
});

describe('what a sentence affirms', () => {
  test.each([
    ['There is a superficial focus of enhancement along the right inferior frontal gyrus.', ['Right frontal lobe | right | -']],
    ['A 2.3 cm enhancing mass in the left frontal lobe with 5 mm midline shift to the right.', ['Left frontal lobe | left | 23']],
    ['Status post right frontal craniotomy with an enhancing nodule in the left parietal lobe.', ['Left parietal lobe | left | -']],
    ['There is nodular dural based thickening along the anteroinferior margin of the right frontal burr hole, measuring 1.8 x 1.3 cm on the axial images.', ['Right frontal lobe | right | 18']],
    ['A single enhancing lesion in the left cerebellum, previously measuring 1.1 cm, now measures 1.8 cm.', ['Cerebellum | left | 18']],
    ['The left lateral ventricle is mildly effaced by the right parietal mass.', ['Right parietal lobe | right | -']],
    ['The right cerebellar mass compresses the brainstem.', ['Cerebellum | right | -']],
    ['An enhancing lesion on the left.', ['- | left | -']],
    ['A 12 × 9 millimeter enhancing lesion within the right insula.', ['elsewhere | right | 12']],
    ['Bilateral frontal enhancing lesions, left greater than right.', ['Left frontal lobe | left | -', 'Right frontal lobe | right | -']],
    ['Status post right craniotomy.', []],
    ['Nonenhancing signal abnormality in the left temporal lobe.', []],
  ])('%s', (sentence, lesions) => { expect(lesionsOf(sentence)).toEqual(lesions); });

  test('the width and direction of a shift are no size and no side of a lesion', () => {
    const read = readSentence('There is a 2.3 cm enhancing mass in the right temporal lobe with 5 mm of right-to-left midline shift.');
    expect(read.shift).toEqual({ mm: 5, to: 'left' });
    expect(read.lesions.map(({ side, sizeMm }) => [side, sizeMm])).toEqual([['right', 23]]);
  });

  test('a shift without herniation is a shift', () => {
    const read = readSentence('Stable mild midline shift to the right without significant downward herniation.');
    expect(read.shift?.to).toBe('right');
    expect(read.denied).toEqual([]);
  });

  test('the side with more lesions', () => {
    expect(readSentence('Bilateral frontal enhancing lesions, left greater than right.').more).toBe('left');
    expect(readSentence('The lesions are more numerous on the right side.').more).toBe('right');
  });
});

describe('places', () => {
  test('a side holds until the next is named', () => {
    expect(placesIn('the left frontal and parietal lobes, the right thalamus and the brainstem').map(({ location }) => location)).toEqual(['Left frontal lobe', 'Left parietal lobe', 'Right thalamus or basal ganglia', 'brainstem']);
    expect(placesIn('both frontal lobes').map(({ location }) => location)).toEqual(['Left frontal lobe', 'Right frontal lobe']);
    expect(placesIn('a frontal lesion')[0]!.location).toBeNull();
  });

  test('sides set against each other are no sides of a place', () => {
    expect([...sidesIn('right-to-left midline shift')]).toEqual([]);
    expect([...sidesIn('midline shift to the right by 5 mm')]).toEqual([]);
    expect([...sidesIn('left greater than right')]).toEqual([]);
    expect([...sidesIn('to the right frontal lobe')]).toEqual(['right']);
  });
});

describe('reports of the paper', () => {
  test('Figure 15, rewritten, gives its answers', () => {
    const { answers } = readReport(splitSentences(
      'The peripherally enhancing centrally cystic/necrotic metastasis is located within the inferior right frontal lobe, bulging into the frontal horn of the right lateral ventricle. '
      + 'There is extensive right anterior hemispheric vasogenic edema extending into the basal ganglia and anterior thalamus. Mass effect results in right-to-left midline shift. '
      + 'The Ommaya catheter is in place with its tip within the necrotic core of the right inferior frontal lobe mass. There is nodular dural based thickening along the anteroinferior margin of the right frontal burr hole, measuring 1.8 x 1.3 cm on the axial images. '
      + 'A small enhancing lesion is adjacent to the upper aspect of the Ommaya catheter, measuring 4 to 5 mm. There is a right high parafalcine parietal hemorrhagic lesion. Background white matter changes are present.',
    ));
    expect(answers).toMatchObject({
      surgery: ['Yes'], enhancing: ['Yes'], size: ['1 to 2cm'], side: ['Right'], locations: ['Right frontal lobe'], count: ['Between 2 and 6'], shift: ['Yes'], hydrocephalus: ['No'], whiteMatter: ['Yes'],
      pituitaryNormal: ['Yes'], sella: ['No'], compression: ['ventricles'],
    });
  });

  test('Figure 12, raw, gives its findings and its words of other times', () => {
    const raw = 'Again status post left-sided craniotomy with stable postoperative changes and with slight increase in the heterogeneously enhancing mass lesion centered in the left temporal lobe which now measures 7.5 x 4.8 cm on image 13 series 14 from 6.7 x 4.7 cm, though the enhancement within it is more irregular and less intense than before. '
      + 'There is slightly increased dilatation of the ventricles suggesting transependymal flow of CSF from a communicating hydrocephalus. Stable mild midline shift to the right without significant downward herniation. No acute intracranial hemorrhage, infarct, or new extra-axial collections.';
    const sentences = splitSentences(raw);
    expect(readReport(sentences).answers).toMatchObject({ surgery: ['Yes'], enhancing: ['Yes'], size: ['More than 2cm'], side: ['Left'], locations: ['Left temporal lobe'], shift: ['Yes'], hydrocephalus: ['Yes'] });
    expect(sentences.map((sentence) => priorMentions(sentence).length > 0)).toEqual([true, true, true, true]);
  });

  test('Figure 10, generated, with its findings in one long sentence', () => {
    const { answers, sentences } = readReport(splitSentences(
      'Imaged with frameless stereotactic fiducial markers, the anterior cranial fossa floor meningioma measures 4 x 3.9 cm; it fills the olfactory grooves and extends along the planum sphenoidale and orbital roofs; there is mild hyperostosis; '
      + 'mass effect is observed upon the paramedian inferior frontal lobes with associated T1 hyperintense changes; no suspicious enhancing mass lesions are identified; ventricles are unremarkable; no diffusion restriction to indicate acute ischemia is present.',
    ));
    expect(answers).toMatchObject({ enhancing: ['Yes'], size: ['More than 2cm'], count: ['One'], hydrocephalus: ['No'] });
    expect(sentences[0]!.denied.map(({ topic }) => topic)).toEqual(['lesion', 'hydrocephalus']);
  });
});

describe('a whole report', () => {
  test.each(['', 'suggesssuitaryuitarygions diseasgions and', 'lesion lesion lesion', 'x'.repeat(5000), '2 2 2 cm cm', 'left right left right', '\n\n .. .', 'The the the in in in of of of.'])('of garbage says nothing: %.20s', (text) => {
    const read = readReport([text]);
    for (const { id, normal } of questions) expect(read.answers[id]).toEqual([normal]);
    expect(read.told.size).toBe(0);
    expect(read.callsNormal).toBe(false);
  });

  test('tells which sentences speak of a question, whichever way', () => {
    const { told } = readReport(['There is hydrocephalus.', 'No midline shift.', 'The ventricles are not dilated.', 'The orbits are unremarkable.']);
    expect(told.get('hydrocephalus')).toEqual([0, 2]);
    expect(told.get('shift')).toEqual([1]);
    expect(told.has('surgery')).toBe(false);
  });
});

describe('words of another time', () => {
  test.each(['Again seen is the ring enhancing lesion.', 'Compared to December 21, 2011, the lesion is stable.', 'Unchanged postoperative cavity.', 'Interval resection of the mass.', 'Examination of 03/14/2019.', 'It now measures 7.5 x 4.8 cm.', 'Seen 3 months ago.'])('%s', (text) => {
    expect(priorMentions(text)).not.toEqual([]);
  });

  test.each(['The lesions are more numerous on the left side.', 'Consistent with chronic small vessel ischemic disease.', 'Postsurgical changes of a left frontal craniotomy are noted.', 'May represent a meningioma, 12 mm.'])('not: %s', (text) => {
    expect(priorMentions(text)).toEqual([]);
  });
});
