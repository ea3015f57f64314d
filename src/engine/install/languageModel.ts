/**
 * A language model as a pack needs it, from any GGUF of a llama: llama.cpp aborts the process when an adapter meets tied
 * embeddings (docs/decisions/0002), so the copy gets an output matrix of its own, and the embeddings of the reserved
 * tokens are set to zero in it. With zero as their base, what an adapter adds is exactly what they become, whatever the
 * quantisation. The output matrix keeps its rows; the original file is only read.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { cancelledError, EngineError } from '../../shared/errors.ts';
import { readExactly } from '../checkpoint/readExactly.ts';
import { storageError } from '../graph/weightFile.ts';
import { readGgufHeader, type GgufHeader } from '../pack/ggufHeader.ts';
import { ggufRowBytes } from './ggufTypes.ts';

export interface LanguageModelFacts {
  readonly vocabulary: number;
  readonly width: number;
  readonly contextSize: number;
  /** Vocabulary ids that stand for the views. */
  readonly reservedTokenIds: readonly number[];
  /** Text of the token that begins a prompt; empty where the model has none. */
  readonly beginToken: string;
  /** The original had tied embeddings. */
  readonly wasTied: boolean;
  /** Bytes the copy takes. */
  readonly bytes: number;
}

/** What a GGUF is, and how its copy will differ. */
interface Plan extends LanguageModelFacts {
  readonly header: GgufHeader;
  /** The embedding matrix, in the original's bytes. */
  readonly embeddings: { readonly start: number; readonly rowBytes: number; readonly bytes: number; readonly type: number };
  /** End of the last tensor's data, from the start of the data. */
  readonly dataBytes: number;
}

export interface CopyOptions {
  readonly signal: AbortSignal;
  onProgress(done: number, total: number): void;
}

/** Llama 3's spare tokens, and those of the writers that training makes. */
const reservedToken = /^<\|(?:reserved_special_token|view)_(\d+)\|>$/;
const pieceBytes = 8 * 2 ** 20;
const largestAlignment = 65_536;

const refuse = (path: string, what: string, advice: string): EngineError => new EngineError('models/bad-language-model', `${basename(path)}: ${what}`, { subject: basename(path), advice });

/**
 * What can be told of a GGUF before anything is copied.
 * @param views reserved tokens that are needed
 * @throws EngineError `models/bad-language-model` for another architecture, too few reserved tokens, a damaged file
 */
export async function inspectLanguageModel(path: string, views: number): Promise<LanguageModelFacts> {
  return plan(path, views);
}

/**
 * Writes the pack's copy.
 * @throws EngineError `models/bad-language-model`, `models/no-space`, `cancelled`
 */
