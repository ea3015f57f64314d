/** The lesion head of a pack: the encoder's input to the probability of enhancing lesion per cell of a coarser grid. */
import { cancelledError, EngineError } from '../../shared/errors.ts';
import { requireNames, takeFloats, unlessAborted } from '../encode/encoder.ts';
import { packFile, type Pack } from '../pack/pack.ts';
import type { OnnxRuntime, Provider } from '../ports.ts';
import { takeProbabilities } from './findingsHead.ts';

/** Cells along superior, anterior, right; right fastest in memory. */
export type LesionGrid = readonly [superior: number, anterior: number, right: number];

export interface LesionCells {
  readonly grid: LesionGrid;
  /** uint8 [superior, anterior, right], 255 is probability 1: as it is stored, and what everything else is made from. */
  readonly values: Uint8Array;
  /** Value from which a cell counts as lesion. */
  readonly threshold: number;
}

export interface LesionHead {
  /**
   * @param volume float32 [channels, S, A, R] as the encoder takes it
   * @throws EngineError `pack/bad-shape`, `onnx/run-failed`, `cancelled` (at once; a run under way is dropped)
   */
  find(volume: Float32Array, options: { readonly signal: AbortSignal }): Promise<LesionCells>;
  release(): Promise<void>;
}

/**
 * Opens the head on a provider that repeated the pack's golden case, or gives null where the pack has none.
 * @throws EngineError `pack/bad-shape`; what the runtime throws
 */
export async function createLesionHead(runtime: OnnxRuntime, pack: Pack, provider: Provider): Promise<LesionHead | null> {
  const { lesion, input } = pack.manifest;
  if (!lesion) return null;
  const session = await runtime.open(packFile(pack, lesion.file), provider);
  await requireNames(session, lesion.file, ['volume'], ['probability']);
  const dims = [1, input.channels.length, ...input.size];
  const length = dims.reduce((product, size) => product * size, 1);
  return {
    async find(volume, { signal }) {
      if (signal.aborted) throw cancelledError('findings');
      if (volume.length !== length) {
        throw new EngineError('pack/bad-shape', `The lesion head takes [${dims.slice(1).join(', ')}], which is ${length} voxels; it was given ${volume.length}`, { subject: lesion.file, advice: 'Prepare the volume for this pack' });
      }
      const outputs = await unlessAborted(session.run({ volume: { type: 'float32', dims, data: volume } }), signal, 'findings');
      const probabilities = takeProbabilities(takeFloats(outputs, 'probability', [1, ...lesion.grid], lesion.file), lesion.file);
      return { grid: lesion.grid, values: Uint8Array.from(probabilities, (value) => Math.round(value * 255)), threshold: lesionThreshold(lesion.threshold) };
    },
    release: () => session.release(),
  };
}

/** The manifest's probability as a stored value. */
export const lesionThreshold = (probability: number): number => Math.ceil(probability * 255);
