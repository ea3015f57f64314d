/** `brat preprocess`: the encoder's input of a study as an NPY file. */
import { performance } from 'node:perf_hooks';
import { writeNpy } from '../../engine/arrays/npy.ts';
import { createFrameDecoder } from '../../engine/dicom/decode/frameDecoder.ts';
import { chooseChannels, prepareChannels } from '../../engine/services/reading.ts';
import { withChosen } from '../../engine/services/studyImages.ts';
import { createPreprocessor } from '../../engine/volume/preprocess.ts';
import { openModels, type CommonOptions, type ModelChoice } from '../context.ts';
import { pickStudy, scanLoose, withWorkFolder } from '../looseStudies.ts';
import { checkOutputs, writeOutput } from '../outputFile.ts';
import type { Register } from '../program.ts';

interface Options extends CommonOptions, ModelChoice {
  readonly series?: string;
  readonly study?: string;
  readonly out: string;
}

export const preprocessCommand: Register = (program, action) =>
  program
    .command('preprocess')
    .description("write the encoder's input of a study: float32 NPY [channels, superior, anterior, right]")
    .argument('<path...>', 'DICOM or NIfTI files, folders, zips or DICOMDIRs')
    .requiredOption('--out <volume.npy>', 'file to write')
    .option('--series <uid>', 'series to use as T1 post-contrast, in place of the chosen one')
    .option('--study <uid>', 'study to read, where there are several')
    .option('--pack <name>', 'pack whose input is made: id, id@version or folder')
    .action(
      action(async (context, [paths]: [string[]], options: Options) => {
        const { output, signal } = context;
        await checkOutputs([options.out]);
        await withWorkFolder(async (folder) => {
          const models = await openModels(context, options, folder);
          const [decoder, preprocessor] = [createFrameDecoder(), createPreprocessor()];
          try {
            const pack = await models.pack();
            const { study } = pickStudy((await scanLoose(paths, context, folder)).studies, options);
            const channels = chooseChannels(options.series === undefined ? study.images : withChosen(study.images, options.series), pack);
            if (channels.warning !== '') output.warn(channels.warning);
            const started = performance.now();
            const volume = await prepareChannels({ decoder, preprocessor }, pack, channels, signal);
            const ms = performance.now() - started;
            const shape = [pack.manifest.input.channels.length, ...pack.manifest.input.size];
            await writeOutput(options.out, writeNpy(volume, shape));
            output.line(`${options.out}: [${shape.join(', ')}] of series ${channels.series}, ${ms.toFixed(0)} ms`);
            output.result({ out: options.out, shape, study: study.uid, series: channels.series, stack: channels.stack, warning: channels.warning, ms });
          } finally {
            await Promise.all([decoder.close(), preprocessor.close(), models.close()]);
          }
        });
      }),
    );