export async function copyLanguageModel(source: string, target: string, views: number, options: CopyOptions): Promise<LanguageModelFacts> {
  const facts = await plan(source, views);
  const { header, embeddings, dataBytes } = facts;
  const { layout } = header;
  const from = await open(source, 'r');
  try {
    const to = await open(target, 'w');
    try {
      const head = await newHead(from, facts);
      const dataStart = align(head.length, layout.alignment);
      await write(to, Buffer.concat([head, Buffer.alloc(dataStart - head.length)]), 0);
      const total = dataBytes + (facts.wasTied ? embeddings.bytes : 0);
      let done = 0;
      const copy = async (start: number, length: number, at: number): Promise<void> => {
        for (let offset = 0; offset < length; offset += pieceBytes) {
          if (options.signal.aborted) throw cancelledError(basename(source));
          const piece = await readExactly(from, start + offset, Math.min(pieceBytes, length - offset));
          await write(to, piece, at + offset);
          done += piece.length;
          options.onProgress(done, total);
        }
      };
      await copy(layout.dataStart, dataBytes, dataStart);
      if (facts.wasTied) await copy(embeddings.start, embeddings.bytes, dataStart + align(dataBytes, layout.alignment));
      const blank = Buffer.alloc(embeddings.rowBytes);
      const table = dataStart + embeddings.start - layout.dataStart;
      for (const id of facts.reservedTokenIds) await write(to, blank, table + id * embeddings.rowBytes);
      // Readers of the format expect the last tensor's padding too.
      const end = facts.wasTied ? align(dataBytes, layout.alignment) + embeddings.bytes : dataBytes;
      await to.truncate(dataStart + align(end, layout.alignment));
    } catch (error) {
      throw storageError(error, basename(target));
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
  return facts;
}

async function plan(path: string, views: number): Promise<Plan> {
  const header = await readGgufHeader(path, { tokens: true }).catch((error: unknown) => {
    throw refuse(path, error instanceof Error ? error.message : String(error), 'Choose a GGUF file of a llama, such as Llama-3.2-1B; if it was downloaded, download it again');
  });
  const { layout, tensors, vocabulary, width } = header;
  if (header.architecture !== 'llama') throw refuse(path, `its architecture is ${header.architecture}, only llama is known`, 'Choose a GGUF file of Llama-3.2-1B');
  if (layout.tokens.length !== vocabulary || layout.version < 3) throw refuse(path, 'it is of an older GGUF version', 'Convert the model again with a current llama.cpp');
  const place = layout.places.get('token_embd.weight');
  const dims = tensors.get('token_embd.weight');
  if (!place || dims?.join() !== [width, vocabulary].join()) throw refuse(path, 'it has no embedding for each token', 'Choose a GGUF file of a whole model, not of an adapter');
  const reservedTokenIds = findReserved(layout.tokens, views);
  if (reservedTokenIds.length < views) throw refuse(path, `its vocabulary has ${reservedTokenIds.length} reserved tokens, the pack has ${views} views`, 'Choose a model with spare tokens, such as Llama-3.2-1B');
  if (layout.alignment > largestAlignment || (layout.alignment & (layout.alignment - 1)) !== 0) throw refuse(path, `its alignment is ${layout.alignment}`, 'Convert the model again');

  let dataBytes = 0;
  for (const [name, { type, offset }] of layout.places) {
    const [rowWidth = 1, ...rows] = tensors.get(name)!;
    const rowBytes = ggufRowBytes(type, rowWidth);
    if (rowBytes === null) throw refuse(path, `${name.slice(0, 80)} is of the type ${type}, which is not known`, 'Choose another quantisation, such as Q4_K_M or Q8_0');
    const bytes = rows.reduce((product, size) => product * size, rowBytes);
    if (layout.dataStart + offset + bytes > layout.fileSize) throw refuse(path, 'it ends before its tensors do', 'Download the file again');
    dataBytes = Math.max(dataBytes, offset + bytes);
  }
  const rowBytes = ggufRowBytes(place.type, width)!;
  const bytes = rowBytes * vocabulary;
  const wasTied = !layout.places.has('output.weight');
  return {
    header, vocabulary, width, contextSize: header.contextSize, reservedTokenIds, wasTied, dataBytes,
    embeddings: { start: layout.dataStart + place.offset, rowBytes, bytes, type: place.type },
    beginToken: layout.beginTokenId === null ? '' : (layout.tokens[layout.beginTokenId] ?? ''),
    bytes: layout.dataStart + dataBytes + (wasTied ? bytes : 0),
  };
}

/** The first reserved tokens by their own number. */
function findReserved(tokens: readonly string[], views: number): number[] {
  const found: { readonly id: number; readonly number: number }[] = [];
  tokens.forEach((token, id) => {
    const number = reservedToken.exec(token)?.[1];
    if (number !== undefined) found.push({ id, number: Number(number) });
  });
  return found.sort((a, b) => a.number - b.number).slice(0, views).map(({ id }) => id);
}

/** Header, key-value pairs and descriptions as they were, with one description more where the output matrix is new. */
async function newHead(from: FileHandle, { header, embeddings, dataBytes, wasTied }: Plan): Promise<Buffer> {
  const { layout, tensors, width, vocabulary } = header;
  const fixed = Buffer.alloc(24);
  fixed.write('GGUF', 0, 'latin1');
  fixed.writeUInt32LE(layout.version, 4);
  fixed.writeBigUInt64LE(BigInt(tensors.size + (wasTied ? 1 : 0)), 8);
  fixed.writeBigUInt64LE(BigInt(layout.valueCount), 16);
  const values = await readExactly(from, layout.values[0], layout.values[1] - layout.values[0]);
  const descriptions = await readExactly(from, layout.descriptions[0], layout.descriptions[1] - layout.descriptions[0]);
  if (!wasTied) return Buffer.concat([fixed, values, descriptions]);
  const name = Buffer.from('output.weight');
  const added = Buffer.alloc(8 + name.length + 4 + 16 + 4 + 8);
  let at = added.writeBigUInt64LE(BigInt(name.length), 0);
  at += name.copy(added, at);
  at = added.writeUInt32LE(2, at);
  at = added.writeBigUInt64LE(BigInt(width), at);
  at = added.writeBigUInt64LE(BigInt(vocabulary), at);
  at = added.writeUInt32LE(embeddings.type, at);
  added.writeBigUInt64LE(BigInt(align(dataBytes, layout.alignment)), at);
  return Buffer.concat([fixed, values, descriptions, added]);
}

const align = (length: number, to: number): number => Math.ceil(length / to) * to;

async function write(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
}
