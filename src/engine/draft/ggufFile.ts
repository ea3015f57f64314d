/** Writes GGUF files, version 3: key-value metadata, tensor descriptions, then float32 data on a grid of 32 bytes. */

export type GgufValue =
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'float32'; readonly value: number }
  | { readonly kind: 'uint32'; readonly value: number }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'strings'; readonly value: readonly string[] }
  | { readonly kind: 'int32s'; readonly value: readonly number[] };

export interface GgufTensor {
  readonly name: string;
  /** ggml order: the fastest dimension first. */
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

/** Numbers of the value types, `gguf_metadata_value_type`. */
const typeNumber = { uint32: 4, int32: 5, float32: 6, bool: 7, string: 8, array: 9 } as const;
const ggmlF32 = 0;
const alignment = 32;
const aligned = (length: number): number => Math.ceil(length / alignment) * alignment;

/**
 * The bytes of a GGUF file, little-endian.
 * @throws RangeError if a tensor's data does not fill its dims
 * @see the GGUF specification in ggml's documentation
 */
export function writeGguf(metadata: Readonly<Record<string, GgufValue>>, tensors: readonly GgufTensor[]): Uint8Array {
  for (const { name, dims, data } of tensors) {
    if (dims.reduce((product, size) => product * size, 1) !== data.length) throw new RangeError(`${name}: ${data.length} numbers for [${dims.join(', ')}]`);
  }
  const entries = Object.entries(metadata);
  const head: Uint8Array[] = [utf8('GGUF'), u32(3), u64(tensors.length), u64(entries.length)];
  for (const [key, value] of entries) head.push(...string(key), ...valueBytes(value));
  let offset = 0;
  for (const { name, dims, data } of tensors) {
    head.push(...string(name), u32(dims.length), ...dims.map(u64), u32(ggmlF32), u64(offset));
    offset += aligned(data.byteLength);
  }

  const headLength = head.reduce((sum, part) => sum + part.length, 0);
  const start = aligned(headLength);
  const file = new Uint8Array(start + offset);
  let at = 0;
  for (const part of head) {
    file.set(part, at);
    at += part.length;
  }
  at = start;
  for (const { data } of tensors) {
    writeFloats(file, at, data);
    at += aligned(data.byteLength);
  }
  return file;
}

function writeFloats(file: Uint8Array, at: number, data: Float32Array): void {
  const view = new DataView(file.buffer, at, data.byteLength);
  for (let i = 0; i < data.length; i++) view.setFloat32(4 * i, data[i]!, true);
}

function valueBytes(value: GgufValue): Uint8Array[] {
  switch (value.kind) {
    case 'string':
      return [u32(typeNumber.string), ...string(value.value)];
    case 'float32':
      return [u32(typeNumber.float32), bytes(4, (view) => { view.setFloat32(0, value.value, true); })];
    case 'uint32':
      return [u32(typeNumber.uint32), u32(value.value)];
    case 'bool':
      return [u32(typeNumber.bool), Uint8Array.of(value.value ? 1 : 0)];
    case 'strings':
      return [u32(typeNumber.array), u32(typeNumber.string), u64(value.value.length), ...value.value.flatMap(string)];
    case 'int32s':
      return [u32(typeNumber.array), u32(typeNumber.int32), u64(value.value.length), ...value.value.map((item) => bytes(4, (view) => { view.setInt32(0, item, true); }))];
  }
}

function bytes(size: number, write: (view: DataView) => void): Uint8Array {
  const out = new Uint8Array(size);
  write(new DataView(out.buffer));
  return out;
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const u32 = (value: number): Uint8Array => bytes(4, (view) => { view.setUint32(0, value, true); });
const u64 = (value: number): Uint8Array => bytes(8, (view) => { view.setBigUint64(0, BigInt(value), true); });
const string = (text: string): Uint8Array[] => [u64(utf8(text).length), utf8(text)];
