/** `brat audit`: the audit trail checked, shown and written to a file, also while a window is open. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Argument, Option } from 'commander';
import { exportTrail, verifyTrail } from '../../engine/services/auditing.ts';
import { auditPage, recordAudit } from '../../engine/store/audit.ts';
import type { AuditHead } from '../../engine/store/auditChain.ts';
import { headFileName } from '../../engine/store/auditHead.ts';
import type { Database } from '../../engine/store/database.ts';
import { natives } from '../../native/natives.ts';
import type { AuditFormat } from '../../shared/contract.ts';
import { EngineError } from '../../shared/errors.ts';
import { clock, type CommonOptions, type Context } from '../context.ts';
import { checkOutputs, writeOutput } from '../outputFile.ts';
import type { Register } from '../program.ts';

interface Options extends CommonOptions {
  readonly head?: readonly AuditHead[];
  readonly study?: string;
  readonly before?: string;
  readonly limit: string;
  readonly format: AuditFormat;
  readonly out?: string;
}

const usage = (message: string): EngineError => new EngineError('cli/usage', message, { subject: 'audit', advice: 'See brat audit --help' });

export const auditCommand: Register = (program, action) =>
  program
    .command('audit')
    .description('check, show or export the audit trail; the data folder may be in use')
    .addArgument(new Argument('<action>', 'what to do').choices(['verify', 'show', 'export']))
    .addOption(new Option('--head <sequence:hash>', 'verify: a head noted earlier that the trail must still hold; may be given several times').argParser(parseHead))
    .option('--study <uid>', 'show: entries of this study alone')
    .option('--before <sequence>', 'show: entries before this one')
    .option('-n, --limit <count>', 'show: entries, 1 to 500', '50')
    .addOption(new Option('--format <format>', 'export: a table, or DICOM audit messages as JSON').choices(['csv', 'atna']).default('csv'))
    .option('--out <file>', 'export: where to; without it, to standard output')
    .action(
      action(async (context, [what]: ['verify' | 'show' | 'export'], options: Options) => {
        await checkOutputs([options.out]);
        const file = join(context.dataDir, 'brat.sqlite');
        if (!existsSync(file)) throw new EngineError('store/open-failed', 'There is no data folder here', { subject: 'data folder', advice: 'Pass the data folder with --data-dir' });
        const db = natives.database.open(file);
        try {
          if (what === 'verify') verify(context, db, options.head ?? []);
          else if (what === 'show') show(context, db, options);
          else await exportTo(context, db, options);
        } finally {
          db.close();
        }
      }),
    );

function parseHead(text: string, before: readonly AuditHead[] | undefined): readonly AuditHead[] {
  const [, sequence, hash] = /^(\d+):([0-9a-f]{64})$/.exec(text) ?? [];
  if (sequence === undefined || hash === undefined) throw usage('--head takes sequence:hash, as brat audit verify prints it');
  return [...(before ?? []), { sequence: Number(sequence), hash }];
}

function verify({ output, dataDir }: Context, db: Database, heads: readonly AuditHead[]): void {
  const verdict = verifyTrail(db, join(dataDir, headFileName), heads);
  for (const sequence of verdict.clockSetBackAt) output.warn(`note: the clock was set back before entry ${sequence}`);
  for (const sequence of verdict.unwatchedBefore) output.warn(`note: before entry ${sequence} no head was kept aside, as after a restore; whether entries were cut off before it is not known`);
  if (verdict.broken !== null) {
    throw new EngineError('audit/broken', `The audit trail is broken at entry ${verdict.broken.sequence}: ${verdict.broken.reason}`, { subject: `entry ${verdict.broken.sequence}`, advice: 'Compare with a backup or an exported trail; docs/audit.md says what this can mean' });
  }
  output.line(`${verdict.entries} entries, each as it was written. Head ${verdict.head.sequence}:${verdict.head.hash}`);
  output.result(verdict);
}

function show({ output }: Context, db: Database, { study, before, limit }: Options): void {
  const [count, from] = [Number(limit), before === undefined ? null : Number(before)];
  if (!Number.isInteger(count) || count < 1 || count > 500) throw usage('-n takes a whole number from 1 to 500');
  if (from !== null && !(Number.isInteger(from) && from > 0)) throw usage('--before takes the sequence of an entry');
  const page = auditPage(db, { before: from, limit: count, study: study ?? null });
  for (const { sequence, at, kind, actor, detail } of page.entries) output.line(`${String(sequence).padStart(6)}  ${at}  ${actor.padEnd(10)}  ${kind.padEnd(18)}  ${detail}`);
  output.result({ total: page.total, entries: page.entries.map((entry) => ({ ...entry, detail: JSON.parse(entry.detail) as unknown })) });
}

async function exportTo({ output }: Context, db: Database, { format, out }: Options): Promise<void> {
  const { bytes, name } = exportTrail(db, format, clock.now());
  recordAudit(db, clock, 'audit.exported', { format });
  if (out === undefined) {
    output.line(new TextDecoder().decode(bytes).trimEnd());
  } else {
    await writeOutput(out, bytes);
    output.line(`Written: ${out}`);
  }
  output.result({ format, file: out ?? name, bytes: bytes.length });
}
