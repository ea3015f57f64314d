/** `brat import`: studies into the data folder, and reports to stored studies. */
import type { ErrorData } from '../../shared/errors.ts';
import { EngineError } from '../../shared/errors.ts';
import { openEngine, type CommonOptions } from '../context.ts';
import type { Register } from '../program.ts';

interface Options extends CommonOptions {
  readonly reports?: string;
}

export const importCommand: Register = (program, action) =>
  program
    .command('import')
    .description('copy studies into the data folder; with --reports, attach reports so that they become cases after brat index')
    .argument('[path...]', 'DICOM or NIfTI files, folders, zips or DICOMDIRs')
    .option('--reports <file.csv>', 'table with the columns report and accession or study_uid')
    .action(
      action(async (context, [paths]: [string[]], options: Options) => {
        const { output, signal } = context;
        if (paths.length === 0 && options.reports === undefined) throw new EngineError('cli/usage', 'Pass a path, --reports, or both', { subject: 'import', advice: 'See brat import --help' });
        const engine = await openEngine(context);
        try {
          const problems: { file: string; error: ErrorData }[] = [];
          let outcome = { studies: [] as string[], added: 0, duplicates: 0, skipped: 0, failed: 0 };
          if (paths.length > 0) {
            for await (const event of engine.importPaths(paths, signal)) {
              if (event.kind === 'progress') {
                output.progress(`${event.seen} files read, ${event.added} stored`);
              } else if (event.kind === 'problem') {
                problems.push({ file: event.file, error: event.error });
                output.warn(`${event.error.code}: ${event.file}: ${event.error.message}`);
              } else {
                const { studies, added, duplicates, skipped, failed } = event;
                outcome = { studies, added, duplicates, skipped, failed };
              }
            }
            output.line(`${outcome.added} images stored in ${outcome.studies.length} studies; ${outcome.duplicates} known already, ${outcome.skipped} files skipped, ${outcome.failed} with faults`);
          }
          const reports = options.reports === undefined ? null : await engine.attachReports(options.reports);
          if (reports) {
            for (const { row, reason } of reports.unmatched) output.warn(`reports: row ${row}: ${reason}`);
            output.line(`${reports.attached.length} reports attached, ${reports.unmatched.length} rows without a study; run brat index to make them searchable`);
          }
          output.result({ ...outcome, problems, reports });
        } finally {
          await engine.close();
        }
      }),
    );
