/** The bridge of a pack: views to embeddings in the language model's space. How they enter the model is native/llama's. */
import { requireNames, takeFloats } from '../encode/encoder.ts';
import { packFile, packKey, type Pack } from '../pack/pack.ts';
import type { EncodedViews, OnnxRuntime, TextModel } from '../ports.ts';
import { EngineError } from '../../shared/errors.ts';

export type ViewEmbeddings = Parameters<TextModel['write']>[1];

export interface Bridge {
  /** @throws EngineError `search/not-encoded` for views of another pack, `onnx/run-failed`, `pack/bad-shape` */
  map(encoded: EncodedViews): Promise<ViewEmbeddings>;
  release(): Promise<void>;
}

/** @throws EngineError `pack/no-language-model`, `pack/bad-shape` */
export async function createBridge(runtime: OnnxRuntime, pack: Pack): Promise<Bridge> {
  const { bridge, encoder } = pack.manifest;
  if (!bridge) throw new EngineError('pack/no-language-model', `Pack ${packKey(pack)} has no bridge to a language model`, { subject: packKey(pack), advice: 'Choose a pack with a language model' });
  const session = await runtime.open(packFile(pack, bridge.file), 'cpu');
  await requireNames(session, bridge.file, ['views'], ['embeddings']);
  return {
    async map(encoded) {
      if (packKey(encoded.pack) !== packKey(pack)) throw new EngineError('search/not-encoded', `These views were made by ${packKey(encoded.pack)}, not by ${packKey(pack)}`, { subject: packKey(pack), advice: 'Encode the study with this pack' });
      const outputs = await session.run({ views: { type: 'float32', dims: [1, encoder.views, encoder.hidden], data: encoded.views } });
      return { data: takeFloats(outputs, 'embeddings', [1, encoder.views, bridge.width], bridge.file), count: encoder.views, width: bridge.width };
    },
    release: () => session.release(),
  };
}
