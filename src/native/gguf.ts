/** Reads the header of a GGUF file: what the pack loader checks before llama.cpp, which may abort the process, sees the file. */
import type { ReadGgufHeader } from '../engine/ports.ts';
import { EngineError } from '../shared/errors.ts';

export const readGgufHeader: ReadGgufHeader = async (file) => {
  const subject = file.replace(/^.*[\\/]/, '');
  // Imported here, since packs without a language model need none of it.
  const { readGgufFileInfo } = await import('node-llama-cpp');
  try {
    const info = await readGgufFileInfo(file, { sourceType: 'filesystem', spliceSplitFiles: false, logWarnings: false });
    const { general, tokenizer } = info.metadata;
    const tokens = tokenizer.ggml.tokens;
    const { embedding_length: width, context_length: contextSize } = info.architectureMetadata;
    if (typeof width !== 'number' || typeof contextSize !== 'number') throw new Error('the header states no embedding or context length');
    return {
      architecture: general.architecture,
      tensors: new Map((info.tensorInfo ?? []).map((tensor) => [tensor.name, tensor.dimensions.map(Number)])),
      vocabulary: tokens.length,
      width,
      contextSize,
    };
  } catch (error) {
    throw new EngineError('pack/bad-shape', `${subject} is not a readable GGUF file: ${error instanceof Error ? error.message : String(error)}`, { subject, advice: 'Install the model pack again' }, { cause: error });
  }
};
