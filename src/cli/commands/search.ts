/** `brat search`: similar cases of a study, stored or loose, or of a text. */
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { SimilarCase } from '../../shared/contract.ts';
import { EngineError } from '../../shared/errors.ts';
import type { Engine } from '../../engine/create.ts';
import { packStamp } from '../../engine/pack/pack.ts';
import type { EncodedViews } from '../../engine/ports.ts';
import { chooseChannels, encodeChannels } from '../../engine/services/reading.ts';
import { findEncoding } from '../../engine/store/analyses.ts';
import { roleOverrides } from '../../engine/store/studies.ts';
import { openEngine, type CommonOptions, type Context, type ModelChoice } from '../context.ts';
import { pickStudy, scanLoose, withWorkFolder } from '../looseStudies.ts';
import type { Register } from '../program.ts';

interface Options extends CommonOptions, ModelChoice {
  readonly study?: string;
  readonly text?: string;
  readonly limit: string;
  readonly by: string;
}

export const searchCommand: Register = (program, action) =>
  program
    .command('search')
    .description('find cases similar to a study or to a text')
    .option('--study <uid or path>', 'stored study, or a path with one')
    .option('--text <text>', 'words of a report')
    .option('-k, --limit <count>', 'cases to show, 1 to 1000', '10')
    .option('--by <kind>', 'with --study: compare its views with `views` or with report `sentences`', 'views')
    .option('--pack <name>', 'pack: id, id@version or folder')
    .option('--provider <name>', 'auto, cuda, webgpu, dml, coreml or cpu')
    .action(
      action(async (context, _: [], options: Options) => {
        const { output, signal } = context;
        const limit = Number(options.limit);
        if ((options.study === undefined) === (options.text === undefined)) throw usage('Pass either --study or --text');
        if (!Number.isInteger(limit) || limit < 1 || limit > 1000) throw usage('-k takes a whole number from 1 to 1000');
        const { by } = options;
        if (by !== 'views' && by !== 'sentences') throw usage('--by takes views or sentences');
        const engine = await openEngine(context, options);
        try {
          const found = options.text !== undefined ? await engine.searchText(options.text, limit, signal) : await searchStudy(engine, context, options.study!, by, limit);
          const { label } = packStamp(await engine.parts.models.pack());
          for (const item of found) output.line(`${item.similarity.toFixed(4)}  ${item.case}  ${item.report.replace(/\s+/g, ' ').slice(0, 160)}`);
          output.line(label);
          output.result({ query: options.text === undefined ? { study: options.study, by } : { text: options.text }, cases: found, model: packStamp(await engine.parts.models.pack()) });
        } finally {
          await engine.close();
        }
      }),
    );

const usage = (message: string): EngineError => new EngineError('cli/usage', message, { subject: 'search', advice: 'See brat search --help' });

async function searchStudy(engine: Engine, context: Context, wanted: string, by: 'views' | 'sentences', limit: number): Promise<SimilarCase[]> {
  const { archive, library } = engine.parts;
  if (!library.has(wanted) && !existsSync(wanted)) {
    throw new EngineError('store/not-found', 'There is neither a stored study nor a path of this name', { subject: basename(wanted), advice: 'Pass the StudyInstanceUID of an imported study, or a path with one' });
  }
  const { study, encoded } = library.has(wanted) ? { study: wanted, encoded: await encodeStored(engine, wanted, context.signal) } : await encodeLoose(engine, context, wanted);
  if (archive.encodedCount(encoded.pack, encoded.width) === 0) {
    throw new EngineError('search/no-cases', 'The archive holds no case of this model pack', { subject: `${encoded.pack.id}@${encoded.pack.version}`, advice: 'Import studies with reports and run brat index' });
  }
  return archive.similar({ by, vectors: encoded.projected, width: encoded.width, pack: encoded.pack, limit, study, signal: context.signal });
}

async function encodeStored({ parts }: Engine, study: string, signal: AbortSignal): Promise<EncodedViews> {
  const pack = await parts.models.pack();
  const channels = chooseChannels(await parts.library.images(study), pack);
  const known = findEncoding(parts.store.db, study, packStamp(pack));
  return known?.input === channels.input ? known.encoded : encodeChannels(parts, pack, channels, signal);
}

async function encodeLoose({ parts }: Engine, context: Context, path: string): Promise<{ study: string; encoded: EncodedViews }> {
  return withWorkFolder(async (folder) => {
    const scanned = await scanLoose([path], context, folder, (series) => roleOverrides(parts.store.db, series));
    const { study } = pickStudy(scanned.studies, {});
    const pack = await parts.models.pack();
    const channels = chooseChannels(study.images, pack);
    if (channels.warning !== '') context.output.warn(channels.warning);
    return { study: study.uid, encoded: await encodeChannels(parts, pack, channels, context.signal) };
  });
}
