/**
 * The side of the ONNX runtime that runs off the main thread: sessions by number, asked for by message. One file for
 * both of its homes, the worker thread that owns the runtime for the engine's process and the throw-away process a
 * provider is tried in, so that what was tried is what is used. `run` of onnxruntime-node blocks its thread, for most of a
 * second on a full-size encoder; here that holds up nobody else.
 */
import { createRequire } from 'node:module';
import { performance } from 'node:perf_hooks';
import { parentPort, workerData } from 'node:worker_threads';
import type * as Onnx from 'onnxruntime-node';
import type { Provider, Tensor } from '../engine/ports.ts';

export type OnnxAsk =
  | { readonly id: number; readonly kind: 'open'; readonly file: string; readonly provider: Provider; readonly threads: number }
  | { readonly id: number; readonly kind: 'run'; readonly session: number; readonly inputs: Readonly<Record<string, Tensor>> }
  | { readonly id: number; readonly kind: 'release'; readonly session: number };

export type OnnxAnswer =
  | { readonly id: number; readonly kind: 'opened'; readonly session: number; readonly inputNames: readonly string[]; readonly outputNames: readonly string[] }
  | { readonly id: number; readonly kind: 'ran'; readonly outputs: Record<string, Tensor>; readonly ms: number }
  | { readonly id: number; readonly kind: 'released' }
  | { readonly id: number; readonly kind: 'failed'; readonly message: string };

type AskBody = OnnxAsk extends infer A ? (A extends OnnxAsk ? Omit<A, 'id'> : never) : never;
export type OnnxRequest = AskBody;

/** Answers {@link OnnxAsk} messages with the library as it is loaded here. */
export function createOnnxServer(): (ask: OnnxAsk) => Promise<OnnxAnswer> {
  // Loaded by require at this moment and not by import: the library must not be touched before the environment is set.
  const onnx = createRequire(import.meta.url)('onnxruntime-node') as typeof Onnx;
  const sessions = new Map<number, Onnx.InferenceSession>();
  let lastSession = 0;

  const answer = async (ask: OnnxAsk): Promise<OnnxAnswer> => {
    switch (ask.kind) {
      case 'open': {
        const session = await onnx.InferenceSession.create(ask.file, {
          executionProviders: [ask.provider],
          graphOptimizationLevel: 'all',
          logSeverityLevel: 3,
          ...(ask.threads > 0 ? { intraOpNumThreads: ask.threads } : {}),
        });
        sessions.set(++lastSession, session);
        return { id: ask.id, kind: 'opened', session: lastSession, inputNames: session.inputNames, outputNames: session.outputNames };
      }
      case 'run': {
        const session = sessions.get(ask.session);
        if (!session) throw new Error('the session was released');
        const feeds = Object.fromEntries(Object.entries(ask.inputs).map(([name, tensor]) => [name, new onnx.Tensor(tensor.type, tensor.data, tensor.dims)]));
        const started = performance.now();
        const results = await session.run(feeds);
        const ms = performance.now() - started;
        const outputs = Object.fromEntries(Object.entries(results).map(([name, value]) => [name, plain(name, value)]));
        return { id: ask.id, kind: 'ran', outputs, ms };
      }
      case 'release': {
        const session = sessions.get(ask.session);
        sessions.delete(ask.session);
        await session?.release();
        return { id: ask.id, kind: 'released' };
      }
    }
  };
  return async (ask) => {
    try {
      return await answer(ask);
    } catch (error) {
      return { id: ask.id, kind: 'failed', message: error instanceof Error ? error.message : String(error) };
    }
  };
}

function plain(name: string, tensor: Onnx.Tensor): Tensor {
  const { dims } = tensor;
  // Copied, since the library may hand out memory of its own that cannot be sent elsewhere.
  if (tensor.type === 'float32') return { type: 'float32', dims: [...dims], data: Float32Array.from(tensor.data as Float32Array) };
  if (tensor.type === 'int64') return { type: 'int64', dims: [...dims], data: BigInt64Array.from(tensor.data as BigInt64Array) };
  throw new Error(`output ${name} holds ${tensor.type}; only float32 and int64 are read`);
}

/** Given to the worker thread and set for the throw-away process, so that importing this file elsewhere serves nobody. */
export const workerMark = 'brat-onnx-worker';
export const apartVariable = 'BRAT_ONNX_APART';

if (workerData === workerMark && parentPort) {
  const port = parentPort;
  const server = createOnnxServer();
  port.on('message', (ask: OnnxAsk) => void server(ask).then((answer) => { port.postMessage(answer); }));
} else if (process.send && process.env[apartVariable] === '1') {
  const server = createOnnxServer();
  process.on('message', (ask: OnnxAsk) => void server(ask).then((answer) => process.send?.(answer)));
  process.on('disconnect', () => process.exit(0));
}
