/** Tensors of a checkpoint as the graphs take them: with progress, stoppable, and held to the shape the graph was built for. */
import { cancelledError, EngineError } from '../../shared/errors.ts';
import type { StateDict } from '../checkpoint/stateDict.ts';

export interface ReaderOptions {
  /** The checkpoint, in errors. */
  readonly subject: string;
  readonly signal: AbortSignal;
  /** Tensors read so far, of all the checkpoint has. */
  onProgress(done: number, total: number): void;
}

export class CheckpointReader {
  readonly #state: StateDict;
  readonly #options: ReaderOptions;
  readonly #read = new Set<string>();

  constructor(state: StateDict, options: ReaderOptions) {
    this.#state = state;
    this.#options = options;
  }

  has(name: string): boolean {
    return this.#state.tensors.has(name);
  }

  /** Sizes of a tensor. @throws EngineError `models/no-tensor` */
  shape(name: string): readonly number[] {
    const info = this.#state.tensors.get(name);
    if (!info) throw new EngineError('models/no-tensor', `The checkpoint has no tensor ${name}`, { subject: name, advice: 'Choose a checkpoint of the official layout, whole' });
    return info.shape;
  }

  /** How many names `pattern` has with 0, 1, 2, ... (or from `first`) in the place of its `*`, without a gap. */
  count(pattern: string, first = 0): number {
    let count = 0;
    while (this.has(pattern.replace('*', String(first + count)))) count++;
    return count;
  }

  /** Values, row-major, all finite. @throws EngineError `cancelled`, `models/bad-checkpoint`, what the checkpoint throws */
  async values(name: string): Promise<Float32Array> {
    if (this.#options.signal.aborted) throw cancelledError(this.#options.subject);
    const values = await this.#state.float32(name);
    if (!allFinite(values)) {
      throw new EngineError('models/bad-checkpoint', `Tensor ${name} of the checkpoint holds a value that is not a number`, { subject: name, advice: 'Download the checkpoint again; if it is your own, its training diverged' });
    }
    this.#read.add(name);
    this.#options.onProgress(this.#read.size, this.#state.tensors.size);
    return values;
  }

  /** Tells that nothing more will be read. */
  finish(): void {
    this.#options.onProgress(this.#state.tensors.size, this.#state.tensors.size);
  }
}

function allFinite(values: Float32Array): boolean {
  for (let at = 0; at < values.length; at++) if (!Number.isFinite(values[at]!)) return false;
  return true;
}
