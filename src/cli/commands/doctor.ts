/** `brat doctor`: whether everything this machine needs is there and right, and what to do where it is not. */
import { spawn } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import type { Engine } from '../../engine/create.ts';
import { packKey } from '../../engine/pack/pack.ts';
import { hasHeads } from '../../engine/services/examining.ts';
import { testHeads } from '../../engine/services/headsTest.ts';
import { isUsable, type Models } from '../../engine/services/models.ts';
import { encodedCounts } from '../../engine/store/cases.ts';
import { interruptedJobs } from '../../engine/store/jobs.ts';
import { newestSchema } from '../../engine/store/migrate.ts';
import { countStudies } from '../../engine/store/studies.ts';
import { engineVersion } from '../../engine/version.ts';
import { natives } from '../../native/natives.ts';
import { EngineError, toErrorData, type ErrorCode } from '../../shared/errors.ts';
import { openEngine, openModels, type CommonOptions, type Context, type ModelChoice } from '../context.ts';
import { withWorkFolder } from '../looseStudies.ts';
import type { Register } from '../program.ts';

interface Check {
  readonly name: string;
  readonly state: 'ok' | 'note' | 'FAIL';
  readonly ms: number;
  readonly message: string;
  readonly advice: string;
}

export const doctorCommand: Register = (program, action) =>
  program
    .command('doctor')
    .description('check versions, native libraries, packs, providers and the database')
    .option('--pack <name>', 'pack: id, id@version or folder')
    .option('--provider <name>', 'auto, cuda, webgpu, dml, coreml or cpu')
    .action(
      action(async (context, _: [], options: CommonOptions & ModelChoice) => {
        const { output } = context;
        const checks: Check[] = [];
        const check = async (name: string, work: () => Promise<string | Partial<Check>>): Promise<void> => {
          output.progress(`${name} …`);
          const started = performance.now();
          const found = await work().catch((error: unknown): Partial<Check> => {
            const { code, message, advice } = toErrorData(error, name);
            return { state: 'FAIL', message: `${code}: ${message}`, advice };
          });
          const whole: Check = { name, state: 'ok', message: '', advice: '', ms: performance.now() - started, ...(typeof found === 'string' ? { message: found } : found) };
          checks.push(whole);
          output.line(`${whole.name.padEnd(24)} ${whole.state.padEnd(5)} ${(whole.ms / 1000).toFixed(1)} s  ${whole.message}`);
          const told = [whole.advice, ...(whole.state === 'FAIL' ? [`See docs/doctor.md#${pageSection(name)}`] : [])].filter((text) => text !== '').join('. ');
          if (told !== '') output.line(`${' '.repeat(31)}${told}`);
        };

        const versions = { brat: engineVersion, node: process.versions.node, platform: `${process.platform} ${process.arch}` };
        output.line(`brat ${versions.brat}, Node ${versions.node}, ${versions.platform}`);
        for (const library of libraries) await check(`library ${library.name}`, () => tryLibrary(library));
        const packOpens = await withWorkFolder(async (folder) => {
          const models = await openModels(context, options, folder).catch(async (error: unknown) => {
            if (!(error instanceof EngineError) || !error.code.startsWith('pack/')) throw error;
            await check(`pack ${error.about.subject}`, () => Promise.reject(error));
          });
          if (!models) return false;
          try {
            await checkPacks(models, check);
            await checkProviders(models, check);
            await checkHeads(models, check);
            return true;
          } finally {
            await models.close();
          }
        });
        await checkStore(context, packOpens ? options : {}, check);

        const failed = checks.filter(({ state }) => state === 'FAIL');
        output.result({ ok: failed.length === 0, versions, checks });
        if (failed.length > 0) process.exitCode = 1;
      }),
    );

/** The heading of docs/doctor.md that is about a check. */
function pageSection(name: string): string {
  if (name === 'providers' || name === 'heads' || name.startsWith('onnx/')) return 'golden';
  return /^(library|pack|database)/.exec(name)![0];
}

type RunCheck = (name: string, work: () => Promise<string | Partial<Check>>) => Promise<void>;

