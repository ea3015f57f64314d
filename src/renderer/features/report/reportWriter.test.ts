/** The writer over a real engine: what it calls saved is stored, and two windows on one report lose nothing. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { OpenReport, ReportContent, SaveOutcome } from '../../../shared/contract.ts';
import { toErrorData } from '../../../shared/errors.ts';
import type { Engine } from '../../../engine/create.ts';
import { call, drain, openEngine } from '../../../testing/engineForTests.ts';
import { writePhantomStudy } from '../../../testing/phantomStudy.ts';
import { findingsOf, sentenceOf } from '../../../testing/reportParts.ts';
import { ReportWriter } from './reportWriter.ts';
import type { WriterState } from './reportWriter.ts';

const study = '2.25.771';
let dataDir = '';
let engine: Engine;
/** Runs before the engine is asked to save: what a network or another hand does meanwhile. */
let before: () => void = () => undefined;

beforeEach(async () => {
  before = () => undefined;
  dataDir = mkdtempSync(join(tmpdir(), 'brat-writer-'));
  engine = await openEngine(dataDir);
  await writePhantomStudy(join(dataDir, 'in'), { uid: study, series: ['t1c'] });
  await drain(engine.importPaths([join(dataDir, 'in')], call.signal));
  await engine.handlers['readers.add']({ name: 'Dr Ada', role: 'radiologist', passphrase: 'correct horse battery' }, call);
});
afterEach(async () => {
  await engine.close();
  rmSync(dataDir, { recursive: true, force: true });
});

const opened = async (): Promise<OpenReport> => (await engine.handlers['report.open']({ study }, call))!;
const storedTexts = async (): Promise<string[]> => (await opened()).content.sentences.map(({ text }) => text);
const withSentences = (content: ReportContent, sentences: ReportContent['sentences']): ReportContent => ({ ...content, sentences });

async function openWriter(): Promise<{ writer: ReportWriter; told: WriterState[]; merges: () => number }> {
  const told: WriterState[] = [];
  let merged = 0;
  const writer = new ReportWriter(await opened(), {
    save: async (revision, content, base) => {
      before();
      return engine.handlers['report.save']({ study, revision, content: structuredClone(content), base: structuredClone(base) }, call);
    },
    tell: (state) => told.push(state),
    onMerged: () => { merged += 1; },
    failureOf: (error) => toErrorData(error, 'report'),
  });
  return { writer, told, merges: () => merged };
}

test('says saved only of what is stored, and keeps blank sentences in the window', async () => {
  const { writer, told } = await openWriter();
  const content = withSentences(writer.state.content, [...findingsOf('No mass.'), sentenceOf('blank', '')]);
  writer.edit(content);
  expect(writer.state.saving).toBe('unsaved');
  expect(await writer.flush()).toBe(true);
  expect(told.map(({ saving }) => saving)).toEqual(expect.arrayContaining(['unsaved', 'saving', 'saved']));
  expect(await storedTexts()).toEqual(['No mass.']);
  expect(writer.state.content.sentences).toHaveLength(2);
});

test('what is typed while a save is on its way is saved after it', async () => {
  const { writer } = await openWriter();
  const first = writer.state.content;
  before = () => {
    before = () => undefined;
    writer.edit(withSentences(first, findingsOf('No mass is seen.')));
  };
  writer.edit(withSentences(first, findingsOf('No mass')));
  expect(await writer.flush()).toBe(true);
  expect(await storedTexts()).toEqual(['No mass is seen.']);
});

test('a save that fails keeps the text, says why, and is made up for later', async () => {
  const { writer } = await openWriter();
  await engine.handlers['session.lock']({}, call);
  writer.edit(withSentences(writer.state.content, findingsOf('No mass.')));
  expect(await writer.flush()).toBe(false);
  expect(writer.state).toMatchObject({ saving: 'failed', failure: { code: 'reader/not-signed-in' } });
  expect(writer.state.content.sentences[0]?.text).toBe('No mass.');
  await engine.handlers['session.enter']({ name: 'Dr Ada', passphrase: 'correct horse battery' }, call);
  expect(await writer.flush()).toBe(true);
  expect(writer.state.failure).toBeNull();
  expect(await storedTexts()).toEqual(['No mass.']);
});

describe('two windows', () => {
  test('both texts are put together, in the window and on the disk', async () => {
    const [one, two] = [await openWriter(), await openWriter()];
    one.writer.edit(withSentences(one.writer.state.content, [sentenceOf('a', 'No mass.')]));
    await one.writer.flush();
    two.writer.edit(withSentences(two.writer.state.content, [sentenceOf('b', 'No shift.')]));
    expect(await two.writer.flush()).toBe(true);
    expect(two.merges()).toBe(1);
    expect((await storedTexts()).sort()).toEqual(['No mass.', 'No shift.']);
    expect(two.writer.state.content.sentences.map(({ text }) => text).sort()).toEqual(['No mass.', 'No shift.']);
  });
  test('also when this one is typed in while they are put together', async () => {
    const [one, two] = [await openWriter(), await openWriter()];
    one.writer.edit(withSentences(one.writer.state.content, [sentenceOf('a', 'No mass.')]));
    await one.writer.flush();
    const start = two.writer.state.content;
    let typed = 0;
    before = () => {
      typed += 1;
      if (typed <= 3) two.writer.edit(withSentences(start, [sentenceOf('b', `No shift${' at all'.repeat(typed)}.`)]));
    };
    two.writer.edit(withSentences(start, [sentenceOf('b', 'No shift.')]));
    expect(await two.writer.flush()).toBe(true);
    expect((await storedTexts()).sort()).toEqual(['No mass.', 'No shift at all at all at all.']);
    expect(two.writer.state.content.sentences.map(({ text }) => text).sort()).toEqual(['No mass.', 'No shift at all at all at all.']);
  });
});

test('a change the engine makes is taken over, what is typed meanwhile stays, and no other window is blamed', async () => {
  const { writer, merges } = await openWriter();
  writer.edit(withSentences(writer.state.content, [sentenceOf('a', 'No mass.')]));
  const byEngine = async (revision: number): Promise<SaveOutcome> => {
    const { content } = await opened();
    writer.edit(withSentences(writer.state.content, [sentenceOf('a', 'No mass at all.')]));
    return engine.handlers['report.save']({ study, revision, content: { ...content, sentences: [...content.sentences, sentenceOf('d', 'Drafted.')] }, base: content }, call);
  };
  await writer.exchange(byEngine);
  expect(merges()).toBe(0);
  expect(writer.state.saving).toBe('saved');
  expect(await storedTexts()).toEqual(['No mass at all.', 'Drafted.']);
  expect(writer.state.content.sentences.map(({ text }) => text)).toEqual(['No mass at all.', 'Drafted.']);
});
