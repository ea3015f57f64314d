/** The rules in TypeScript against those of training in Python, and both against the truth of phantoms. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { questions } from '../../shared/figure14.ts';
import { priorMentions } from './priorWording.ts';
import { readReport } from './readReport.ts';

const training = resolve(import.meta.dirname, '../../../training');
const python = process.env['BRAT_PYTHON'] ?? join(training, '.venv/bin/python');

const script = `
import json
from brat_train.evaluate.priors import prior_mentions
from brat_train.evaluate.read_findings import read_report
from brat_train.phantom import TEST_SEED_START
from brat_train.phantom.scene import draw_scene
from brat_train.phantom.shards import scene_record
from brat_train.phantom.truth import OPTIONS, QUESTIONS
reports = []
for k in range(2200):
    record = scene_record(draw_scene(TEST_SEED_START + 900_000 + k))
    read = read_report(record["sentences"])
    reports.append({"sentences": record["sentences"], "answers": read.answers, "truth": record["answers"], "callsNormal": read.calls_normal, "denied": sorted(read.denied), "shiftMm": read.shift_mm, "shiftTo": read.shift_to,
        "whiteMatter": read.white_matter_grade, "lesions": [[one.sentence, one.place.location if one.place else None, one.size_mm, one.kind, one.listed, one.largest] for one in read.lesions]})
dated = ["Again seen is the mass.", "Compared to December 21, 2011, it is stable.", "No new lesion.", "It now measures 2 cm.", "Seen 3 months ago.", "MRI dated 2014-05-01.", "Chronic small vessel disease.", "More numerous on the left."]
print(json.dumps({"reports": reports, "questions": [[id, text, list(OPTIONS[id])] for id, text in QUESTIONS.items()], "priors": [[text, prior_mentions(text)] for text in dated]}))
`;

interface PythonReading {
  readonly sentences: string[];
  readonly answers: Record<string, string>;
  readonly truth: Record<string, string>;
  readonly callsNormal: boolean;
  readonly denied: string[];
  readonly shiftMm: number | null;
  readonly shiftTo: string | null;
  readonly whiteMatter: number | null;
  readonly lesions: unknown[][];
}

describe.skipIf(!existsSync(python))('rules for report sentences', () => {
  let theirs: { readonly reports: PythonReading[]; readonly questions: unknown[]; readonly priors: readonly (readonly [string, string[]])[] };
  beforeAll(() => {
    theirs = JSON.parse(execFileSync(python, ['-c', script], { cwd: training, encoding: 'utf8', maxBuffer: 2 ** 26, env: { ...process.env, OMP_NUM_THREADS: '1' } })) as typeof theirs;
  });

  test('the questions and their options are those of training', () => {
    expect(questions.map(({ id, text, options }) => [id, text, [...options]])).toEqual(theirs.questions);
  });

  test('2200 phantom reports are read as Python reads them', () => {
    for (const report of theirs.reports) {
      const read = readReport(report.sentences);
      const shift = read.sentences.find((one) => one.shift)?.shift;
      const grade = Math.max(0, ...read.sentences.map(({ whiteMatter }) => whiteMatter ?? 0));
      const ours = {
        answers: Object.fromEntries(questions.map(({ id }) => [id, read.answers[id].join('; ')])),
        callsNormal: read.callsNormal, shiftMm: shift?.mm ?? null, shiftTo: shift?.to ?? null, whiteMatter: grade === 0 ? null : grade,
        lesions: read.sentences.flatMap(({ lesions }, at) => lesions.filter((one) => one.enhancing).map((one) => [at, one.place?.location ?? null, one.sizeMm, one.kind, one.listed, one.largest])),
      };
      const { answers, callsNormal, shiftMm, shiftTo, whiteMatter, lesions } = report;
      expect(ours, report.sentences.join(' ')).toEqual({ answers, callsNormal, shiftMm, shiftTo, whiteMatter, lesions });
      // Python keeps the first denial of a sentence, this side all of them.
      for (const topic of report.denied) expect(read.sentences.some(({ denied }) => denied.some((one) => one.topic === topic)), `${topic}: ${report.sentences.join(' ')}`).toBe(true);
    }
  });

  test('every sentence of the phantoms is known, and at least 99.5 % of each answer is the truth', () => {
    const right = new Map<string, number>();
    for (const { sentences, truth } of theirs.reports) {
      const { answers, sentences: read } = readReport(sentences);
      expect(sentences.filter((_, at) => !read[at]!.known)).toEqual([]);
      for (const { id } of questions) if (answers[id].join('; ') === truth[id]) right.set(id, (right.get(id) ?? 0) + 1);
    }
    // A report that lists places of both sides without a number for each does not tell which side has more.
    for (const { id } of questions) expect(right.get(id)! / theirs.reports.length, id).toBeGreaterThanOrEqual(id === 'side' ? 0.98 : 0.995);
  });

  test('words of another time are the same', () => {
    for (const [text, mentions] of theirs.priors) expect(priorMentions(text)).toEqual(mentions);
  });
});
