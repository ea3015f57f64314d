/** `brat archive …`: filling an archive from studies that lie anywhere, and what became of them (docs/archive.md). */
import { open, readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import { requireEncoding } from '../../engine/archive/decodeText.ts';
import type { ArchiveImportEvent, ArchiveImportSummary } from '../../engine/services/archiveImport.ts';
import { exportEmbeddings, importEmbeddings } from '../../engine/services/embeddings.ts';
import { countStudyStates } from '../../engine/store/archiveJournal.ts';
import { encodedCounts } from '../../engine/store/cases.ts';
import { EngineError, type ErrorData } from '../../shared/errors.ts';
import { openEngine, type CommonOptions, type ModelChoice } from '../context.ts';
import type { Output } from '../output.ts';
import { checkOutputs } from '../outputFile.ts';
import type { Register } from '../program.ts';

/** `brat archive`, under which its commands are. */
export const archiveGroup = (program: Command): Command =>
  program.commands.find((command) => command.name() === 'archive') ?? program.command('archive').description('fill an archive of prior cases, and see what became of each study');

interface ImportOptions extends CommonOptions, ModelChoice {
  readonly list?: string;
  readonly reports?: readonly string[];
  readonly encoding?: string;
  readonly removeIdentifiers?: boolean;
  readonly acceptT1?: boolean;
  readonly anyway?: boolean;
  readonly retry?: boolean;
  readonly rescan?: boolean;
  readonly log?: string;
}

const usage = (message: string): EngineError => new EngineError('cli/usage', message, { subject: 'archive import', advice: 'See brat archive import --help' });

export const archiveImportCommand: Register = (program, action) =>
  archiveGroup(program)
    .command('import')
    .description('make cases of studies and their reports, which stay where they are; the same command again goes on where it stopped')
    .argument('[path...]', 'folders, zips or files with DICOM studies')
    .option('--list <file.txt>', 'more of them, one path a line')
    .option('--reports <path...>', 'tables (.csv), text files named after the accession number, HL7 v2 ORU messages, DICOM structured reports, or folders of them')
    .option('--encoding <name>', 'of reports that do not say theirs, such as windows-1252 (UTF-8)')
    .option('--remove-identifiers', "take names, numbers and dates out of the reports' text; docs/archive.md says what is not guaranteed")
    .option('--accept-t1', 'take T1 before contrast where a study has none after it')
    .option('--anyway', 'take images that are not of the kind the pack was made for')
    .option('--retry', 'try studies again that failed or were skipped before')
    .option('--rescan', 'read folders again that have not changed')
    .option('--log <file.jsonl>', 'write what was left out and why, one JSON object a line')
    .option('--pack <name>', 'pack: id, id@version or folder')
    .option('--provider <name>', 'auto, cuda, webgpu, dml, coreml or cpu')
    .action(
      action(async (context, [paths]: [string[]], options: ImportOptions) => {
        const { output, signal } = context;
        const listed = options.list === undefined ? [] : await readList(options.list);
        const studies = [...paths, ...listed].map((path) => resolve(path));
        const reports = (options.reports ?? []).map((path) => resolve(path));
        if (studies.length + reports.length === 0) throw usage('Pass a path, --list or --reports');
        if (options.encoding !== undefined) requireEncoding(options.encoding);
        await checkOutputs([options.log]);
        const { acceptT1 = false, anyway = false, retry = false, rescan = false, removeIdentifiers = false } = options;
        const log = options.log === undefined ? null : await open(options.log, 'w', 0o600);
        const engine = await openEngine(context, options).catch(async (error: unknown) => {
          await log?.close();
          throw error;
        });
        try {
          for await (const event of engine.importArchive({ studies, reports, encoding: options.encoding ?? null, removeIdentifiers, acceptT1, anyway, retry, rescan }, signal)) {
            tell(output, event);
            if (event.kind === 'left-out') await log?.write(`${JSON.stringify(event.item)}\n`);
            if (event.kind === 'done') output.result(event.summary);
          }
        } finally {
          await log?.close();
          await engine.close();
        }
      }),
    );

async function readList(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => { throw new EngineError('import/not-found', 'The list of studies cannot be read', { subject: basename(file), advice: 'Check the path' }, { cause: error }); });
  const paths = text.replace(/^\uFEFF/, '').split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  if (paths.length === 0) throw usage(`${basename(file)} lists no path`);
  return paths;
}

