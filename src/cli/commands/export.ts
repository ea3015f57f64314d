/** `brat export`: signed reports as files other systems take, or a copy of a draft that says what it is. */
import { mkdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Option } from 'commander';
import { draftCopyFormat, type ExportFormat, type MadeFile } from '../../shared/contract.ts';
import { exportFormats } from '../../shared/choices.ts';
import { EngineError, toErrorData, type ErrorData } from '../../shared/errors.ts';
import { openEngine, type CommonOptions, type ModelChoice } from '../context.ts';
import { checkOutputs, writeOutput } from '../outputFile.ts';
import type { Register } from '../program.ts';

interface Options extends CommonOptions, ModelChoice {
  readonly format: ExportFormat | 'all';
  readonly out: string;
  readonly number?: string;
  readonly draft?: boolean;
}

const usage = (message: string, subject: string, advice: string): EngineError => new EngineError('cli/usage', message, { subject, advice });

export const exportCommand: Register = (program, action) =>
  program
    .command('export')
    .description('write the signed report of a stored study for another system; what is not signed is refused')
    .argument('<study>', 'StudyInstanceUID')
    .addOption(new Option('--format <format>', 'what to write; all: each format into a folder').choices([...exportFormats, 'all']).makeOptionMandatory())
    .requiredOption('--out <path>', 'file, or a folder that files are put into under names of their own')
    .option('--number <number>', 'one report alone: 1 is the report, 2 its first addendum; without it the report with its addenda')
    .option('--draft', 'text or pdf: a copy of what is not signed yet, marked DRAFT throughout')
    .option('--pack <name>', 'pack whose lesions are meant where the report names none: id, id@version or folder')
    .action(
      action(async (context, [study]: [string], options: Options) => {
        const { format, out, draft = false } = options;
        const number = numberOf(options.number);
        const intoFolder = format === 'all' || (await isFolder(out));
        const copy = draft ? draftCopyFormat.safeParse(format) : null;
        if (copy?.success === false) throw usage('A draft is for people alone', '--draft', 'Pass --format text or --format pdf');
        if (draft && number !== null) throw usage('A draft has no number', '--number', 'Leave it out');
        if (intoFolder) await makeFolder(out);
        else await checkOutputs([out]);
        const { output } = context;
        const engine = await openEngine(context, options);
        try {
          const formats = format === 'all' ? exportFormats : [format];
          const written: { format: string; file: string; bytes: number }[] = [];
          const left: { format: string; error: ErrorData }[] = [];
          for (const each of formats) {
            try {
              const files = copy?.success === true ? [await engine.exporting.draftCopy(study, copy.data)] : await engine.exporting.export(study, number, each);
              if (!intoFolder && files.length > 1) throw usage(`There are ${files.length} reports, each a file of its own`, '--out', 'Pass a folder, or --number for one of them');
              for (const file of files) written.push({ format: each, file: await put(file, out, intoFolder), bytes: file.bytes.length });
            } catch (error) {
              // Some formats do not fit every study; one that is not signed fits none.
              if (format !== 'all' || !(error instanceof EngineError) || /^(?:cli\/|outputs\/not-signed)/.test(error.code) || (error.code === 'store/not-found' && written.length === 0)) throw error;
              left.push({ format: each, error: toErrorData(error, each) });
              output.warn(`${each}: not written, ${error.code}: ${error.message}`);
            }
          }
          for (const { file } of written) output.line(`Written: ${file}`);
          output.result({ study, written, left });
        } finally {
          await engine.close();
        }
      }),
    );

function numberOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (!/^[1-9]\d{0,3}$/.test(text)) throw usage('--number takes a whole number from 1', '--number', 'brat report shows the numbers');
  return Number(text);
}

const isFolder = (path: string): Promise<boolean> => stat(path).then((found) => found.isDirectory(), () => false);

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw new EngineError('cli/cannot-write', 'The folder cannot be made', { subject: basename(folder), advice: 'Pass a folder that may be written' }, { cause: error });
  }
}

async function put({ name, bytes }: MadeFile, out: string, intoFolder: boolean): Promise<string> {
  const file = intoFolder ? join(out, name) : out;
  await writeOutput(file, bytes);
  return file;
}
