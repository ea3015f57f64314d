/** The image encoder of a pack: a prepared volume to multi-view embeddings, checked before anything is built on them. */
import { cancelledError, EngineError } from '../../shared/errors.ts';
import { packFile, packStamp, type Pack } from '../pack/pack.ts';
import type { EncodedViews, OnnxRuntime, OnnxSession, Provider, Tensor } from '../ports.ts';

export interface Encoder {
  readonly provider: Provider;
  /**
   * @param volume float32 [channels, S, A, R] as engine/volume prepares it, values 0..1; a missing channel is all zero
   * @throws EngineError `volume/not-finite`, `pack/bad-shape`, `onnx/run-failed`, `cancelled` (at once; a run under way
   *   ends on its own thread and is dropped)
   */
  encode(volume: Float32Array, options: { readonly signal: AbortSignal }): Promise<EncodedViews>;
  release(): Promise<void>;
}

/** How far from 1 the length of a unit row may be: float32 rounding of a few hundred squares. */
const unitTolerance = 1e-3;

/**
 * Opens the pack's encoder on a provider, which {@link chooseProvider} found to be sound.
 * @throws EngineError `pack/bad-shape` if the graph lacks an input or output; what the runtime throws
 */
export async function createEncoder(runtime: OnnxRuntime, pack: Pack, provider: Provider): Promise<Encoder> {
  const { encoder, input } = pack.manifest;
  const session = await runtime.open(packFile(pack, encoder.file), provider);
  await requireNames(session, encoder.file, ['volume'], ['views', 'projected', 'attention']);
  const stamp = packStamp(pack);
  const dims = [1, input.channels.length, ...input.size];
  const length = dims.reduce((product, size) => product * size, 1);
  const positions = encoder.attentionGrid.reduce((product, size) => product * size, 1);

  return {
    provider,
    async encode(volume, { signal }) {
      if (signal.aborted) throw cancelledError('encode');
      if (volume.length !== length) {
        throw new EngineError('pack/bad-shape', `The encoder takes [${dims.slice(1).join(', ')}], which is ${length} voxels; it was given ${volume.length}`, { subject: encoder.file, advice: 'Prepare the volume for this pack' });
      }
      if (!allFinite(volume)) throw new EngineError('volume/not-finite', 'The prepared volume holds a value that is not a number', { subject: 'volume', advice: 'Check the series for damaged slices' });
      const outputs = await unlessAborted(session.run({ volume: { type: 'float32', dims, data: volume } }), signal);
      const views = takeFloats(outputs, 'views', [1, encoder.views, encoder.hidden], encoder.file);
      const projected = takeFloats(outputs, 'projected', [1, encoder.views, encoder.width], encoder.file);
      const attention = takeFloats(outputs, 'attention', [1, encoder.views, positions], encoder.file);
      requireRows(projected, encoder.width, (row) => Math.hypot(...row), 'projected view', encoder.file);
      requireRows(attention, positions, (row) => row.reduce((sum, value) => sum + value, 0), 'attention map', encoder.file);
      return { views, projected, attention, viewCount: encoder.views, hidden: encoder.hidden, width: encoder.width, positions, pack: stamp, provider };
    },
    release: () => session.release(),
  };
}

/** Ends waiting, not the work: the runtime cannot be stopped in the middle of a graph. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal, what = 'encode'): Promise<T> {
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => { reject(cancelledError(what)); };
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
    // Its own failure no longer matters once the caller has left.
    work.catch(() => undefined);
  }
}

/** @throws EngineError `pack/bad-shape` if the graph does not have these names; the session is released. */
export async function requireNames(session: OnnxSession, file: string, inputs: readonly string[], outputs: readonly string[]): Promise<void> {
  const missing = [...inputs.filter((name) => !session.inputNames.includes(name)), ...outputs.filter((name) => !session.outputNames.includes(name))];
  const unknown = session.inputNames.filter((name) => !inputs.includes(name));
  if (missing.length === 0 && unknown.length === 0) return;
  await session.release();
  const what = [missing.length > 0 ? `lacks ${missing.join(', ')}` : '', unknown.length > 0 ? `also wants ${unknown.join(', ')}` : ''].filter(Boolean).join(' and ');
  throw new EngineError('pack/bad-shape', `${file} ${what}`, { subject: file, advice: 'Export the pack again with the training package' });
}

/** One float32 output of the stated shape, all finite. @throws EngineError `pack/bad-shape`, `onnx/run-failed` */
export function takeFloats(outputs: Readonly<Record<string, Tensor>>, name: string, dims: readonly number[], file: string): Float32Array {
  const tensor = outputs[name];
  if (tensor?.type !== 'float32' || tensor.dims.join() !== dims.join()) {
    throw new EngineError('pack/bad-shape', `${file}: output ${name} is ${tensor?.type ?? 'absent'} [${tensor?.dims.join(', ') ?? ''}], expected float32 [${dims.join(', ')}]`, { subject: file, advice: 'Export the pack again with the training package' });
  }
  if (!allFinite(tensor.data)) throw new EngineError('onnx/run-failed', `${file}: output ${name} holds a value that is not a number`, { subject: file, advice: 'Choose the CPU provider and try again' });
  return tensor.data;
}

/** @throws EngineError `onnx/run-failed` if what `measure` gives of a row is not 1. */
export function requireRows(matrix: Float32Array, width: number, measure: (row: Float32Array) => number, what: string, file: string): void {
  for (let start = 0; start < matrix.length; start += width) {
    const size = measure(matrix.subarray(start, start + width));
    if (!(Math.abs(size - 1) <= unitTolerance)) {
      throw new EngineError('onnx/run-failed', `${file}: ${what} ${start / width} sums to ${size.toFixed(4)} where 1 is expected`, { subject: file, advice: 'Choose the CPU provider and try again' });
    }
  }
}

/** A plain loop: on two million voxels a call for each would hold the thread up for tens of milliseconds. */
function allFinite(values: Float32Array): boolean {
  for (let at = 0; at < values.length; at++) if (!Number.isFinite(values[at]!)) return false;
  return true;
}
