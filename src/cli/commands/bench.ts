/** `brat bench`: how fast a step is here, as a median and as a ratio to a plain piece of work in the same run. */
import { Argument, Option } from 'commander';
import { EngineError } from '../../shared/errors.ts';
import type { CommonOptions, ModelChoice } from '../context.ts';
import { withWorkFolder } from '../looseStudies.ts';
import type { Register } from '../program.ts';

const steps = ['preprocess', 'encode', 'search', 'draft', 'ground', 'import'] as const;

interface Options extends CommonOptions, ModelChoice {
  readonly runs: string;
  readonly size?: string;
  readonly cases?: string;
  readonly queries?: string;
  readonly truth?: string;
  readonly against?: 'pytorch';
  readonly compare?: boolean;
  readonly keep?: string;
}

export const benchCommand: Register = (program, action) =>
  program
    .command('bench')
    .description('measure a step: medians, and the ratio to a reference measured in the same run')
    .addArgument(new Argument('<step>', 'what to measure').choices(steps))
    .option('--runs <count>', 'runs after one to warm up', '5')
    .option('--size <count>', 'cases for search, files for import')
    .addOption(new Option('--against <other>', 'encode only: the published model at full size, with random weights, against the training environment').choices(['pytorch']))
    .option('--cases <count>', 'for search: the same as --size')
    .option('--queries <count>', 'for search: queries to time (200)')
    .option('--truth <count>', 'for search: how many of them are held to brute force, which takes a while (all; 0 for none)')
    .option('--compare', 'for search: also brute force in numpy, sqlite-vec and usearch on the same cases (needs the training environment)')
    .option('--keep <folder>', 'for search: leave the synthetic archive and the right answers there, and use what an earlier run left')
    .option('--pack <name>', 'pack: id, id@version or folder')
    .option('--provider <name>', 'auto, cuda, webgpu, dml, coreml or cpu')
    .action(
      action(async (context, [step]: [(typeof steps)[number]], options: Options) => {
        const { output } = context;
        const runs = wholeNumber('--runs', options.runs);
        const asked = options.cases ?? options.size;
        const size = asked === undefined ? null : wholeNumber('--cases', asked);
        const queries = options.queries === undefined ? null : wholeNumber('--queries', options.queries);
        const truth = options.truth === undefined ? null : options.truth === '0' ? 0 : wholeNumber('--truth', options.truth);
        if (options.against !== undefined && step !== 'encode') throw new EngineError('cli/usage', `--against is for encode, not for ${step}`, { subject: '--against', advice: 'Leave it out' });
        output.progress(`measuring ${step} …`);
        // Loaded for this command alone: it brings libraries that no other needs.
        const bench = options.against === undefined ? (await import('../bench/benches.ts')).benches[step] : (await import('../bench/encodeAgainstPyTorch.ts')).benchEncodeAgainstPyTorch;
        const found = await withWorkFolder((folder) => bench(context, { ...options, runs, size, queries, truth }, folder));
        output.line(`${found.bench}, ${found.subject}: ${found.medianMs.toFixed(3)} ms (median of ${runs}), ${found.ratio.toFixed(2)} times ${found.reference.name} (${found.reference.medianMs.toFixed(3)} ms)`);
        for (const [name, times] of Object.entries(found.measured)) if (name !== found.bench) output.line(`  ${name}: ${times.medianMs.toFixed(1)} ms`);
        output.result(found);
      }),
    );

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 10_000_000) throw new EngineError('cli/usage', `${name} takes a whole number from 1`, { subject: name, advice: 'See brat bench --help' });
  return value;
}