const libraries: readonly { readonly name: string; readonly code: ErrorCode }[] = [
  { name: 'better-sqlite3', code: 'store/open-failed' },
  { name: 'onnxruntime-node', code: 'onnx/provider-unavailable' },
  { name: 'node-llama-cpp', code: 'llm/load-failed' },
];

/** Loads a native library in a process of its own, since a wrong binary may end the process. */
function tryLibrary({ name, code: errorCode }: (typeof libraries)[number]): Promise<string> {
  // Opening is part of it: better-sqlite3 loads its binary with the first database.
  const script = name === 'better-sqlite3' ? `new (await import('${name}')).default(':memory:').close()` : `await import('${name}')`;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { cwd: fileURLToPath(new URL('.', import.meta.url)), stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' }, timeout: 60_000 });
    let told = '';
    child.stderr.on('data', (chunk: Buffer) => { told = (told + chunk.toString()).slice(-2000); });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve('loads');
      else reject(new EngineError(errorCode, `it ends its process with ${signal ?? `exit code ${code ?? ''}`}: ${/\w*Error: [^\n]*/.exec(told)?.[0] ?? 'no message'}`, { subject: name, advice: 'Run npm ci again on this machine' }));
    });
  });
}

async function checkPacks(models: Models, check: RunCheck): Promise<void> {
  const packs = await models.packs();
  if (packs.length === 0) await check('packs', () => Promise.resolve({ state: 'FAIL', message: 'pack/not-found: no model pack is installed', advice: 'Put a model pack into the models folder' }));
  for (const pack of packs) {
    await check(`pack ${isUsable(pack) ? packKey(pack) : pack.problem.subject}`, () => {
      if (!isUsable(pack)) throw new EngineError(pack.problem.code, pack.problem.message, pack.problem);
      const { files, training, llm, text } = pack.manifest;
      return Promise.resolve(`${Object.keys(files).length} files as the manifest says, ${training}, ${llm ? 'with' : 'without'} language model, ${text ? 'with' : 'without'} text encoder`);
    });
  }
}

async function checkProviders(models: Models, check: RunCheck): Promise<void> {
  await check('providers', async () => {
    const { provider, fallback, states, message } = await models.provider({ fresh: true });
    for (const state of states) {
      if (state.provider === provider) continue;
      await check(`onnx/${state.provider}`, () => Promise.resolve({ state: state.state === 'failed' ? 'FAIL' : 'note', message: `${state.state}: ${state.message}` }));
    }
    return { message: `${provider} is used; ${message}`, state: fallback ? 'note' : 'ok' };
  });
}

async function checkHeads(models: Models, check: RunCheck): Promise<void> {
  const pack = await models.pack().catch(() => null);
  if (pack === null || !hasHeads(pack)) return;
  await check('heads', async () => (await testHeads(models)).message);
}

async function checkStore(context: Context, options: ModelChoice, check: RunCheck): Promise<void> {
  await check('database', async () => {
    const engine = await openEngine(context, options);
    try {
      return await describeStore(engine);
    } finally {
      await engine.close();
    }
  });
}

async function describeStore({ parts }: Engine): Promise<Partial<Check>> {
  const { store, models, archive } = parts;
  const damage = store.findDamage();
  if (damage !== null) return { state: 'FAIL', message: `store/damaged: ${damage}`, advice: 'Put back a copy of the data folder' };
  const interrupted = interruptedJobs(store.db).length;
  const current = await models.pack().then(packKey, () => '');
  const others = encodedCounts(store.db).filter(({ pack }) => pack !== current);
  return {
    message: `SQLite ${natives.database.version}, schema ${newestSchema}, ${countStudies(store.db)} studies, ${archive.caseCount} cases${others.map(({ pack, cases }) => `; ${cases} cases encoded by ${pack} are not found with the pack in use`).join('')}${interrupted > 0 ? `; ${interrupted} jobs were interrupted` : ''}`,
    advice: others.length > 0 ? 'Run brat index to encode them with the pack in use, where their images are stored' : '',
  };
}
