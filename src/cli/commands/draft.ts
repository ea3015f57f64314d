/**
 * `brat draft`: reads a study where it lies and drafts its report, with the archive of the data folder beside it; with
 * --each all studies of the paths, one after another by the same loaded models.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { AnalysisStep, InsideOfTraining, StudyFindings } from '../../shared/contract.ts';
import { EngineError, toErrorData, type ErrorData } from '../../shared/errors.ts';
import { writeNpy } from '../../engine/arrays/npy.ts';
import type { Engine } from '../../engine/create.ts';
import { readStudy, type ReadingResult } from '../../engine/services/reading.ts';
import { withChosen } from '../../engine/services/studyImages.ts';
import { lesionMask } from '../../engine/findings/lesionMask.ts';
import { roleOverrides } from '../../engine/store/studies.ts';
import { openEngine, type CommonOptions, type Context, type ModelChoice } from '../context.ts';
import { pickStudy, scanLoose, withWorkFolder, type LooseStudy } from '../looseStudies.ts';
import { checkOutputs, writeOutput } from '../outputFile.ts';
import { maskFile } from '../maskFile.ts';
import type { Register } from '../program.ts';

interface Options extends CommonOptions, ModelChoice {
  readonly series?: string;
  readonly study?: string;
  readonly each?: boolean;
  readonly out?: string;
  readonly anyway?: boolean;
  readonly lesionMask?: string;
  readonly lesionCells?: string;
}

const stepNames: Record<AnalysisStep, string> = { read: 'reading voxels', preprocess: 'preparing', encode: 'encoding', findings: 'reading findings', search: 'searching the archive', draft: 'drafting', ground: 'grounding' };

export const draftCommand: Register = (program, action) =>
  program
    .command('draft')
    .description('draft the report of a study, without storing the study')
    .argument('<path...>', 'DICOM or NIfTI files, folders, zips or DICOMDIRs')
    .option('--series <uid>', 'series to use as T1 post-contrast, in place of the chosen one')
    .option('--study <uid>', 'study to read, where there are several')
    .option('--each', 'draft all studies there are; one that cannot be read is told, and the rest goes on')
    .option('--pack <name>', 'pack: id, id@version or folder')
    .option('--provider <name>', 'auto, cuda, webgpu, dml, coreml or cpu')
    .option('--out <report.txt>', 'write the draft to a file as well')
    .option('--anyway', 'draft although the image is outside of what the model pack was made for')
    .option('--lesion-mask <mask.nii.gz>', 'write the lesions found as a mask on the slices that were read: .nii, .nii.gz or .npy')
    .option('--lesion-cells <folder>', 'with --each: write what the lesion head says of each study, uint8 NPY [superior, anterior, right]; 255 is probability 1')
    .action(
      action(async (context, [paths]: [string[]], options: Options) => {
        const { output } = context;
        if (options.each === true && (options.study ?? options.series ?? options.out ?? options.lesionMask) !== undefined) throw new EngineError('cli/usage', '--each goes with none of --study, --series, --out and --lesion-mask', { subject: '--each', advice: 'Leave these out, or draft one study' });
        if (options.each !== true && options.lesionCells !== undefined) throw new EngineError('cli/usage', '--lesion-cells goes with --each', { subject: '--lesion-cells', advice: 'Pass --lesion-mask for one study' });
        await checkOutputs([options.out, options.lesionMask]);
        const toMaskFile = options.lesionMask === undefined ? null : maskFile(options.lesionMask);
        const started = performance.now();
        const engine = await openEngine(context, options);
        try {
          await withWorkFolder(async (folder) => {
            const scanStarted = performance.now();
            const { studies } = await scanLoose(paths, context, folder, (series) => roleOverrides(engine.parts.store.db, series));
            const scan = performance.now() - scanStarted;
            if (options.each === true) {
              output.result({ ...(await draftEach(engine, context, studies, options)), timings: { scan, total: performance.now() - started }, peakMemoryBytes: peakMemoryBytes() });
              return;
            }
            const { study, reason } = pickStudy(studies, options);
            const images = options.series === undefined ? study.images : withChosen(study.images, options.series);
            const { result, timings } = await draftStudy(engine, context, study, images, options.anyway === true);
            const text = draftText(result);
            if (options.out !== undefined) await writeOutput(options.out, text);
            if (toMaskFile !== null) await writeOutput(options.lesionMask!, toMaskFile(lesionMask(result, await engine.parts.models.pack())));
            show(context, text, result);
            output.result({ ...describe(study, reason, images, result), timings: { scan, ...timings, total: performance.now() - started }, peakMemoryBytes: peakMemoryBytes() });
          });
        } finally {
          await engine.close();
        }
      }),
    );

/** Largest memory this process had. */
const peakMemoryBytes = (): number => process.resourceUsage().maxRSS * 1024;

