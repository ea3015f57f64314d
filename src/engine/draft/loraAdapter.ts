/**
 * Writes the adapter that carries image embeddings into llama.cpp, which takes tokens only: a LoRA on the token embeddings
 * that replaces the rows of reserved tokens and leaves every other row alone (docs/architecture.md, the bridge). llama.cpp
 * adds `lora_b x lora_a[token]` to a token's embedding, so a one-hot `lora_a` picks a column of `lora_b`, and that column
 * holds the wanted minus the base embedding. Bytes only; files and models belong to native/llama.
 */

/** ggml's number for a tensor type. */
const ggmlF32 = 0;
/** GGUF's numbers for value types. */
const ggufFloat32 = 6;
const ggufString = 8;
const alignment = 32;

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
 * The adapter as a GGUF version 3 file: `token_embd.weight.lora_a` with ggml dims [rank, vocabulary] and
 * `token_embd.weight.lora_b` with ggml dims [rank, width], float32; rank is the number of tokens, alpha equals it, so
 * that the scale is 1.
 * @throws RangeError if lengths disagree, an id is outside the vocabulary or repeated, or a number is not finite
 * @see GGUF specification of ggml; `llama_adapter_lora` of llama.cpp for names and dims
 */
export function writeLoraAdapter(input: AdapterInput): Uint8Array {
  const { vocabulary, tokenIds, wanted, base, width } = input;
  const rank = tokenIds.length;
  if (rank < 1 || wanted.length !== rank * width || base.length !== rank * width) throw new RangeError(`${wanted.length} wanted and ${base.length} base numbers for ${rank} tokens of width ${width}`);
  if (new Set(tokenIds).size !== rank) throw new RangeError('a token id is repeated');
  if (!tokenIds.every((id) => Number.isInteger(id) && id >= 0 && id < vocabulary)) throw new RangeError(`a token id is outside the vocabulary of ${vocabulary}`);
  if (!wanted.every(Number.isFinite) || !base.every(Number.isFinite)) throw new RangeError('an embedding holds a value that is not a number');

  const loraA = { name: 'token_embd.weight.lora_a', dims: [rank, vocabulary], bytes: 4 * rank * vocabulary };
  const loraB = { name: 'token_embd.weight.lora_b', dims: [rank, width], bytes: 4 * rank * width };
  const tensors = [loraA, loraB];
  const offsetB = aligned(loraA.bytes);

  const header = new GgufBytes();
  header.ascii('GGUF').u32(3).u64(tensors.length).u64(4);
  header.string('general.architecture').u32(ggufString).string('llama');
  header.string('general.type').u32(ggufString).string('adapter');
  header.string('adapter.type').u32(ggufString).string('lora');
  header.string('adapter.lora.alpha').u32(ggufFloat32).f32(rank);
  for (const tensor of tensors) {
    header.string(tensor.name).u32(tensor.dims.length);
    for (const size of tensor.dims) header.u64(size);
    header.u32(ggmlF32).u64(tensor === loraA ? 0 : offsetB);
  }

  const start = aligned(header.length);
  const file = new Uint8Array(start + offsetB + aligned(loraB.bytes));
  header.copyTo(file);
  const view = new DataView(file.buffer);
  tokenIds.forEach((id, r) => {
    view.setFloat32(start + 4 * (id * rank + r), 1, true);
    for (let column = 0; column < width; column++) {
      view.setFloat32(start + offsetB + 4 * (column * rank + r), wanted[r * width + column]! - base[r * width + column]!, true);
    }
  });
  return file;
}

const aligned = (length: number): number => Math.ceil(length / alignment) * alignment;

/** Little-endian bytes of a GGUF header, growing as they are written. */
class GgufBytes {
  private readonly parts: Uint8Array[] = [];
  length = 0;

  ascii(text: string): this {
    return this.push(new TextEncoder().encode(text));
  }

  string(text: string): this {
    return this.u64(text.length).ascii(text);
  }

  u32(value: number): this {
    return this.number(4, (view) => { view.setUint32(0, value, true); });
  }

  u64(value: number): this {
    return this.number(8, (view) => { view.setBigUint64(0, BigInt(value), true); });
  }

  f32(value: number): this {
    return this.number(4, (view) => { view.setFloat32(0, value, true); });
  }

  copyTo(target: Uint8Array): void {
    let at = 0;
    for (const part of this.parts) {
      target.set(part, at);
      at += part.length;
    }
  }

  private number(size: number, write: (view: DataView) => void): this {
    const bytes = new Uint8Array(size);
    write(new DataView(bytes.buffer));
    return this.push(bytes);
  }

  private push(bytes: Uint8Array): this {
    this.parts.push(bytes);
    this.length += bytes.length;
    return this;
  }
}
