/** `brat embed`: views, projected views and attention maps of a study or of a prepared volume. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { performance } from 'node:perf_hooks';
import { readNpy, writeNpy } from '../../engine/arrays/npy.ts';
import { createFrameDecoder } from '../../engine/dicom/decode/frameDecoder.ts';
import { packStamp, type Pack } from '../../engine/pack/pack.ts';
import { chooseChannels, prepareChannels } from '../../engine/services/reading.ts';
import { withChosen } from '../../engine/services/studyImages.ts';
import { createPreprocessor } from '../../engine/volume/preprocess.ts';
import { EngineError } from '../../shared/errors.ts';
import { openModels, type CommonOptions, type Context, type ModelChoice } from '../context.ts';
import { pickStudy, scanLoose, withWorkFolder } from '../looseStudies.ts';
import { checkOutputs, writeOutput } from '../outputFile.ts';
import type { Register } from '../program.ts';

interface Options extends CommonOptions, ModelChoice {
  readonly volume?: string;
  readonly series?: string;
  readonly study?: string;
  readonly views?: string;
  readonly projected?: string;
  readonly attention?: string;
}

export const embedCommand: Register = (program, action) =>
  program
    .command('embed')
    .description('encode a study, or a volume from brat preprocess, to views, projected views and attention maps')
    .argument('[path...]', 'DICOM or NIfTI files, folders, zips or DICOMDIRs')
    .option('--volume <volume.npy>', 'prepared volume, float32 [channels, superior, anterior, right]')
    .option('--series <uid>', 'series to use as T1 post-contrast, in place of the chosen one')
    .option('--study <uid>', 'study to read, where there are several')
    .option('--pack <name>', 'pack: id, id@version or folder')
    .option('--provider <name>', 'auto, cuda, webgpu, dml, coreml or cpu')
    .option('--views <v.npy>', 'write float32 [views, hidden]')
    .option('--projected <p.npy>', 'write float32 [views, width], rows of length 1')
    .option('--attention <a.npy>', 'write float32 [views, positions]')
    .action(
      action(async (context, [paths]: [string[]], options: Options) => {
        const { output, signal } = context;
        if ((paths.length > 0) === (options.volume !== undefined)) throw new EngineError('cli/usage', 'Pass either a path or --volume', { subject: 'embed', advice: 'See brat embed --help' });
        await checkOutputs([options.views, options.projected, options.attention]);
        await withWorkFolder(async (folder) => {
          const models = await openModels(context, options, folder);
          try {
            const pack = await models.pack();
            const { volume, source } = options.volume === undefined ? await prepare(context, paths, options, pack, folder) : { volume: await readVolume(options.volume, pack), source: { volume: options.volume } };
            const encoder = await models.encoder();
            const started = performance.now();
            const encoded = await encoder.encode(volume, { signal });
            const ms = performance.now() - started;
            const { viewCount, hidden, width, positions } = encoded;
            if (options.views !== undefined) await writeOutput(options.views, writeNpy(encoded.views, [viewCount, hidden]));
            if (options.projected !== undefined) await writeOutput(options.projected, writeNpy(encoded.projected, [viewCount, width]));
            if (options.attention !== undefined) await writeOutput(options.attention, writeNpy(encoded.attention, [viewCount, positions]));
            const stamp = packStamp(pack);
            output.line(`${viewCount} views of ${hidden}, projected to ${width}, ${positions} positions; ${stamp.label}; ${encoded.provider}, ${ms.toFixed(0)} ms`);
            output.result({
              ...source,
              views: { count: viewCount, size: hidden, width, positions },
              files: { views: options.views ?? null, projected: options.projected ?? null, attention: options.attention ?? null },
              model: { pack: stamp.id, version: stamp.version, training: stamp.training, label: stamp.label, provider: encoded.provider },
              ms,
            });
          } finally {
            await models.close();
          }
        });
      }),
    );

async function prepare(context: Context, paths: readonly string[], options: Options, pack: Pack, folder: string): Promise<{ volume: Float32Array; source: object }> {
  const [decoder, preprocessor] = [createFrameDecoder(), createPreprocessor()];
  try {
    const { study } = pickStudy((await scanLoose(paths, context, folder)).studies, options);
    const channels = chooseChannels(options.series === undefined ? study.images : withChosen(study.images, options.series), pack);
    if (channels.warning !== '') context.output.warn(channels.warning);
    return { volume: await prepareChannels({ decoder, preprocessor }, pack, channels, context.signal), source: { study: study.uid, series: channels.series, stack: channels.stack, warning: channels.warning } };
  } finally {
    await Promise.all([decoder.close(), preprocessor.close()]);
  }
}

async function readVolume(file: string, pack: Pack): Promise<Float32Array> {
  const bytes = await readFile(file).catch((error: unknown) => { throw new EngineError('import/not-found', 'The volume cannot be read', { subject: basename(file), advice: 'Check the path' }, { cause: error }); });
  const { data, shape } = readNpy(bytes, basename(file));
  const expected = [pack.manifest.input.channels.length, ...pack.manifest.input.size];
  if (!(data instanceof Float32Array) || shape.join() !== expected.join()) {
    throw new EngineError('pack/bad-shape', `The volume is [${shape.join(', ')}], the pack takes float32 [${expected.join(', ')}]`, { subject: basename(file), advice: 'Make it with brat preprocess and the same pack' });
  }
  return data;
}
