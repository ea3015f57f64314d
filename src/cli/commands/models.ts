/** `brat models`: installed packs; bringing official weights, a language model, its bridge and heads in as one. */
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { Argument, Option } from 'commander';
import { licencesFor } from '../../engine/install/importPack.ts';
import { sizeText } from '../../engine/install/requirements.ts';
import type { Engine } from '../../engine/create.ts';
import type { InstalledPack } from '../../shared/contract.ts';
import { EngineError } from '../../shared/errors.ts';
import { openEngine, type CommonOptions, type Context } from '../context.ts';
import type { Register } from '../program.ts';

interface Options extends CommonOptions {
  readonly weights?: string;
  readonly llm?: string;
  readonly bridge?: string;
  readonly heads?: string;
  readonly name?: string;
  readonly origin: 'official' | 'own';
  readonly precision: 'float32' | 'float16';
  readonly size?: readonly [number, number, number];
  readonly acceptLicence?: boolean;
  readonly acceptedBy?: string;
}

const actions = ['list', 'import', 'default', 'remove', 'check'] as const;
type Action = (typeof actions)[number];

const usage = (message: string, subject: string): EngineError => new EngineError('cli/usage', message, { subject, advice: 'See brat models --help' });

export const modelsCommand: Register = (program, action) =>
  program
    .command('models')
    .description('list, import, check or remove model packs, or choose the one that is used')
    .addArgument(new Argument('<action>', 'what to do').choices(actions))
    .argument('[pack]', 'for default, remove and check: id or id@version, as brat models list shows it')
    .option('--weights <file>', 'import: checkpoint of the official layout, PyTorch (.bin, .pt) or safetensors')
    .option('--llm <file.gguf>', 'import: language model, such as Llama-3.2-1B in any quantisation; without --bridge it reads reports, not images')
    .option('--bridge <file>', 'import: bridge from the views to the language model, as training exports it')
    .option('--heads <file>', 'import: classification heads, as training exports them')
    .option('--name <name>', 'import: what the pack is called; by default as the weights file')
    .addOption(new Option('--origin <whose>', 'import: official brat weights, or your own').choices(['official', 'own']).default('official'))
    .addOption(new Option('--precision <type>', 'import: how weights are stored').choices(['float32', 'float16']).default('float32'))
    .addOption(new Option('--size <S,A,R>', 'import: voxels the weights were trained with (default: 32,256,256)').argParser(parseSize))
    .option('--accept-licence', 'import: you have read the licences shown and accept them')
    .option('--accepted-by <name>', 'import: who accepts them; by default the user of this computer')
    .action(
      action(async (context, [what, pack]: [Action, string | undefined], options: Options) => {
        if ((pack === undefined) === ['default', 'remove', 'check'].includes(what)) throw usage(pack === undefined ? `Name the pack: brat models ${what} <pack>` : `brat models ${what} takes no pack`, what);
        if (what === 'import') await importModel(context, options);
        else await withEngine(context, (engine) => run[what](context, engine, pack ?? ''));
      }),
    );

function parseSize(text: string): [number, number, number] {
  const size = text.split(/[x,]/).map(Number);
  if (size.length !== 3 || !size.every((voxels) => Number.isInteger(voxels) && voxels > 0 && voxels <= 1024)) throw usage(`${text} is no size`, '--size');
  return size as [number, number, number];
}

async function withEngine(context: Context, work: (engine: Engine) => Promise<void>): Promise<void> {
  const engine = await openEngine(context);
  try {
    await work(engine);
  } finally {
    await engine.close();
  }
}

const run: Readonly<Record<Exclude<Action, 'import'>, (context: Context, engine: Engine, pack: string) => Promise<void>>> = {
  async list({ output }, engine) {
    const packs = await engine.packs.list();
    for (const pack of packs) describe(pack).forEach((line) => { output.line(line); });
    output.result({ packs });
  },

  async default({ output, signal }, engine, pack) {
    await engine.handlers['settings.set']({ pack }, { signal });
    output.line(`${pack} is used from now on`);
    output.result({ pack });
  },

  async remove({ output, signal }, engine, pack) {
    await engine.packs.remove(pack, signal);
    output.line(`${pack} is removed; views and drafts it made stay under its name`);
    output.result({ removed: pack });
  },

  async check({ output, signal }, engine, pack) {
    const { problem, providers, message } = await engine.packs.check(pack, signal);
    if (problem) throw new EngineError(problem.code, problem.message, { subject: problem.subject, advice: problem.advice });
    output.line(`${pack}: every file is as its manifest says; ${message}`);
    for (const { provider, state, message: why } of providers) output.line(`  ${provider.padEnd(8)}${state.padEnd(12)}${why}`);
    output.result({ pack, providers, message });
  },
};

function describe(pack: InstalledPack): string[] {
  const { key, label, shipped, inUse, licence, bytes, channels, architecture, hasLanguageModel, answersQuestions, hasTextEncoder, accepted, problem } = pack;
  if (problem) return [`${key}  cannot be used: ${problem.message}`];
  return [
    `${key}${inUse ? '  (in use)' : ''}`,
    `  ${label}`,
    `  ${shipped ? 'came with the app' : 'imported'}, ${sizeText(bytes)}, ${licence}${accepted.length > 0 ? `, accepted by ${[...new Set(accepted.map(({ by }) => by))].join(', ')}` : ''}`,
    `  ${architecture === '' ? '' : `${architecture}, `}${channels.join(', ')}; ${hasTextEncoder ? 'text search' : 'no text search'}; ${hasLanguageModel ? 'writes drafts' : 'composes drafts of prior reports'}${answersQuestions === true ? '; answers questions about a report' : ''}`,
  ];
}

/** The name of the operating system's user; empty where it has none, as in some containers. */
function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return '';
  }
}

async function importModel(context: Context, options: Options): Promise<void> {
  const { output, signal } = context;
  if (options.weights === undefined) throw usage('Pass the weights: brat models import --weights <file>', '--weights');
  const paths = { weights: resolve(options.weights), ...pathOf('llm', options.llm), ...pathOf('bridge', options.bridge), ...pathOf('heads', options.heads) };
  const terms = licencesFor({ origin: options.origin, llm: options.llm });
  for (const { name, url, summary } of terms) {
    output.line(name);
    if (url !== '') output.line(`  ${url}`);
    for (const line of summary) output.line(`  - ${line}`);
  }
  await withEngine(context, async (engine) => {
    const request = {
      ...paths, origin: options.origin, precision: options.precision, acceptedBy: options.acceptedBy ?? systemUser(), accepted: options.acceptLicence === true ? terms.map(({ id }) => id) : [],
      ...(options.name !== undefined && { name: options.name }), ...(options.size && { size: options.size }),
    };
    for await (const event of engine.packs.import(request, signal)) {
      if (event.kind === 'step') output.progress(`${event.step}: ${event.message}`);
      else if (event.kind === 'progress') output.progress(`${event.step}: ${Math.floor((100 * event.done) / Math.max(1, event.total))} %`);
      else {
        output.line(`Imported ${event.pack}: ${event.label}`);
        for (const note of event.notes) output.line(`  ${note}`);
        output.line(`Use it with: brat models default ${event.pack}`);
        output.result({ pack: event.pack, label: event.label, notes: event.notes });
      }
    }
  });
}

const pathOf = <K extends string>(part: K, path: string | undefined): Partial<Record<K, string>> => (path === undefined ? {} : { [part]: resolve(path) }) as Partial<Record<K, string>>;
