/** `brat quality`: whether drafts help, by pack and month of signature; the data folder may be in use. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { keyOfPack } from '../../engine/quality/addUp.ts';
import { qualityFile, summariseQuality } from '../../engine/services/quality.ts';
import { newestSchema, schemaVersion } from '../../engine/store/migrate.ts';
import { natives } from '../../native/natives.ts';
import { fewReports, qualityQuery, type QualityGroup, type QualityQuery, type Quartiles } from '../../shared/contract.ts';
import { EngineError } from '../../shared/errors.ts';
import { clock, type CommonOptions } from '../context.ts';
import { checkOutputs, writeOutput } from '../outputFile.ts';
import type { Register } from '../program.ts';

interface Options extends CommonOptions {
  readonly from?: string;
  readonly to?: string;
  readonly pack?: string;
  readonly csv?: string;
}

export const qualityCommand: Register = (program, action) =>
  program
    .command('quality')
    .description('figures over signed reports, by pack and month: what became of drafts and flags; the data folder may be in use')
    .option('--from <month>', 'first month of signature, as 2026-01')
    .option('--to <month>', 'last month of signature')
    .option('--pack <id>', 'drafts of this pack alone: id, or id@version')
    .option('--csv <file>', 'write the figures as a table')
    .action(
      action(async ({ output, dataDir, signal }, _all: unknown, { from, to, pack, csv }: Options) => {
        const query = readQuery({ from, to, pack });
        await checkOutputs([csv]);
        const file = join(dataDir, 'brat.sqlite');
        if (!existsSync(file)) throw new EngineError('store/open-failed', 'There is no data folder here', { subject: 'data folder', advice: 'Pass the data folder with --data-dir' });
        const db = natives.database.open(file);
        try {
          if (schemaVersion(db) < newestSchema) throw new EngineError('store/open-failed', 'The data folder was last used by an older version of brat', { subject: 'data folder', advice: 'Open the folder with this version once' });
          const summary = await summariseQuality(db, query, signal);
          output.line(`${summary.reports} signed reports, ${summary.withDraft} of them with a draft`);
          for (const group of [...summary.packs, ...summary.groups]) for (const line of linesOf(group)) output.line(line);
          if (csv !== undefined) {
            await writeOutput(csv, qualityFile(summary, clock.now()).bytes);
            output.line(`Written: ${csv}`);
          }
          output.result(summary);
        } finally {
          db.close();
        }
      }),
    );

function readQuery(wanted: Record<'from' | 'to' | 'pack', string | undefined>): QualityQuery {
  const read = qualityQuery.safeParse(wanted);
  if (read.success) return read.data;
  const issue = read.error.issues[0]!;
  const option = issue.path[0] === undefined ? '--from and --to' : `--${String(issue.path[0])}`;
  throw new EngineError('cli/usage', `${option}: ${issue.path[0] === 'from' || issue.path[0] === 'to' ? 'a month is written as 2026-01' : issue.message}`, { subject: option, advice: 'See brat quality --help' });
}

const percent = (part: number, whole: number): string => (whole === 0 ? '-' : `${Math.round((100 * part) / whole)} %`);
const told = (values: Quartiles, shown: (value: number) => string): string => (values === null ? '-' : `${shown(values.median)} (${shown(values.lower)} to ${shown(values.upper)})`);

function linesOf({ pack, month, reports, tooFew, changedShare, sentences, flags, seconds, reportsMissed, reportsMadeUp }: QualityGroup): string[] {
  const { kept, edited, rejected, added } = sentences;
  const drafted = kept + edited + rejected;
  const head = `${pack === null ? 'without a draft' : `${keyOfPack(pack)} (${pack.training})`}, ${month ?? 'all months'}: ${reports} ${reports === 1 ? 'report' : 'reports'}${tooFew ? `  [fewer than ${fewReports}: too few to judge]` : ''}`;
  const time = `  opening to signature ${told(seconds, (value) => `${Math.round(value)} s`)}, sentences added ${added}, flags dismissed ${flags.dismissed}, confirmed ${flags.confirmed}`;
  if (pack === null) return [head, time];
  return [
    head,
    `  words changed ${told(changedShare, (value) => `${Math.round(100 * value)} %`)}; of ${drafted} drafted sentences kept ${kept} (${percent(kept, drafted)}), edited ${edited}, rejected ${rejected}`,
    `  draft missed a finding in ${reportsMissed} (${percent(reportsMissed, reports)}), made one up in ${reportsMadeUp} (${percent(reportsMadeUp, reports)}); flags acted on ${flags.actedOn}`,
    time,
  ];
}
