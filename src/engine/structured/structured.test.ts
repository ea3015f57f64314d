/** Structured findings: what holds, where it comes from, and that proposed sentences say what they are proposed for. */
import { describe, expect, test } from 'vitest';
import type { StructuredAnswer } from '../../shared/contract.ts';
import { questions } from '../../shared/figure14.ts';
import { findingsOf } from '../../testing/reportParts.ts';
import { readReport } from '../statements/readReport.ts';
import { headAnswers } from './headAnswers.ts';
import { mergeAnswers, sentencesAgainst } from './mergeAnswers.ts';
import { sentencesFor } from './proposals.ts';

const finding = (question: string, answer: string, probability: number) => ({ question, answer, probability });
const chosen = (...args: Parameters<typeof mergeAnswers>) => Object.fromEntries(mergeAnswers(...args).map(({ question, chosen: { answers, source } }) => [question, `${source}: ${answers.join('; ')}`]));

describe('answers of the heads', () => {
  test('are the likely option, or that of a normal study with what is left', () => {
    expect(headAnswers([finding('enhancing', 'Yes', 0.9), finding('size', 'Less than 1cm', 0.3), finding('size', '1 to 2cm', 0.6), finding('shift', 'Yes', 0.2)])).toEqual([
      { question: 'enhancing', answers: ['Yes'], probability: 0.9, source: 'head' },
      { question: 'size', answers: ['1 to 2cm'], probability: 0.6, source: 'head' },
      { question: 'shift', answers: ['No'], probability: 0.8, source: 'head' },
    ]);
  });

  test('list all likely places in the order of the options, as sure as the least sure', () => {
    const [locations] = headAnswers([finding('locations', 'Cerebellum', 0.95), finding('locations', 'Left frontal lobe', 0.7), finding('locations', 'brainstem', 0.1)]);
    expect(locations).toMatchObject({ answers: ['Left frontal lobe', 'Cerebellum'], probability: 0.7 });
  });

  test('count from the threshold that was measured for them', () => {
    const from = (threshold: number) => ({ operatingPoint: { threshold, sensitivity: 0.8, specificity: 0.9, measuredOn: 'cases' } });
    const said = headAnswers([{ ...finding('enhancing', 'Yes', 0.3), ...from(0.25) }, { ...finding('count', 'One', 0.6), ...from(0.7) }, { ...finding('shift', 'Yes', 0.6), ...from(0.7) }]);
    expect(said.map(({ question, answers: [answer] }) => [question, answer])).toEqual([['enhancing', 'Yes'], ['count', 'NA'], ['shift', 'No']]);
  });

  test('give no place or size of a lesion that is not there', () => {
    const answers = headAnswers([finding('enhancing', 'Yes', 0.1), finding('locations', 'Cerebellum', 0.95), finding('count', 'One', 0.8)]);
    expect(answers.map(({ question, answers: said }) => [question, ...said])).toEqual([['enhancing', 'No'], ['locations', 'NA'], ['count', 'NA']]);
  });
});

describe('the answer that holds', () => {
  const sentences = findingsOf('There is a 2.3 cm enhancing lesion in the left frontal lobe.', 'No hydrocephalus.');
  const heads = [finding('hydrocephalus', 'Yes', 0.8), finding('shift', 'Yes', 0.7)];

  test('is the text\'s where it speaks, then the head\'s, then that of a normal study', () => {
    expect(chosen(sentences, [], heads)).toMatchObject({ hydrocephalus: 'text: No', size: 'text: More than 2cm', locations: 'text: Left frontal lobe', shift: 'head: Yes', surgery: 'default: No', pituitaryNormal: 'default: Yes' });
  });

  test('follows the text when it changes', () => {
    const changed = sentences.map((one) => ({ ...one, text: one.text.replace('left frontal lobe', 'right thalamus') }));
    expect(chosen(changed, [], heads)).toMatchObject({ locations: 'text: Right thalamus or basal ganglia', side: 'text: Right' });
    expect(chosen(sentences.map((one) => ({ ...one, state: 'rejected' as const })), [], heads)).toMatchObject({ enhancing: 'default: No', hydrocephalus: 'head: Yes' });
  });

  test('is the reader\'s above all, and says where the text disagrees', () => {
    const reader: StructuredAnswer = { question: 'hydrocephalus', answers: ['Yes'], probability: null, source: 'reader' };
    const merged = mergeAnswers(sentences, [reader], heads).find(({ question }) => question === 'hydrocephalus')!;
    expect(merged).toMatchObject({ chosen: reader, disagrees: true, sentences: ['s2'] });
    expect(merged.evidence.map(({ source }) => source)).toEqual(['reader', 'text', 'head', 'default']);
  });

  test('is the language model\'s only where the rules read nothing', () => {
    const model = (question: string, answer: string): StructuredAnswer => ({ question, answers: [answer], probability: null, source: 'model' });
    expect(chosen(sentences, [model('hydrocephalus', 'Yes'), model('surgery', 'Yes')], heads)).toMatchObject({ hydrocephalus: 'text: No', surgery: 'model: Yes' });
  });

  test('is never one that is no option', () => {
    expect(chosen(sentences, [{ question: 'count', answers: ['Many'], probability: null, source: 'reader' }, { question: 'shift', answers: ['Yes', 'No'], probability: null, source: 'reader' }], heads)).toMatchObject({ count: 'text: One', shift: 'head: Yes' });
  });
});

describe('proposed sentences', () => {
  const single = questions.flatMap(({ id, options }) => options.filter((option) => sentencesFor(id, [option]).length > 0).map((option) => [id, option] as const));

  test.each(single)('%s: %s', (id, option) => { expect(readReport(sentencesFor(id, [option])).answers[id]).toEqual([option]); });

  test.each([
    ['locations', ['Left frontal lobe', 'Right thalamus or basal ganglia', 'brainstem']],
    ['locations', ['Cerebellum', 'Sella or parasellar region']],
    ['compression', ['ventricles', 'brainstem', 'cranial nerves']],
  ] as const)('%s: %j', (id, answers) => { expect(readReport(sentencesFor(id, answers)).answers[id]).toEqual(answers); });

  test('only what says nothing by itself has none', () => {
    expect(questions.flatMap(({ id, options }) => options.filter((option) => sentencesFor(id, [option]).length === 0).map((option) => `${id} ${option}`))).toEqual(['surgeryKind NA', 'size NA', 'side NA', 'locations NA', 'count NA']);
  });

  test('the sentences that must change are those that say otherwise', () => {
    const sentences = findingsOf('There is hydrocephalus.', 'No midline shift.', 'The ventricles are not enlarged.');
    expect(sentencesAgainst(sentences, 'hydrocephalus', ['No']).map(({ id }) => id)).toEqual(['s1']);
    expect(sentencesAgainst(sentences, 'hydrocephalus', ['Yes']).map(({ id }) => id)).toEqual(['s3']);
    expect(sentencesAgainst(sentences, 'surgery', ['Yes'])).toEqual([]);
  });
});
