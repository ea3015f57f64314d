/**
 * Reads the header of a GGUF file: what the pack loader must know before llama.cpp, which may abort the process, sees it.
 * The file is not trusted: every count and length is held against the bytes there are (node-llama-cpp's own reader
 * believes them and spends minutes on a file of twenty bytes). Weights are not read.
 */
import { open, type FileHandle } from 'node:fs/promises';

export interface GgufHeader {
  readonly architecture: string;
  /** Number of tokens of the tokenizer. */
  readonly vocabulary: number;
  /** Embedding length and context length, as the architecture's own keys state them. */
  readonly width: number;
  readonly contextSize: number;
  /** Dims by tensor name, fastest first. */
  readonly tensors: ReadonlyMap<string, readonly number[]>;
  /** Where the parts of the file lie, for whoever writes it anew. */
  readonly layout: GgufLayout;
}

export interface GgufLayout {
  readonly version: number;
  readonly valueCount: number;
  /** Bytes of all key-value pairs, and of all tensor descriptions after them. */
  readonly values: readonly [start: number, end: number];
  readonly descriptions: readonly [start: number, end: number];
  /** ggml type, and offset within the data, by tensor name in the order of the file. */
  readonly places: ReadonlyMap<string, { readonly type: number; readonly offset: number }>;
  readonly alignment: number;
  readonly dataStart: number;
  readonly fileSize: number;
  /** Text of the tokens by id; empty unless asked for. */
  readonly tokens: readonly string[];
  /** Id of the token that begins a text, or null. */
  readonly beginTokenId: number | null;
}

/** Bytes of the fixed-size value types, by `gguf_metadata_value_type`. */
const sizes: Readonly<Record<number, number>> = { 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8 };
const stringType = 8;
const arrayType = 9;
/** A vocabulary of 128,000 with its merges takes near 8 MB; what goes beyond this is no header. */
const largestHeader = 256 * 2 ** 20;

/**
 * @param wanted `tokens` keeps the text of the vocabulary, which takes some 10 MB for a large one
 * @throws Error that says in words what is wrong with the file
 */
export async function readGgufHeader(path: string, wanted: { readonly tokens?: boolean } = {}): Promise<GgufHeader> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    for (let length = Math.min(size, 4 * 2 ** 20); ; length = Math.min(size, 4 * length)) {
      try {
        return parse(await readStart(file, length), size, wanted.tokens ?? false);
      } catch (error) {
        if (!(error instanceof EndOfBytes)) throw error;
        if (length === size) throw new Error('it ends within its header', { cause: error });
        if (length >= largestHeader) throw new Error('its header is larger than any model needs', { cause: error });
      }
    }
  } finally {
    await file.close();
  }
}

async function readStart(file: FileHandle, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let at = 0;
  while (at < length) {
    const { bytesRead } = await file.read(bytes, at, length - at, at);
    if (bytesRead === 0) throw new Error('it grew shorter while it was read');
    at += bytesRead;
  }
  return bytes;
}

class EndOfBytes extends Error {}

/** Little-endian values in order; never past the end. */
class Cursor {
  private at = 0;
  private readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  take(length: number): number {
    const start = this.at;
    if (length > this.bytes.length - start) throw new EndOfBytes();
    this.at += length;
    return start;
  }

  get position(): number {
    return this.at;
  }

  u32 = (): number => this.bytes.readUInt32LE(this.take(4));

  /** A count or length. One that no file can hold is refused at once. */
  u64(): number {
    const value = this.bytes.readBigUInt64LE(this.take(8));
    if (value > 2n ** 40n) throw new Error(`it states a length of ${value}`);
    return Number(value);
  }

  string(): string {
    const length = this.u64();
    if (length > largestHeader) throw new Error(`it states a string of ${length} bytes`);
    const start = this.take(length);
    return this.bytes.toString('utf8', start, start + length);
  }
}

function parse(bytes: Buffer, fileSize: number, wantTokens: boolean): GgufHeader {
  const cursor = new Cursor(bytes);
  const start = cursor.take(4);
  if (bytes.toString('latin1', start, start + 4) !== 'GGUF') throw new Error('it is not a GGUF file');
  const version = cursor.u32();
  if (version !== 2 && version !== 3) throw new Error(`its GGUF version is ${version}, 2 and 3 are known`);
  const tensorCount = cursor.u64();
  const valueCount = cursor.u64();
  const values = new Map<string, string | number>();
  const tokens: string[] = [];
  const valuesStart = cursor.position;
  for (let n = 0; n < valueCount; n++) {
    const key = cursor.string();
    values.set(key, readValue(cursor, bytes, cursor.u32(), wantTokens && key === 'tokenizer.ggml.tokens' ? tokens : undefined));
  }
  const descriptionsStart = cursor.position;
  const tensors = new Map<string, readonly number[]>();
  const places = new Map<string, { readonly type: number; readonly offset: number }>();
  for (let n = 0; n < tensorCount; n++) {
    const name = cursor.string();
    const rank = cursor.u32();
    if (rank > 4) throw new Error(`tensor ${name} has ${rank} dimensions`);
    tensors.set(name, Array.from({ length: rank }, () => cursor.u64()));
    places.set(name, { type: cursor.u32(), offset: cursor.u64() });
  }

  const architecture = values.get('general.architecture');
  if (typeof architecture !== 'string') throw new Error('it states no architecture');
  const number = (key: string): number => {
    const value = values.get(key);
    if (typeof value !== 'number') throw new Error(`it states no ${key}`);
    return value;
  };
  const stated = values.get('general.alignment');
  const alignment = typeof stated === 'number' && stated > 0 ? stated : 32;
  const begin = values.get('tokenizer.ggml.bos_token_id');
  const layout: GgufLayout = {
    version, valueCount, values: [valuesStart, descriptionsStart], descriptions: [descriptionsStart, cursor.position], places, alignment,
    dataStart: Math.ceil(cursor.position / alignment) * alignment, fileSize, tokens, beginTokenId: typeof begin === 'number' ? begin : null,
  };
  return { layout, architecture, vocabulary: number('tokenizer.ggml.tokens'), width: number(`${architecture}.embedding_length`), contextSize: number(`${architecture}.context_length`), tensors };
}

/** A string, an unsigned 32-bit number, or the length of an array; other values are passed over as 0. Strings of an array go into `texts`. */
function readValue(cursor: Cursor, bytes: Buffer, type: number, texts?: string[]): string | number {
  if (type === stringType) return cursor.string();
  if (type === arrayType) {
    const item = cursor.u32();
    const count = cursor.u64();
    if (item === stringType && texts) for (let n = 0; n < count; n++) texts.push(cursor.string());
    else if (item === stringType) for (let n = 0; n < count; n++) cursor.take(cursor.u64());
    else cursor.take(count * sizeOf(item));
    return count;
  }
  const at = cursor.take(sizeOf(type));
  return type === 4 ? bytes.readUInt32LE(at) : 0;
}

function sizeOf(type: number): number {
  const size = sizes[type];
  if (size === undefined) throw new Error(`it holds a value of unknown type ${type}`);
  return size;
}