/** Reads one study to the end. @returns what came of it, and the time of each step, ms */
async function draftStudy(engine: Engine, { output, signal }: Context, study: LooseStudy, images: LooseStudy['images'], anyway: boolean, before = ''): Promise<{ result: ReadingResult; timings: Record<string, number> }> {
  const timings: Record<string, number> = {};
  const reading = readStudy(engine.parts, { study: study.uid, images, stored: null, anyway, signal });
  let next = await reading.next();
  for (; next.done !== true; next = await reading.next()) {
    if (next.value.kind !== 'step') continue;
    const { step, state, ms } = next.value;
    if (state === 'started') output.progress(`${before}${stepNames[step]} …`);
    timings[step] = ms ?? 0;
  }
  const { warning } = next.value.channels;
  if (warning !== '') output.warn(`select/t1-instead: ${warning}`);
  return { result: next.value, timings };
}

/** Drafts of all studies. A fault of one of them is kept in its place; one of the pack, the runtime or the disk ends the command, since it would come again. */
async function draftEach(engine: Engine, context: Context, studies: readonly LooseStudy[], { anyway = false, lesionCells: folder }: Options): Promise<{ drafts: readonly object[]; failed: readonly { readonly study: string; readonly error: ErrorData }[] }> {
  const { output } = context;
  const drafts: object[] = [];
  const failed: { study: string; error: ErrorData }[] = [];
  if (folder !== undefined) await mkdir(folder, { recursive: true });
  for (const [at, study] of studies.entries()) {
    try {
      const { result, timings } = await draftStudy(engine, context, study, study.images, anyway, `study ${at + 1} of ${studies.length}: `);
      output.line(`study ${study.uid}  ${study.attributes.studyDate}`);
      show(context, draftText(result), result);
      output.line('');
      const lesionCells = folder === undefined ? null : await writeCells(result, folder, `${at + 1}.npy`);
      drafts.push({ ...describe(study, 'each of the studies', study.images, result), ...(lesionCells && { lesionCells }), timings });
    } catch (error) {
      if (!(error instanceof EngineError) || /^(?:store\/|pack\/|cancelled|onnx\/provider|llm\/load)/.test(error.code)) throw error;
      failed.push({ study: study.uid, error: toErrorData(error, study.uid) });
      output.warn(`${error.code}: study ${study.uid}: ${error.message}`);
    }
  }
  output.line(`${drafts.length} studies drafted, ${failed.length} could not be`);
  return { drafts, failed };
}

/** Files are numbered: an identifier may hold anything, so it never becomes part of a path. @returns null for a pack without a lesion head */
async function writeCells({ found }: ReadingResult, folder: string, file: string): Promise<{ readonly file: string; readonly threshold: number } | null> {
  const cells = found?.lesionCells ?? null;
  if (cells === null) return null;
  await writeOutput(join(folder, file), writeNpy(cells.values, cells.grid));
  return { file, threshold: cells.threshold };
}

function show({ output }: Context, text: string, { similar }: ReadingResult): void {
  output.line(text.trimEnd());
  output.line('');
  for (const item of similar) output.line(`similar ${item.similarity.toFixed(4)}  ${item.case}  ${item.report.replace(/\s+/g, ' ').slice(0, 120)}`);
}

