/** Classification heads of a pack: views to the probability of each answer (the paper's Figure 14). */
import type { Finding } from '../../shared/contract.ts';
import { cancelledError, EngineError } from '../../shared/errors.ts';
import { requireNames, takeFloats } from '../encode/encoder.ts';
import { packFile, packKey, type Pack } from '../pack/pack.ts';
import type { EncodedViews, OnnxRuntime } from '../ports.ts';

export interface FindingsHead {
  /**
   * @returns one entry per output of the manifest, in its order
   * @throws EngineError `search/not-encoded` for views of another pack, `pack/bad-shape`, `onnx/run-failed`, `cancelled`
   */
  answer(encoded: EncodedViews, options: { readonly signal: AbortSignal }): Promise<Finding[]>;
  release(): Promise<void>;
}

/**
 * Opens the heads, or gives null where the pack has none. They run on the CPU, where they take a millisecond.
 * @throws EngineError `pack/bad-shape`
 */
export async function createFindingsHead(runtime: OnnxRuntime, pack: Pack): Promise<FindingsHead | null> {
  const { findings, encoder } = pack.manifest;
  if (!findings) return null;
  const session = await runtime.open(packFile(pack, findings.file), 'cpu');
  await requireNames(session, findings.file, ['views'], ['probability']);
  return {
    async answer(encoded, { signal }) {
      if (signal.aborted) throw cancelledError('findings');
      if (packKey(encoded.pack) !== packKey(pack)) {
        throw new EngineError('search/not-encoded', `These views were made by ${packKey(encoded.pack)}, not by ${packKey(pack)}`, { subject: packKey(pack), advice: 'Encode the study with this pack' });
      }
      const outputs = await session.run({ views: { type: 'float32', dims: [1, encoder.views, encoder.hidden], data: encoded.views } });
      const probabilities = takeProbabilities(takeFloats(outputs, 'probability', [1, findings.outputs.length], findings.file), findings.file);
      const { measuredOn = '' } = findings;
      return findings.outputs.map(({ question, answer, operatingPoint }, at) => ({ question, answer, probability: probabilities[at]!, ...(operatingPoint && { operatingPoint: { ...operatingPoint, measuredOn } }) }));
    },
    release: () => session.release(),
  };
}

/** Rounding may leave a probability a hair outside of 0..1. */
const roundingTolerance = 1e-5;

/** @throws EngineError `onnx/run-failed` for a value that is no probability */
export function takeProbabilities(values: Float32Array, file: string): Float32Array {
  return values.map((value) => {
    if (!(value >= -roundingTolerance && value <= 1 + roundingTolerance)) {
      throw new EngineError('onnx/run-failed', `${file}: output probability holds ${value}, which is no probability`, { subject: file, advice: 'Choose the CPU provider and try again' });
    }
    return Math.min(1, Math.max(0, value));
  });
}
