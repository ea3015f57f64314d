/** `brat ground`: how well the images of a study support sentences about it, and where the view that carries each looked. */
import { z } from 'zod';
import { splitSentences } from '../../engine/draft/sentences.ts';
import { groundSentences, type GroundingInput } from '../../engine/ground/ground.ts';
import { packKey, packStamp } from '../../engine/pack/pack.ts';
import { attentionGeometry } from '../../engine/services/reading.ts';
import { EngineError } from '../../shared/errors.ts';
import type { Engine } from '../../engine/create.ts';
import { openEngine, type CommonOptions, type Context, type ModelChoice } from '../context.ts';
import { encodeStudy } from '../encodedStudy.ts';
import { readLines } from '../inputLines.ts';
import type { Register } from '../program.ts';

interface Options extends CommonOptions, ModelChoice {
  readonly study?: string;
  readonly text?: string;
  readonly lines?: string;
}

/** A line of --lines. */
const statementLine = z.strictObject({ study: z.string().min(1), sentences: z.array(z.string().min(1)).min(1).max(1000) });

interface Grounded {
  readonly text: string;
  /** As in a draft of these sentences: each has a view of its own. */
  readonly similarity: number | null;
  readonly view: number | null;
  readonly slice: number | null;
  readonly supported: boolean;
  /** Cosine of the sentence and the view nearest to it, whatever the other sentences are. */
  readonly best: number | null;
}

export const groundCommand: Register = (program, action) =>
  program
    .command('ground')
    .description('say how well the images of a study support the sentences of a report')
    .option('--study <uid or path>', 'stored study, or a path with one')
    .option('--text <text>', 'the report')
    .option('--lines <file.jsonl>', 'many reports, one a line: {"study": uid or path, "sentences": [...]}')
    .option('--pack <name>', 'pack: id, id@version or folder')
    .option('--provider <name>', 'auto, cuda, webgpu, dml, coreml or cpu')
    .action(
      action(async (context, _: [], options: Options) => {
        const { output } = context;
        if ((options.lines === undefined) === (options.study === undefined) || (options.study === undefined) !== (options.text === undefined)) throw usage('Pass either --study and --text, or --lines');
        const lines = options.lines === undefined ? [{ study: options.study!, sentences: splitSentences(options.text!) }] : await readLines(options.lines, statementLine);
        if (lines.some(({ sentences }) => sentences.length === 0)) throw new EngineError('search/bad-query', 'The text has no word', { subject: 'text', advice: 'Write a sentence about the images' });
        const engine = await openEngine(context, options);
        try {
          const pack = await engine.parts.models.pack();
          if (!pack.manifest.text) throw new EngineError('pack/no-text-encoder', `Pack ${packKey(pack)} has no text encoder`, { subject: packKey(pack), advice: 'Choose a pack with a text encoder' });
          const reports = [];
          for (const [at, { study, sentences }] of lines.entries()) {
            output.progress(`report ${at + 1} of ${lines.length} …`);
            const grounded = await groundReport(engine, context, study, sentences);
            output.line(study);
            for (const item of grounded) output.line(`${item.similarity?.toFixed(4) ?? '     -'}  ${item.slice === null ? '' : `slice ${item.slice}  `}${item.text}${item.supported ? '' : ' [no view supports this]'}`);
            reports.push({ study, sentences: grounded });
          }
          const model = packStamp(pack);
          output.line(model.label);
          output.result({ reports, supportThreshold: pack.manifest.calibration.supportThreshold, model });
        } finally {
          await engine.close();
        }
      }),
    );

const usage = (message: string): EngineError => new EngineError('cli/usage', message, { subject: 'ground', advice: 'See brat ground --help' });

async function groundReport(engine: Engine, context: Context, wanted: string, texts: readonly string[]): Promise<Grounded[]> {
  const { models } = engine.parts;
  const pack = await models.pack();
  const { channels, encoded } = await encodeStudy(engine, context, wanted);
  const vectors = await (await models.textEncoder())!.encodeSentences(texts);
  const sentences = texts.map((text, at) => ({ text, vector: vectors.slice(at * encoded.width, (at + 1) * encoded.width), sourceCase: null }));
  const input: GroundingInput = { encoded, supportThreshold: pack.manifest.calibration.supportThreshold, geometry: attentionGeometry(channels, pack), stack: channels.first.geometry };
  return groundSentences(sentences, input).map(({ text, similarity, view, slice, supported }, at) => ({ text, similarity, view, slice, supported, best: groundSentences([sentences[at]!], input)[0]!.similarity }));
}