const duration = (seconds: number): string => (seconds < 90 ? `${Math.ceil(seconds)} s` : seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`);

function tell(output: Output, event: ArchiveImportEvent): void {
  switch (event.kind) {
    case 'survey':
      output.progress(`looking for studies: ${event.folders} folders (${event.unchanged} unchanged), ${event.files} images, ${event.current}`);
      break;
    case 'reports':
      output.progress(`${event.read} reports read`);
      break;
    case 'case':
      output.progress(`study ${event.done} of ${event.total}, ${duration(event.secondsLeft)} left`);
      break;
    case 'left-out': {
      const { what, study, source, place, code, reason } = event.item;
      // A hundred thousand studies without a report are told as one number.
      if (code !== 'cases/no-report') output.warn(`${code}: ${what} ${what === 'study' ? study : [source, place].filter((part) => part !== '').join(', ')}: ${reason}`);
      break;
    }
    case 'done':
      for (const line of describe(event.summary)) output.line(line);
      break;
  }
}

function describe({ encoded, alreadyThere, studies, reports, matched, leftOut, ms, studiesPerHour, preparedMeanwhile, processorUse, pack, identifiersRemoved }: ArchiveImportSummary): string[] {
  return [
    `${encoded} cases made with ${pack}, ${alreadyThere} were there already; ${studies} studies and ${reports} reports known, ${matched} belong together`,
    ...(encoded > 0 ? [`${Math.round(studiesPerHour)} studies an hour; ${Math.round(preparedMeanwhile * 100)} % of the preparing ran beside the encoding, processors were used to ${Math.round(processorUse * 100)} %; survey ${duration(ms.survey / 1000)}, reports ${duration(ms.reports / 1000)}, cases ${duration(ms.cases / 1000)}`] : []),
    ...(identifiersRemoved > 0 ? [`${identifiersRemoved} identifiers taken out of reports`] : []),
    ...Object.entries(leftOut).map(([code, count]) => `left out: ${count} ${code}`),
  ];
}

export const archiveStatusCommand: Register = (program, action) =>
  archiveGroup(program)
    .command('status')
    .description('how many studies the archive knows, what became of them, and which packs encoded them')
    .action(
      action(async (context) => {
        const { output } = context;
        const engine = await openEngine(context);
        try {
          const { store, archive } = engine.parts;
          const studies = countStudyStates(store.db);
          const packs = encodedCounts(store.db);
          for (const { state, code, studies: count } of studies) output.line(`${String(count).padStart(8)} ${state}${code === '' ? '' : ` (${code})`}`);
          output.line(`${archive.caseCount} cases in the archive`);
          for (const { pack, cases } of packs) output.line(`${String(cases).padStart(8)} encoded by ${pack}`);
          output.result({ cases: archive.caseCount, studies, packs });
        } finally {
          await engine.close();
        }
      }),
    );

export const archiveRemoveCommand: Register = (program, action) =>
  archiveGroup(program)
    .command('remove')
    .description('take cases out of the archive for good; a later import does not bring them back')
    .argument('<name...>', 'study UIDs or accession numbers')
    .action(
      action(async (context, [names]: [string[]]) => {
        const engine = await openEngine(context);
        try {
          const removed = engine.removeCases(names);
          context.output.line(`${removed.length} studies removed from the archive`);
          context.output.result({ removed });
        } finally {
          await engine.close();
        }
      }),
    );

export const archiveReembedCommand: Register = (program, action) =>
  archiveGroup(program)
    .command('re-embed')
    .description('encode the whole archive with another pack, while the vectors of the pack in use stay as they are; then choose it with brat models default')
    .requiredOption('--pack <name>', 'the new pack: id or id@version')
    .option('--provider <name>', 'auto, cuda, webgpu, dml, coreml or cpu')
    .action(
      action(async (context, _: [], { pack, ...options }: CommonOptions & ModelChoice & { readonly pack: string }) => {
        const { output, signal } = context;
        const engine = await openEngine(context, options);
        try {
          const problems: { case: string; error: ErrorData }[] = [];
          for await (const event of engine.reembedArchive(pack, signal)) {
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

const packOption = ['--pack <name>', 'pack: id, id@version or folder'] as const;

export const archiveExportCommand: Register = (program, action) =>
  archiveGroup(program)
    .command('export-embeddings')
    .description('write the cases that a pack has encoded, with their vectors, as JSON lines and NumPy arrays')
    .argument('<folder>', 'empty, or made')
    .option(...packOption)
    .action(
      action(async (context, [folder]: [string], options: CommonOptions & ModelChoice) => {
        const { output, signal } = context;
        const engine = await openEngine(context, options);
        try {
          const made = await exportEmbeddings(engine.parts, resolve(folder), signal, ({ done, total }) => { output.progress(`case ${done} of ${total}`); });
          output.line(`${made.cases} cases of ${made.pack.id}@${made.pack.version} written: ${made.views.rows} views, ${made.sentences?.rows ?? 0} sentences`);
          output.result(made);
        } finally {
          await engine.close();
        }
      }),
    );

export const archiveEmbeddingsCommand: Register = (program, action) =>
  archiveGroup(program)
    .command('import-embeddings')
    .description('take in what brat archive export-embeddings wrote on another workstation with the same pack')
    .argument('<folder>', 'with archive.json in it')
    .option(...packOption)
    .action(
      action(async (context, [folder]: [string], options: CommonOptions & ModelChoice) => {
        const { output, signal } = context;
        const engine = await openEngine(context, options);
        try {
          const { pack, added, alreadyThere, different } = await importEmbeddings(engine.parts, resolve(folder), signal, ({ done, total }) => { output.progress(`case ${done} of ${total}`); });
          for (const id of different) output.warn(`${id}: the archive holds it with another report; it was left as it is`);
          output.line(`${added} cases of ${pack} added, ${alreadyThere} were there already, ${different.length} are there with another report`);
          output.result({ pack, added, alreadyThere, different });
        } finally {
          await engine.close();
        }
      }),
    );
