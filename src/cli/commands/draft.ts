/** `brat draft`: reads a study where it lies and drafts its report, with the archive of the data folder beside it. */
import { performance } from 'node:perf_hooks';
import type { AnalysisStep, Draft } from '../../shared/contract.ts';
import { readStudy, type ReadingResult } from '../../engine/services/reading.ts';
import { withChosen } from '../../engine/services/studyImages.ts';
import { roleOverrides } from '../../engine/store/studies.ts';
import { openEngine, type CommonOptions, type ModelChoice } from '../context.ts';
import { pickStudy, scanLoose, withWorkFolder, type LooseStudy } from '../looseStudies.ts';
import { checkOutputs, writeOutput } from '../outputFile.ts';
import type { Register } from '../program.ts';

interface Options extends CommonOptions, ModelChoice {
  readonly series?: string;
  readonly study?: string;
  readonly out?: string;
}

const stepNames: Record<AnalysisStep, string> = { read: 'reading voxels', preprocess: 'preparing', encode: 'encoding', search: 'searching the archive', draft: 'drafting', ground: 'grounding' };

export const draftCommand: Register = (program, action) =>
  program
    .command('draft')
    .description('draft the report of a study, without storing the study')
    .argument('<path...>', 'DICOM or NIfTI files, folders, zips or DICOMDIRs')
    .option('--series <uid>', 'series to use as T1 post-contrast, in place of the chosen one')
    .option('--study <uid>', 'study to read, where there are several')
    .option('--pack <name>', 'pack: id, id@version or folder')
    .option('--provider <name>', 'auto, cuda, webgpu, dml, coreml or cpu')
    .option('--out <report.txt>', 'write the draft to a file as well')
    .action(
      action(async (context, [paths]: [string[]], options: Options) => {
        const { output, signal } = context;
        await checkOutputs([options.out]);
        const started = performance.now();
        const engine = await openEngine(context, options);
        try {
          await withWorkFolder(async (folder) => {
            const scanStarted = performance.now();
            const { studies } = await scanLoose(paths, context, folder, (series) => roleOverrides(engine.parts.store.db, series));
            const { study, reason } = pickStudy(studies, options);
            const timings: Record<string, number> = { scan: performance.now() - scanStarted };
            const images = options.series === undefined ? study.images : withChosen(study.images, options.series);

            const reading = readStudy(engine.parts, { study: study.uid, images, stored: null, signal });
            let next = await reading.next();
            for (; next.done !== true; next = await reading.next()) {
              if (next.value.kind !== 'step') continue;
              const { step, state, ms } = next.value;
              if (state === 'started') output.progress(`${stepNames[step]} …`);
              timings[step] = ms ?? 0;
            }
            timings['total'] = performance.now() - started;
            const result = next.value;
            if (result.channels.warning !== '') output.warn(`select/t1-instead: ${result.channels.warning}`);
            const text = draftText(result.draft);
            if (options.out !== undefined) await writeOutput(options.out, text);
            output.line(text.trimEnd());
            output.line('');
            for (const item of result.similar) output.line(`similar ${item.similarity.toFixed(4)}  ${item.case}  ${item.report.replace(/\s+/g, ' ').slice(0, 120)}`);
            output.result({ ...describe(study, reason, images, result), timings, peakMemoryBytes: process.resourceUsage().maxRSS * 1024 });
          });
        } finally {
          await engine.close();
        }
      }),
    );

/** The draft as text, never without saying what it is and what made it. */
function draftText(draft: Draft): string {
  const origin = draft.origin === 'model' ? 'Written by a model' : 'Composed of sentences of prior reports';
  const body = draft.sentences.map(({ text, supported, sourceCase }) => `${text}${sourceCase === null ? '' : ` [${sourceCase}]`}${supported ? '' : ' [no view supports this]'}`).join('\n');
  return `DRAFT, not a report: for a radiologist to check and sign.\n${origin}: ${draft.pack.label}${draft.stop === 'complete' ? '' : ` (stopped by ${draft.stop})`}\n\n${body}\n`;
}

function describe(study: LooseStudy, reason: string, images: LooseStudy['images'], { channels, encoded, similar, draft }: ReadingResult): object {
  const ranked = images.ranked.find((entry) => entry.seriesUid === channels.series)!;
  const sequence = images.candidates.find(({ series }) => series.seriesUid === channels.series)!.series.instances[0]!.sequence;
  const stamp = encoded.pack;
  return {
    study: { uid: study.uid, date: study.attributes.studyDate, description: study.attributes.studyDescription, reason },
    series: { uid: channels.series, stack: channels.stack, description: sequence.seriesDescription, role: ranked.role, rank: ranked.rank, reason: ranked.reason, warning: channels.warning === '' ? null : channels.warning },
    views: { count: encoded.viewCount, size: encoded.hidden },
    sentences: draft.sentences.map(({ text, similarity, view, slice, supported, sourceCase }) => ({ text, similarity, view, slice, supported, sourceCase })),
    similar: similar.map((item) => ({ case: item.case, similarity: item.similarity, report: item.report })),
    model: { pack: stamp.id, version: stamp.version, training: stamp.training, label: stamp.label, provider: encoded.provider, origin: draft.origin },
    stop: draft.stop,
  };
}
