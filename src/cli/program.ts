/** The commands of `brat` and what they share: options, Ctrl-C, errors and exit codes. */
import { Command, CommanderError, Option } from 'commander';
import { engineVersion } from '../engine/version.ts';
import { cancelledError, EngineError, isCancelled, toErrorData } from '../shared/errors.ts';
import { anonymiseCommand } from './commands/anonymise.ts';
import { archiveEmbeddingsCommand, archiveExportCommand, archiveImportCommand, archiveReembedCommand, archiveRemoveCommand, archiveStatusCommand } from './commands/archive.ts';
import { auditCommand } from './commands/audit.ts';
import { backupCommand, restoreCommand } from './commands/backup.ts';
import { benchCommand } from './commands/bench.ts';
import { doctorCommand } from './commands/doctor.ts';
import { draftCommand } from './commands/draft.ts';
import { embedCommand } from './commands/embed.ts';
import { exportCommand } from './commands/export.ts';
import { groundCommand } from './commands/ground.ts';
import { importCommand } from './commands/import.ts';
import { indexCommand } from './commands/index.ts';
import { modelsCommand } from './commands/models.ts';
import { preprocessCommand } from './commands/preprocess.ts';
import { qualityCommand } from './commands/quality.ts';
import { readerCommand } from './commands/reader.ts';
import { reportCommand } from './commands/report.ts';
import { searchCommand } from './commands/search.ts';
import { seriesCommand } from './commands/series.ts';
import { dataDirOf, type CommonOptions, type Context } from './context.ts';
import { createOutput } from './output.ts';

/** Exit codes: 0 done, 1 failed, 2 wrongly called, 130 stopped by Ctrl-C (as shells have it). */
const exitCodes = { done: 0, failed: 1, usage: 2, stopped: 130 } as const;

/** What a command does; each states the types its own arguments and options have. */
type Work = (context: Context, args: never, options: never) => Promise<void>;

/** Adds a command to the program. `action` makes its work what commander calls. */
export type Register = (program: Command, action: (work: Work) => (...all: unknown[]) => Promise<void>) => Command;

const commands: readonly Register[] = [doctorCommand, seriesCommand, preprocessCommand, embedCommand, importCommand, indexCommand, searchCommand, archiveImportCommand, archiveStatusCommand, archiveRemoveCommand, archiveReembedCommand, archiveExportCommand, archiveEmbeddingsCommand, draftCommand, groundCommand, benchCommand, modelsCommand, backupCommand, restoreCommand, auditCommand, reportCommand, exportCommand, readerCommand, qualityCommand, anonymiseCommand];

/** Runs the command in `argv` and sets the exit code; never throws. */
export async function runProgram(argv: readonly string[]): Promise<void> {
  const wantsJson = argv.includes('--json');
  const stop = new AbortController();
  const interrupt = (): void => {
    if (stop.signal.aborted) process.exit(exitCodes.stopped);
    stop.abort();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  // Whoever read the output has left, as `head` does.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => { if (error.code === 'EPIPE') process.exit(exitCodes.done); });

  const program = new Command('brat')
    .description('Reads brain MRI: chooses the T1 post-contrast series, finds similar prior cases, drafts a report. Drafts are for a radiologist to check and sign.')
    .version(engineVersion)
    .exitOverride()
    .configureOutput({ outputError: () => undefined });
  for (const register of commands) {
    const command = register(program, (work) => async (...all) => {
      // Commander passes the arguments, then the options, then the command.
      const options = all.at(-2) as CommonOptions;
      await work({ output: createOutput(options.json ?? false), signal: stop.signal, dataDir: dataDirOf(options) }, all.slice(0, -2) as never, options as never);
    });
    command
      .option('--json', 'print one JSON document and nothing else')
      .addOption(new Option('--data-dir <folder>', 'where studies and the archive are kept').env('BRAT_DATA_DIR'))
      .exitOverride()
      .configureOutput({ outputError: () => undefined });
  }

  let exitCode: number = exitCodes.done;
  try {
    await program.parseAsync([...argv]);
  } catch (error) {
    if (error instanceof CommanderError) {
      // Help and version are thrown too.
      exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
      if (error.exitCode !== 0 && error.code !== 'commander.help') {
        createOutput(wantsJson).error({ code: 'cli/usage', message: error.message.replace(/^error: /, ''), subject: 'command line', advice: 'See brat --help' });
      }
    } else {
      const cancelled = isCancelled(error);
      const known = error instanceof EngineError ? error : null;
      exitCode = cancelled ? exitCodes.stopped : known?.code === 'cli/usage' ? exitCodes.usage : exitCodes.failed;
      createOutput(wantsJson).error(toErrorData(cancelled ? cancelledError(known?.about.subject ?? 'brat') : error, 'brat'));
      if (process.env['BRAT_DEBUG'] !== undefined && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
    }
  }
  await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((resolve) => stream.write('', resolve))));
  // Runtimes may leave threads behind that would keep the process; all that matters is closed.
  process.exit(exitCode === exitCodes.done ? process.exitCode : exitCode);
}
