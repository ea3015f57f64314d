/**
 * The {@link FrameDecoder}: uncompressed pixels are read straight into the arrays they are returned in; everything
 * that needs a codec or unpacking goes to worker threads, so that damaged input costs one file and not the engine.
 */
import { availableParallelism } from 'node:os';
import { EngineError, cancelledError, fromErrorData, isCancelled } from '../../../shared/errors.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { readAt } from '../byteSource.ts';
import { pixelLocation, withFile } from '../header.ts';
import { readLayout } from '../nifti.ts';
import { transferSyntax } from '../transferSyntax.ts';
import type { FrameDecoder, InstanceHeader, StoredPixels } from '../types.ts';
import type { DecodeTask } from './decodeTask.ts';
import { readNativeFrames } from './nativeFrames.ts';
import { requireGrey } from './storedValues.ts';
import { WorkerFailure, createWorkerPool } from './workerPool.ts';

const defaultTimeoutMs = 20_000;
/** Frames per task: small enough that two workers share one file and that the time limit is one of progress. */
const framesPerTask = 16;
/** Unpacking whole files is slower than frames; this many bytes are given a second more. */
const unpackedBytesPerSecond = 20 * 2 ** 20;

/**
 * @param options.workers threads at most (default: cores less one, 1 to 4); started when first needed
 * @param options.timeoutMs for one worker task of up to 16 frames, default 20 s
 */
export function createFrameDecoder(options: { readonly workers?: number; readonly timeoutMs?: number } = {}): FrameDecoder {
  const size = options.workers ?? Math.min(4, Math.max(1, availableParallelism() - 1));
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  const pool = createWorkerPool(workerFile(), { size, heapMb: 512, isDoubtful: (answer) => (answer as { error?: ErrorData }).error !== undefined });

  const runTask = async (task: DecodeTask, signal: AbortSignal | undefined): Promise<StoredPixels[]> => {
    const unpacked = task.kind === 'compressed' ? 0 : (task.format.rows * task.format.columns * task.format.numberOfFrames * task.format.bitsAllocated) / 8;
    try {
      const answer = (await pool.run(task, { timeoutMs: timeoutMs + (1000 * unpacked) / unpackedBytesPerSecond, signal })) as { pixels: StoredPixels[] } | { error: ErrorData };
      if ('error' in answer) throw fromErrorData(answer.error);
      return answer.pixels;
    } catch (error) {
      if (error instanceof WorkerFailure) throw failure(error, task.name);
      if (isCancelled(error)) throw cancelledError(task.name);
      throw error;
    }
  };

  return {
    async decode(instance, frames, { signal } = {}) {
      const name = instance.source.name;
      if (isAborted(signal)) throw cancelledError(name);
      const format = instance.pixels;
      if (format === null) throw new EngineError('dicom/no-pixels', 'The file has no pixels', { subject: name, advice: 'Choose an image series' });
      const wrong = frames.find((frame) => !Number.isInteger(frame) || frame < 0 || frame >= format.numberOfFrames);
      if (wrong !== undefined) throw new RangeError(`frame ${wrong} of ${format.numberOfFrames}`);
      const plan = await planDecoding(instance, frames);
      if (isAborted(signal)) throw cancelledError(name);
      if (plan.pixels !== null) return plan.pixels;
      const tasks = plan.tasks.map(async (task) => runTask(task, signal));
      return (await Promise.all(tasks)).flat();
    },
    async close() {
      await pool.close();
    },
  };
}

const isAborted = (signal: AbortSignal | undefined): boolean => signal?.aborted === true;

type Plan = { readonly pixels: StoredPixels[] } | { readonly pixels: null; readonly tasks: readonly DecodeTask[] };

async function planDecoding(instance: InstanceHeader, frames: readonly number[]): Promise<Plan> {
  const { source, pixels } = instance;
  const format = pixels!;
  return withFile(source, async (handle, size): Promise<Plan> => {
    const base = { path: source.path, name: source.name, format };
    if (instance.kind === 'nifti') {
      const { layout } = readLayout(await readAt(handle, 0, Math.min(size, 64 * 1024)), source.name);
      return { pixels: null, tasks: chunks(frames).map((part) => ({ ...base, kind: 'nifti', layout, frames: part })) };
    }
    requireGrey(format, source.name);
    const location = await pixelLocation(instance, handle);
    if (format.bitsAllocated === 64 && location.kind !== 'double') throw new EngineError('dicom/unsupported-pixels', 'Pixels of 64-bit integers are not read', { subject: source.name, advice: 'Choose another series' });
    const { codec, name: syntaxName } = transferSyntax(location.transferSyntaxUid);
    if (codec === null) {
      throw new EngineError('dicom/unsupported-transfer-syntax', `${syntaxName} is not read`, { subject: source.name, advice: 'Ask for the series uncompressed or losslessly compressed' });
    }
    if (location.deflatedFrom !== null) return { pixels: null, tasks: chunks(frames).map((part) => ({ ...base, kind: 'deflated', location, frames: part })) };
    if (codec === 'native') return { pixels: await readNativeFrames(handle, location, format, frames, source.name) };
    return { pixels: null, tasks: chunks(frames).map((part) => ({ ...base, kind: 'compressed', codec, location, frames: part })) };
  });
}

function chunks(frames: readonly number[]): number[][] {
  return Array.from({ length: Math.ceil(frames.length / framesPerTask) }, (_, index) => frames.slice(index * framesPerTask, (index + 1) * framesPerTask));
}

function failure(error: WorkerFailure, name: string): EngineError {
  if (error.reason === 'closed') return cancelledError(name);
  return error.reason === 'timeout'
    ? new EngineError('dicom/decode-timeout', 'Decoding the image took too long and was stopped', { subject: name, advice: 'Export the file again from its source' }, { cause: error })
    : new EngineError('dicom/decode-failed', 'The image could not be decoded', { subject: name, advice: 'Export the file again from its source' }, { cause: error });
}

/** The worker beside this module, as source or as built. */
function workerFile(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './decodeWorker.ts' : './decodeWorker.js', import.meta.url);
}
