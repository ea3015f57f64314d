/**
 * Writes the adapter that carries image embeddings into llama.cpp, which takes tokens only: a LoRA on the token embeddings
 * that replaces the rows of reserved tokens and leaves every other row alone (docs/architecture.md, the bridge). llama.cpp
 * adds `lora_b x lora_a[token]` to a token's embedding, so a one-hot `lora_a` picks a column of `lora_b`, and that column
 * holds the wanted minus the base embedding. Bytes only; files and models belong to native/llama.
 */
import { writeGguf } from './ggufFile.ts';

export interface AdapterInput {
  /** Entries of the model's vocabulary. */
  readonly vocabulary: number;
  /** Vocabulary id of the token that stands for row 0, 1, ... */
  readonly tokenIds: readonly number[];
  /** float32 [tokens, width]: the embeddings these tokens shall have. */
  readonly wanted: Float32Array;
  /** float32 [tokens, width]: the embeddings they have in the model, as llama.cpp sees them. */
  readonly base: Float32Array;
  readonly width: number;
}

/**
 * The adapter as a GGUF file: `token_embd.weight.lora_a` with ggml dims [rank, vocabulary] and `token_embd.weight.lora_b`
 * with ggml dims [rank, width], float32; rank is the number of tokens and alpha equals it, so that the scale is 1.
 * @throws RangeError if lengths disagree, an id is outside the vocabulary or repeated, or a number is not finite
 * @see `llama_adapter_lora` of llama.cpp for names and dims
 */
export function writeLoraAdapter({ vocabulary, tokenIds, wanted, base, width }: AdapterInput): Uint8Array {
  const rank = tokenIds.length;
  if (rank < 1 || wanted.length !== rank * width || base.length !== rank * width) throw new RangeError(`${wanted.length} wanted and ${base.length} base numbers for ${rank} tokens of width ${width}`);
  if (new Set(tokenIds).size !== rank) throw new RangeError('a token id is repeated');
  if (!tokenIds.every((id) => Number.isInteger(id) && id >= 0 && id < vocabulary)) throw new RangeError(`a token id is outside the vocabulary of ${vocabulary}`);
  if (!wanted.every(Number.isFinite) || !base.every(Number.isFinite)) throw new RangeError('an embedding holds a value that is not a number');

  const loraA = new Float32Array(vocabulary * rank);
  const loraB = new Float32Array(width * rank);
  tokenIds.forEach((id, r) => {
    loraA[id * rank + r] = 1;
    for (let column = 0; column < width; column++) loraB[column * rank + r] = wanted[r * width + column]! - base[r * width + column]!;
  });
  return writeGguf(
    {
      'general.architecture': { kind: 'string', value: 'llama' },
      'general.type': { kind: 'string', value: 'adapter' },
      'adapter.type': { kind: 'string', value: 'lora' },
      'adapter.lora.alpha': { kind: 'float32', value: rank },
    },
    [
      { name: 'token_embd.weight.lora_a', dims: [rank, vocabulary], data: loraA },
      { name: 'token_embd.weight.lora_b', dims: [rank, width], data: loraB },
    ],
  );
}
