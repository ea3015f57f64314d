/** Commands that answer for many studies in one process: the same answers as one by one. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runBrat } from '../testing/bratCommand.ts';
import { writePhantomStudy } from '../testing/phantomStudy.ts';
import { temporaryFolder } from '../testing/temporaryFolder.ts';
import { makeTinyPack } from '../testing/tinyPack.ts';

let pack = '';
const studies = ['2.25.80', '2.25.81'];
const texts = ['There is an enhancing mass.', 'No hydrocephalus. The ventricles are normal in size.'];

beforeAll(async () => { pack = (await makeTinyPack()).folder; });
afterAll(() => { rmSync(pack, { recursive: true, force: true }); });

interface Case { readonly case: string; readonly similarity: number }
interface Sentence { readonly text: string; readonly similarity: number; readonly best: number; readonly view: number; readonly supported: boolean }

async function json<T>(args: readonly string[], dataDir: string): Promise<T> {
  const { code, out, err } = await runBrat([...args, '--pack', pack, '--provider', 'cpu', '--json'], { dataDir });
  expect(code, err).toBe(0);
  return JSON.parse(out) as T;
}

/** Two imported and encoded cases. */
async function archive(): Promise<{ dataDir: string; folder: string }> {
  const [dataDir, folder] = [temporaryFolder(), temporaryFolder()];
  for (const [seed, uid] of studies.entries()) await writePhantomStudy(join(folder, uid), { uid, accession: `ACC${seed}`, series: ['t1c'], seed });
  const reports = join(folder, 'reports.csv');
  writeFileSync(reports, `study_uid,report\n${studies.map((uid, at) => `${uid},${texts[at]!}`).join('\n')}\n`);
  expect((await runBrat(['import', ...studies.map((uid) => join(folder, uid)), '--reports', reports], { dataDir })).code).toBe(0);
  await json(['index'], dataDir);
  return { dataDir, folder };
}

describe('brat draft --each', () => {
  test('drafts every study as it would alone, and keeps the fault of one that has nothing to read', async () => {
    const [dataDir, folder] = [temporaryFolder(), temporaryFolder()];
    await writePhantomStudy(join(folder, 'a'), { uid: '2.25.80', seed: 1 });
    await writePhantomStudy(join(folder, 'b'), { uid: '2.25.81', series: ['flair'] });
    await writePhantomStudy(join(folder, 'c'), { uid: '2.25.82', seed: 2 });
    type Draft = { study: { uid: string }; sentences: object[]; series: object; views: object };
    const { drafts, failed } = await json<{ drafts: Draft[]; failed: { study: string; error: { code: string } }[] }>(['draft', folder, '--each'], dataDir);
    expect(drafts.map(({ study }) => study.uid).sort()).toEqual(['2.25.80', '2.25.82']);
    expect(failed).toEqual([{ study: '2.25.81', error: expect.objectContaining({ code: 'select/no-t1c' }) as object }]);
    const alone = await json<Draft>(['draft', join(folder, 'c')], dataDir);
    const among = drafts.find(({ study }) => study.uid === '2.25.82')!;
    expect([among.sentences, among.series, among.views]).toEqual([alone.sentences, alone.series, alone.views]);
  });

  test('goes with no choice of one study', async () => {
    const { code, err } = await runBrat(['draft', temporaryFolder(), '--each', '--study', '2.25.1'], { dataDir: temporaryFolder() });
    expect([code, err]).toEqual([2, expect.stringMatching(/^cli\/usage: --each/) as string]);
  });
});

describe('many questions at once', () => {
  test('search --queries answers each line as it would alone; --own keeps the study itself', async () => {
    const { dataDir, folder } = await archive();
    const file = join(folder, 'queries.jsonl');
    writeFileSync(file, `${JSON.stringify({ text: texts[0] })}\n\n${JSON.stringify({ study: studies[1] })}\n`);
    const { answers } = await json<{ answers: { query: object; cases: Case[] }[] }>(['search', '--queries', file, '--by', 'sentences', '--own'], dataDir);
    expect(answers.map(({ query }) => query)).toEqual([{ text: texts[0] }, { study: studies[1] }]);
    const byText = await json<{ cases: Case[] }>(['search', '--text', texts[0]!], dataDir);
    expect(answers[0]!.cases).toEqual(byText.cases.map((item) => ({ case: item.case, similarity: item.similarity })));
    expect(answers[1]!.cases.map((item) => item.case).sort()).toEqual(studies);
    const others = await json<{ cases: Case[] }>(['search', '--study', studies[1]!, '--by', 'sentences'], dataDir);
    expect(others.cases.map((item) => item.case)).toEqual([studies[0]]);
    expect(answers[1]!.cases.find((item) => item.case === studies[0])!.similarity).toBe(others.cases[0]!.similarity);
  });

  test('ground tells the best view of each sentence, whichever other sentences there are', async () => {
    const { dataDir, folder } = await archive();
    const sentences = ['There is an enhancing mass.', 'There is an enhancing mass.', 'No hydrocephalus.'];
    const file = join(folder, 'reports.jsonl');
    writeFileSync(file, studies.map((study) => JSON.stringify({ study, sentences })).join('\n'));
    const { reports } = await json<{ reports: { study: string; sentences: Sentence[] }[] }>(['ground', '--lines', file], dataDir);
    expect(reports.map(({ study }) => study)).toEqual(studies);
    for (const { sentences: [first, second, third] } of reports) {
      // The same words have the same best view, but each sentence of a report gets a view of its own.
      expect(first!.best).toBe(second!.best);
      expect(first!.view).not.toBe(second!.view);
      expect(Math.max(first!.similarity, second!.similarity)).toBeLessThanOrEqual(first!.best);
      expect(third!.text).toBe(sentences[2]);
    }
    const alone = await json<{ reports: { sentences: Sentence[] }[] }>(['ground', '--study', studies[0]!, '--text', sentences[2]!], dataDir);
    expect(alone.reports[0]!.sentences[0]!.similarity).toBe(reports[0]!.sentences[2]!.best);
  });

  test.each([
    ['{"study": "2.25.80"', 'Line 1 is not JSON'],
    ['{"text": "mass"}\n{"txt": "mass"}', 'Line 2 does not fit'],
    ['\n\n', 'has no line'],
  ])('a file with %j is refused by line', async (content, said) => {
    const folder = temporaryFolder({ 'queries.jsonl': content });
    const { code, err } = await runBrat(['search', '--queries', join(folder, 'queries.jsonl')], { dataDir: temporaryFolder() });
    expect(code).toBe(2);
    expect(err).toContain(said);
  });
});
