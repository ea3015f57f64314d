/** `brat index`: encodes the archive with a pack, so that its cases can be found. */
import type { ErrorData } from '../../shared/errors.ts';
import { openEngine, type CommonOptions, type ModelChoice } from '../context.ts';
import type { Register } from '../program.ts';

export const indexCommand: Register = (program, action) =>
  program
    .command('index')
    .description('encode the images and sentences of all cases that the pack has not encoded yet')
    .option('--pack <name>', 'pack: id, id@version or folder')
    .option('--provider <name>', 'auto, cuda, webgpu, dml, coreml or cpu')
    .action(
      action(async (context, _: [], options: CommonOptions & ModelChoice) => {
        const { output, signal } = context;
        const engine = await openEngine(context, options);
        try {
          const problems: { case: string; error: ErrorData }[] = [];
          for await (const event of engine.indexArchive(signal)) {
            if (event.kind === 'progress') {
              output.progress(`case ${event.done + 1} of ${event.total}`);
            } else if (event.kind === 'problem') {
              problems.push({ case: event.case, error: event.error });
              output.warn(`${event.error.code}: ${event.case}: ${event.error.message}`);
            } else {
              output.line(`${event.encoded} cases encoded with ${event.pack}, ${event.alreadyThere} were already, ${event.failed} could not be`);
              output.result({ encoded: event.encoded, alreadyThere: event.alreadyThere, failed: event.failed, pack: event.pack, problems });
            }
          }
        } finally {
          await engine.close();
        }
      }),
    );