/** The draft as text, never without saying what it is and what made it; or why there is none. */
function draftText({ draft, encoded, found }: ReadingResult): string {
  const judged = found?.findings.insideOfTraining ?? null;
  const outside = judged?.inside === false ? `${outsideText(judged)}\n\n` : '';
  if (draft === null) return `${outside}NO DRAFT. Ask for one all the same with --anyway.\n${encoded.pack.label}\n`;
  const origin = draft.origin === 'model' ? 'Written by a model' : 'Composed of sentences of prior reports';
  const none = draft.origin === 'composed' ? 'Nothing to compose of: no prior case with a report is encoded with this pack. Add some (brat import --reports), then run: brat index' : 'The model wrote no sentence.';
  const body = draft.sentences.length === 0 ? none : draft.sentences.map(({ text, supported, sourceCase }) => `${text}${sourceCase === null ? '' : ` [${sourceCase}]`}${supported ? '' : draft.pack.uncalibrated === true ? ' [support not calibrated]' : ' [no view supports this]'}`).join('\n');
  return `${outside}DRAFT, not a report: for a radiologist to check and sign.\n${origin}: ${draft.pack.label}${draft.stop === 'complete' ? '' : ` (stopped by ${draft.stop})`}\n\n${body}\n${lesionText(found?.findings ?? null)}`;
}

function outsideText({ score, threshold, reason, madeFor }: InsideOfTraining): string {
  return `OUTSIDE OF WHAT THIS MODEL WAS MADE FOR (${madeFor}): ${reason}.\nScore ${score.toFixed(2)}, threshold ${threshold.toFixed(2)}. What the model says of this image means nothing.`;
}

function lesionText(findings: StudyFindings | null): string {
  if (!findings?.lesions) return '';
  const lines = findings.lesions.map(({ side, volumeMl, longestDiameterMm, slice, probability }) => `lesion  ${side.padEnd(8)} ${volumeMl.toFixed(2)} ml  ${longestDiameterMm.toFixed(0)} mm  slice ${slice}  probability ${probability.toFixed(2)}`);
  return `\n${lines.length === 0 ? 'The lesion head finds none.' : lines.join('\n')}\n`;
}

function describe(study: LooseStudy, reason: string, images: LooseStudy['images'], { channels, encoded, found, similar, draft }: ReadingResult): object {
  const ranked = images.ranked.find((entry) => entry.seriesUid === channels.series)!;
  const sequence = images.candidates.find(({ series }) => series.seriesUid === channels.series)!.series.instances[0]!.sequence;
  const stamp = encoded.pack;
  return {
    study: { uid: study.uid, date: study.attributes.studyDate, description: study.attributes.studyDescription, reason },
    series: { uid: channels.series, stack: channels.stack, description: sequence.seriesDescription, role: ranked.role, rank: ranked.rank, reason: ranked.reason, warning: channels.warning === '' ? null : channels.warning },
    views: { count: encoded.viewCount, size: encoded.hidden },
    /** Null where the pack does not say what it was made for. */
    insideOfTraining: found?.findings.insideOfTraining ?? null,
    withheld: draft === null,
    sentences: (draft?.sentences ?? []).map(({ text, similarity, view, slice, supported, sourceCase }) => ({ text, similarity, view, slice, supported, sourceCase })),
    findings: found?.findings.findings ?? null,
    lesion: found?.findings.lesions?.map(({ volumeMl, longestDiameterMm, centreLps, side, slice, instance, probability }) => ({ volumeMl, longestDiameterMm, centre: centreLps, side, slice, instance, probability })) ?? null,
    similar: similar.map((item) => ({ case: item.case, similarity: item.similarity, report: item.report })),
    model: { pack: stamp.id, version: stamp.version, training: stamp.training, label: stamp.label, provider: encoded.provider, origin: draft?.origin ?? null },
    stop: draft?.stop ?? null,
  };
}
