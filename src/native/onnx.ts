/**
 * The ONNX runtime behind the engine's port, on onnxruntime-node. One worker thread owns the library for the whole
 * process (several owners are known to crash, onnxruntime issues 20084 and 24486) and keeps its blocking calls away
 * from the thread that answers the window. Whether a provider can be trusted is decided in engine/encode/selfTest.
 */
import { fork } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, release as systemRelease } from 'node:os';
import { dirname, extname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type * as Onnx from 'onnxruntime-node';
import type { OnnxRuntime, OnnxSession, Provider, Tensor } from '../engine/ports.ts';
import { EngineError } from '../shared/errors.ts';
import { apartVariable, workerMark, type OnnxAnswer, type OnnxAsk, type OnnxRequest } from './onnxServer.ts';

const require = createRequire(import.meta.url);

/** What providers are called here; the library knows more than the packs are tested for. */
const bestFirst: readonly Provider[] = ['cuda', 'dml', 'coreml', 'webgpu', 'cpu'];

export interface OnnxRuntimeOptions {
  /** Path of the built onnxServer file, where bundling moved it; by default it lies beside this one. */
  readonly serverFile?: string;
}

/**
 * Loads onnxruntime-node and starts its worker with the first session. Its telemetry is switched off before the library
 * is loaded.
 * @throws EngineError `onnx/provider-unavailable` if the library cannot be loaded on this machine
 */
export function createOnnxRuntime(options: OnnxRuntimeOptions = {}): OnnxRuntime {
  process.env['ORT_DISABLE_TELEMETRY'] = '1';
  let onnx: typeof Onnx;
  try {
    onnx = require('onnxruntime-node') as typeof Onnx;
  } catch (error) {
    throw new EngineError('onnx/provider-unavailable', `onnxruntime-node cannot be loaded: ${messageOf(error)}`, { subject: 'onnxruntime-node', advice: 'Install the app again' }, { cause: error });
  }
  const serverFile = options.serverFile ?? join(import.meta.dirname, `onnxServer${extname(import.meta.filename)}`);
  const found = findProviders(onnx.listSupportedBackends());
  const threads = physicalCores();
  let worker: Correspondent | undefined;
  const ask = (request: OnnxRequest): Promise<OnnxAnswer> => (worker ??= startWorker(serverFile)).ask(request);

  // Known absent ones are not tried: the library would print paths of this machine, and load drivers for nothing.
  const requireProvider = (provider: Provider): void => {
    if (!found.includes(provider)) throw new EngineError('onnx/provider-unavailable', `This machine has no ${provider} provider`, { subject: provider, advice: `Choose one of ${found.join(', ')}` });
  };

  return {
    version: onnx.env.versions.node ?? onnx.env.versions.common,
    providers: () => found,
    devices: describeDevices,

    async open(file, provider) {
      requireProvider(provider);
      const graph = nameOf(file);
      if (!existsSync(file)) throw new EngineError('pack/missing-file', `${graph} is not there`, { subject: graph, advice: 'Install the model pack again' });
      const answer = await ask({ kind: 'open', file, provider, threads });
      if (answer.kind !== 'opened') throw openFailed(file, provider, answer);
      return session(ask, file, provider, answer);
    },

    async runApart(file, provider, inputs, limitMs) {
      requireProvider(provider);
      const graph = nameOf(file);
      const child = startProcess(serverFile);
      const limit = setTimeout(() => { void child.end(`did not finish within ${Math.round(limitMs / 1000)} s`); }, limitMs);
      try {
        const opened = await child.ask({ kind: 'open', file, provider, threads });
        if (opened.kind !== 'opened') throw openFailed(file, provider, opened);
        await child.ask({ kind: 'run', session: opened.session, inputs });
        const ran = await child.ask({ kind: 'run', session: opened.session, inputs });
        if (ran.kind !== 'ran') throw openFailed(file, provider, ran);
        return { outputs: ran.outputs, ms: ran.ms };
      } catch (error) {
        if (error instanceof EngineError) throw error;
        throw new EngineError('onnx/provider-unavailable', `${provider} could not run ${graph}: ${messageOf(error)}`, { subject: provider, advice: 'Use another provider, or update the graphics driver' }, { cause: error });
      } finally {
        clearTimeout(limit);
        void child.end('finished');
      }
    },

    async close() {
      const closing = worker;
      worker = undefined;
      await closing?.end('the runtime was closed');
    },
  };
}

function session(ask: (request: OnnxRequest) => Promise<OnnxAnswer>, file: string, provider: Provider, opened: Extract<OnnxAnswer, { kind: 'opened' }>): OnnxSession {
  return {
    provider,
    inputNames: opened.inputNames,
    outputNames: opened.outputNames,
    async run(inputs: Readonly<Record<string, Tensor>>) {
      const answer = await ask({ kind: 'run', session: opened.session, inputs });
      if (answer.kind === 'ran') return answer.outputs;
      const graph = nameOf(file);
      const reason = answer.kind === 'failed' ? plainReason(answer.message, file) : 'it gave no result';
      throw new EngineError('onnx/run-failed', `${graph} failed on ${provider}: ${reason}`, { subject: graph, advice: 'Try again on the CPU; if it fails there too, report this as a bug' });
    },
    async release() {
      await ask({ kind: 'release', session: opened.session });
    },
  };
}

/** The library's words without its own source places and without the folders of this machine. */
const plainReason = (message: string, file: string): string =>
  message.replaceAll(file, nameOf(file)).replaceAll(/(?:\/\S+)?\.(?:cc|h):\d+\s*/g, '').replaceAll(/\/onnxruntime_src\S*\s*/g, '').replaceAll(/\s+/g, ' ').trim().slice(0, 400);

const nameOf = (file: string): string => file.replace(/^.*[\\/]/, '');

function openFailed(file: string, provider: Provider, answer: OnnxAnswer): EngineError {
  const graph = nameOf(file);
  const reason = answer.kind === 'failed' ? plainReason(answer.message, file) : 'no answer';
  return provider === 'cpu'
    ? new EngineError('pack/bad-shape', `${graph} cannot be opened: ${reason}`, { subject: graph, advice: 'Install the model pack again' })
    : new EngineError('onnx/provider-unavailable', `${provider} cannot open ${graph}: ${reason}`, { subject: provider, advice: 'Use another provider, or update the graphics driver' });
}

// ---- correspondence with the server --------------------------------------------------------------------------------

interface Correspondent {
  ask(request: OnnxRequest): Promise<OnnxAnswer>;
  /** Ends the other side; questions without an answer fail with `reason`. */
  end(reason: string): Promise<void> | void;
}

/** Numbers questions and finds their answers. `busy` is told when the first question opens and the last one closes. */
function correspond(send: (ask: OnnxAsk) => void, busy: (yes: boolean) => void) {
  const open = new Map<number, { resolve: (answer: OnnxAnswer) => void; reject: (error: Error) => void }>();
  let last = 0;
  let ended: string | undefined;
  return {
    ask: (request: OnnxRequest): Promise<OnnxAnswer> => {
      if (ended !== undefined) return Promise.reject(new Error(ended));
      return new Promise((resolve, reject) => {
        const id = ++last;
        if (open.size === 0) busy(true);
        open.set(id, { resolve, reject });
        send({ ...request, id });
      });
    },
    answered: (answer: OnnxAnswer): void => {
      const waiting = open.get(answer.id);
      open.delete(answer.id);
      if (open.size === 0) busy(false);
      waiting?.resolve(answer);
    },
    fail: (reason: string): void => {
      ended ??= reason;
      for (const waiting of open.values()) waiting.reject(new Error(ended));
      open.clear();
    },
  };
}

function startWorker(serverFile: string): Correspondent {
  const worker = new Worker(serverFile, { name: 'onnx', workerData: workerMark });
  // An idle runtime must not keep a finished command from exiting.
  const letters = correspond((ask) => { worker.postMessage(ask); }, (yes) => { if (yes) worker.ref(); else worker.unref(); });
  worker.on('message', letters.answered);
  worker.on('error', (error) => { letters.fail(`the ONNX worker failed: ${messageOf(error)}`); });
  worker.on('exit', () => { letters.fail('the ONNX worker ended'); });
  return {
    ask: (request) => letters.ask(request).catch((error: unknown) => ({ id: 0, kind: 'failed', message: messageOf(error) })),
    async end(reason) {
      letters.fail(reason);
      await worker.terminate();
    },
  };
}

function startProcess(serverFile: string): Correspondent {
  const child = fork(serverFile, [], {
    env: { ...process.env, [apartVariable]: '1', ORT_DISABLE_TELEMETRY: '1', ELECTRON_RUN_AS_NODE: '1' },
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const letters = correspond((ask) => child.send(ask), () => undefined);
  child.on('message', (answer) => { letters.answered(answer as OnnxAnswer); });
  child.on('error', (error) => { letters.fail(error.message); });
  child.on('exit', (code, signal) => { letters.fail(`its process ended with ${signal ?? `exit code ${code ?? 'unknown'}`}`); });
  return {
    ask: letters.ask,
    end(reason) {
      letters.fail(reason);
      child.kill('SIGKILL');
    },
  };
}

// ---- what the machine has ------------------------------------------------------------------------------------------

/** CUDA's provider is a library of its own that the npm package leaves to the user. */
function cudaInstalled(): boolean {
  const folder = join(dirname(require.resolve('onnxruntime-node/package.json')), 'bin', 'napi-v6', process.platform, process.arch);
  const name = process.platform === 'win32' ? 'onnxruntime_providers_cuda.dll' : 'libonnxruntime_providers_cuda.so';
  return existsSync(join(folder, name));
}

/** True where a graphics device can exist at all; without one, trying WebGPU only costs a slow software driver. */
function graphicsPossible(): boolean {
  if (process.platform !== 'linux') return true;
  if (process.env['VK_DRIVER_FILES'] ?? process.env['VK_ICD_FILENAMES']) return true;
  return ['/dev/dri', '/dev/nvidiactl', '/dev/dxg', '/dev/kfd'].some((device) => existsSync(device));
}

function findProviders(backends: readonly { readonly name: string }[]): readonly Provider[] {
  const names = new Set(backends.map((backend) => backend.name));
  return bestFirst.filter((provider) => {
    if (provider === 'cpu') return true;
    if (!names.has(provider)) return false;
    if (provider === 'cuda') return cudaInstalled();
    return provider !== 'webgpu' || graphicsPossible();
  });
}

function describeDevices(): string {
  const parts = [`${process.platform} ${systemRelease()}`];
  for (const name of ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES', 'CUDA_VISIBLE_DEVICES']) if (process.env[name]) parts.push(`${name}=${process.env[name]}`);
  if (process.platform === 'linux') {
    const read = (file: string): string | null => {
      try {
        return readFileSync(file, 'utf8').split('\n')[0]!.trim();
      } catch {
        return null;
      }
    };
    const driver = read('/proc/driver/nvidia/version');
    if (driver) parts.push(driver);
    const cards = existsSync('/sys/class/drm') ? readdirSync('/sys/class/drm').filter((name) => /^card\d+$/.test(name)).sort() : [];
    for (const card of cards) {
      const vendor = read(`/sys/class/drm/${card}/device/vendor`);
      const device = read(`/sys/class/drm/${card}/device/device`);
      if (vendor) parts.push(`${vendor}:${device ?? ''}`);
    }
  }
  return parts.join('; ');
}

/** Cores without their second hardware threads, which slow convolutions down; 0 leaves the choice to the library. */
function physicalCores(): number {
  if (process.platform !== 'linux') return 0;
  try {
    const cores = new Set<string>();
    for (const block of readFileSync('/proc/cpuinfo', 'utf8').split('\n\n')) {
      const core = /^core id\s*:\s*(\d+)$/m.exec(block)?.[1];
      if (core !== undefined) cores.add(`${/^physical id\s*:\s*(\d+)$/m.exec(block)?.[1] ?? '0'}/${core}`);
    }
    return cores.size === 0 ? 0 : Math.min(cores.size, availableParallelism());
  } catch {
    return 0;
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
