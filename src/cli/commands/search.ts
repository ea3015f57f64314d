/** `brat search`: similar cases of a study, stored or loose, or of a text; with --queries of many, one after another. */
import { z } from 'zod';
import { caseFilter, type CaseFilter, type SimilarCase } from '../../shared/contract.ts';
import { EngineError } from '../../shared/errors.ts';
import type { Engine } from '../../engine/create.ts';
import { packStamp } from '../../engine/pack/pack.ts';
import type { SearchHow } from '../../engine/services/searching.ts';
import { openEngine, type CommonOptions, type Context, type ModelChoice } from '../context.ts';
import { encodeStudy } from '../encodedStudy.ts';
import { readLines } from '../inputLines.ts';
import type { Register } from '../program.ts';

interface Options extends CommonOptions, ModelChoice {
  readonly study?: string;
  readonly text?: string;
  readonly queries?: string;
  readonly own?: boolean;
  readonly from?: string;
  readonly to?: string;
  readonly sex?: string;
  readonly words?: string;
  readonly notPatientOf?: string;
  readonly withWords?: string;
  readonly proven?: boolean;
  readonly limit: string;
  readonly by: string;
}

type By = 'views' | 'sentences';

/** A line of --queries. */
const queryLine = z.union([z.strictObject({ text: z.string().min(1) }), z.strictObject({ study: z.string().min(1) })], 'an object with either text or study');

export const searchCommand: Register = (program, action) =>
  program
    .command('search')
    .description('find cases similar to a study or to a text')
    .option('--study <uid or path>', 'stored study, or a path with one')
    .option('--text <text>', 'words of a report')
    .option('--queries <file.jsonl>', 'many queries, one a line: {"text": ...} or {"study": uid or path}; answers hold cases and similarities alone')
    .option('--own', 'keep the case that the study itself is among its similar cases')
    .option('--from <date>', 'cases from this date on, as 2026-01-31')
    .option('--to <date>', 'cases up to this date')
    .option('--sex <letter>', 'cases of this sex: F, M or O')
    .option('--words <words>', 'cases whose report holds all these words; word* for those that begin so')
    .option('--with-words <words>', 'rank by these words in the reports as well: both rankings are fused')
    .option('--proven', 'prove that no other case belongs among the answers, which takes longer')
    .option('--not-patient-of <study>', 'leave out the cases of the patient of this stored study')
    .option('-k, --limit <count>', 'cases to show, 1 to 100000', '10')
    .option('--by <kind>', 'with --study: compare its views with `views` or with report `sentences`', 'views')
    .option('--pack <name>', 'pack: id, id@version or folder')
    .option('--provider <name>', 'auto, cuda, webgpu, dml, coreml or cpu')
    .action(
      action(async (context, _: [], options: Options) => {
        const { output, signal } = context;
        const limit = Number(options.limit);
        if ([options.study, options.text, options.queries].filter((given) => given !== undefined).length !== 1) throw usage('Pass one of --study, --text and --queries');
        if (!Number.isInteger(limit) || limit < 1 || limit > 100_000) throw usage('-k takes a whole number from 1 to 100000');
        const { by, own = false } = options;
        if (by !== 'views' && by !== 'sentences') throw usage('--by takes views or sentences');
        const filter = filterOf(options);
        const how: SearchHow = { ...(options.withWords !== undefined && { withWords: options.withWords }), ...(options.proven && { proven: true }) };
        const queries = options.queries === undefined ? null : await readLines(options.queries, queryLine);
        const engine = await openEngine(context, options);
        try {
          const find = (query: z.output<typeof queryLine>): Promise<SimilarCase[]> => ('text' in query ? engine.searchText(query.text, limit, signal, filter, how) : searchStudy(engine, context, query.study, { by, own, limit, filter, how }));
          const show = (found: readonly SimilarCase[]): void => { for (const item of found) output.line(`${item.similarity.toFixed(4)}  ${item.case}  ${item.report.replace(/\s+/g, ' ').slice(0, 160)}`); };
          const model = packStamp(await engine.parts.models.pack());
          if (queries === null) {
            const query = options.text === undefined ? { study: options.study! } : { text: options.text };
            const cases = await find(query);
            show(cases);
            output.result({ query: 'study' in query ? { ...query, by } : query, cases, model });
          } else {
            const answers = [];
            for (const [at, query] of queries.entries()) {
              output.progress(`query ${at + 1} of ${queries.length} …`);
              const found = await find(query);
              output.line('text' in query ? query.text : query.study);
              show(found);
              answers.push({ query, cases: found.map((item) => ({ case: item.case, similarity: item.similarity })) });
            }
            output.result({ by, answers, model });
          }
          output.line(model.label);
        } finally {
          await engine.close();
        }
      }),
    );

const usage = (message: string): EngineError => new EngineError('cli/usage', message, { subject: 'search', advice: 'See brat search --help' });

/** @throws EngineError `cli/usage` for a date that is none */
function filterOf({ from, to, sex, words, notPatientOf }: Options): CaseFilter {
  const given = Object.fromEntries(Object.entries({ from, to, sex, words, notPatientOf }).filter(([, value]) => value !== undefined));
  const parsed = caseFilter.safeParse(given);
  if (!parsed.success) throw usage(z.prettifyError(parsed.error));
  return parsed.data;
}

async function searchStudy(engine: Engine, context: Context, wanted: string, { by, own, limit, filter, how }: { readonly by: By; readonly own: boolean; readonly limit: number; readonly filter: CaseFilter; readonly how: SearchHow }): Promise<SimilarCase[]> {
  const { archive } = engine.parts;
  const { study, encoded } = await encodeStudy(engine, context, wanted);
  if (archive.encodedCount(encoded.pack, encoded.width) === 0) {
    throw new EngineError('search/no-cases', 'The archive holds no case of this model pack', { subject: `${encoded.pack.id}@${encoded.pack.version}`, advice: 'Import studies with reports and run brat index' });
  }
  return archive.similar({ by, vectors: encoded.projected, width: encoded.width, pack: encoded.pack, limit, study: own ? null : study, filter, signal: context.signal, ...how });
}
