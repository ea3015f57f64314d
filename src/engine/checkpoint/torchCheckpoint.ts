/**
 * Checkpoints as torch.save writes them since PyTorch 1.6: a zip archive whose `data.pkl` describes the tensors and whose
 * `data/<key>` entries hold their numbers. The description is read at once and held against the archive's own sizes; numbers
 * are read from the disk tensor by tensor, so that a file of any size needs little memory.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import yauzl from 'yauzl';
import type { Entry, ZipFile } from 'yauzl';
import { EngineError } from '../../shared/errors.ts';
import { PickleDict, printable, readPickle, type PickleValue } from './pickle.ts';
import { readExactly } from './readExactly.ts';
import { elementBytes, elementCount, type StateDict, type TensorInfo } from './stateDict.ts';
import { toFloats } from './toFloats.ts';
import { tensorOf, torchRules, type Storage, type StoredTensor } from './torchGlobals.ts';

/** Descriptions of a few thousand tensors take less than 1 MB; each byte may become an object of some dozens. */
const largestPickle = 4 * 2 ** 20;
const mostEntries = 100_000;
/** torch.save never compresses; an archive packed again by hand may, and must be inflated as a whole. */
const largestInflated = 2 ** 30;

/** Names under which training scripts put the state dict. */
const usualKeys = ['model', 'state_dict', 'model_state_dict', 'module', 'net', 'weights'];

/**
 * @throws EngineError `models/bad-checkpoint`, `models/refused-pickle`, `models/legacy-checkpoint` (TorchScript)
 */
export async function openTorchCheckpoint(path: string): Promise<StateDict> {
  const subject = basename(path);
  const damaged = (what: string, cause?: unknown): EngineError => new EngineError('models/bad-checkpoint', `The checkpoint is damaged: ${what}`, { subject, advice: 'Download or copy the file again' }, { cause });
  let zip: ZipFile;
  try {
    zip = await yauzl.openPromise(path, { lazyEntries: true, autoClose: false });
  } catch (error) {
    throw damaged(`its zip archive cannot be read (${messageOf(error)})`, error);
  }
  let file: FileHandle | undefined;
  try {
    const entries = await readEntries(zip, damaged);
    const { root, pickle } = findPickle(entries, subject, damaged);
    if (pickle.uncompressedSize > largestPickle) throw damaged(`its description takes ${pickle.uncompressedSize} bytes, more than tensors need`);
    const order = entries.get(`${root}byteorder`);
    if (order && (await inflate(zip, order, 16, damaged)).toString('latin1').trim() === 'big') throw new EngineError('models/bad-checkpoint', 'The checkpoint was written on a big-endian machine', { subject, advice: 'Save it again on an x86 or ARM machine' });
    const rules = torchRules(subject);
    const value = readPickle(await inflate(zip, pickle, largestPickle, damaged), rules);
    const stored = findStateDict(value, subject);
    const storages = checkStorages(stored, entries, root, zip.fileSize, damaged);
    file = await open(path, 'r');
    return new TorchStateDict(stored, storages, zip, file, damaged);
  } catch (error) {
    zip.close();
    await file?.close();
    throw error instanceof EngineError ? error : damaged(messageOf(error), error);
  }
}

type Damaged = (what: string, cause?: unknown) => EngineError;
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function readEntries(zip: ZipFile, damaged: Damaged): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  if (zip.entryCount > mostEntries) throw damaged(`its archive states ${zip.entryCount} entries`);
  for await (const entry of zip.eachEntry()) {
    if (entries.has(entry.fileName)) throw damaged(`its archive holds ${printable(entry.fileName)} twice`);
    if (!entry.canDecodeFileData()) throw damaged(`${printable(entry.fileName)} is encrypted or compressed in an unknown way`);
    entries.set(entry.fileName, entry);
  }
  return entries;
}

/** The archive has one folder, named as torch.save liked. */
function findPickle(entries: ReadonlyMap<string, Entry>, subject: string, damaged: Damaged): { root: string; pickle: Entry } {
  for (const [name, pickle] of entries) {
    if (!/^(?:[^/]+\/)?data\.pkl$/.test(name)) continue;
    const root = name.slice(0, -'data.pkl'.length);
    if (entries.has(`${root}constants.pkl`)) throw new EngineError('models/legacy-checkpoint', 'This is a TorchScript program, not a state dict', { subject, advice: 'Save the weights alone: torch.save(torch.jit.load(file).state_dict(), "weights.bin")' });
    return { root, pickle };
  }
  throw damaged('its archive holds no data.pkl');
}

/** The first dict of tensors: the whole, or what lies under one of the usual keys. */
function findStateDict(value: PickleValue, subject: string): Map<string, StoredTensor> {
  const whole = value instanceof PickleDict ? value : null;
  const keyed = whole ? usualKeys.map((key) => whole.entries.get(key)) : [];
  for (const candidate of [whole, ...keyed]) {
    if (!(candidate instanceof PickleDict)) continue;
    const tensors = new Map<string, StoredTensor>();
    for (const [name, item] of candidate.entries) {
      const tensor = tensorOf(item);
      if (typeof name === 'string' && tensor) tensors.set(name, tensor);
    }
    if (tensors.size > 0) return tensors;
  }
  const keys = whole ? [...whole.entries.keys()].filter((key) => typeof key === 'string').slice(0, 12).map(printable).join(', ') : '';
  throw new EngineError('models/bad-checkpoint', `The checkpoint holds no state dict${keys === '' ? '' : `; at its top are ${keys}`}`, { subject, advice: 'Save the state dict itself, or under "model" or "state_dict"' });
}

/** Each storage's entry, big enough for what the description says; together no more than the file can hold. */
function checkStorages(tensors: ReadonlyMap<string, StoredTensor>, entries: ReadonlyMap<string, Entry>, root: string, fileSize: number, damaged: Damaged): Map<string, Entry> {
  const found = new Map<string, Entry>();
  let plain = 0;
  for (const [name, { storage }] of tensors) {
    const entry = entries.get(`${root}data/${storage.key}`);
    if (!entry) throw damaged(`the numbers of ${printable(name)} are missing`);
    const bytes = storage.length * elementBytes[storage.type];
    if (entry.uncompressedSize < bytes) throw damaged(`${printable(name)} needs ${bytes} bytes, its entry has ${entry.uncompressedSize}`);
    if (found.has(storage.key)) continue;
    found.set(storage.key, entry);
    if (entry.compressionMethod === 0) plain += entry.uncompressedSize;
    else if (entry.uncompressedSize > largestInflated) throw damaged(`${printable(name)} would unpack to ${entry.uncompressedSize} bytes; torch.save does not compress`);
    if (plain > fileSize || entry.compressedSize > fileSize) throw damaged(`it states more numbers than a file of ${fileSize} bytes holds`);
  }
  return found;
}

/** A whole entry in memory, no more than `limit` bytes of it. */
async function inflate(zip: ZipFile, entry: Entry, limit: number, damaged: Damaged): Promise<Buffer> {
  if (entry.uncompressedSize > limit) throw damaged(`${printable(entry.fileName)} is larger than ${limit} bytes`);
  const pieces: Buffer[] = [];
  let length = 0;
  // yauzl ends the stream with an error as soon as it gives more or fewer bytes than declared.
  for await (const piece of await zip.openReadStreamPromise(entry)) {
    pieces.push(piece as Buffer);
    length += (piece as Buffer).length;
  }
  return Buffer.concat(pieces, length);
}

class TorchStateDict implements StateDict {
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly #stored: ReadonlyMap<string, StoredTensor>;
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #zip: ZipFile;
  readonly #file: FileHandle;
  readonly #damaged: Damaged;
  readonly #starts = new Map<string, number>();
  /** The last storage that had to be inflated, since several tensors may share it. */
  #inflated: { readonly key: string; readonly bytes: Buffer } | undefined;

  constructor(stored: ReadonlyMap<string, StoredTensor>, entries: ReadonlyMap<string, Entry>, zip: ZipFile, file: FileHandle, damaged: Damaged) {
    this.#stored = stored;
    this.#entries = entries;
    this.#zip = zip;
    this.#file = file;
    this.#damaged = damaged;
    this.tensors = new Map([...stored].map(([name, { storage, shape }]) => [name, { name, shape, type: storage.type }]));
  }

  async float32(name: string): Promise<Float32Array> {
    const tensor = this.#stored.get(name);
    if (!tensor) throw new EngineError('models/no-tensor', `The checkpoint has no ${printable(name)}`, { subject: printable(name), advice: 'Choose the weights of a brat model' });
    const { storage, offset, shape, strides } = tensor;
    const count = elementCount(shape);
    if (count === 0) return new Float32Array(0);
    const width = elementBytes[storage.type];
    const extent = shape.reduce((sum, size, axis) => sum + (size - 1) * strides[axis]!, 1);
    const span = toFloats(await this.#read(storage, offset * width, extent * width), storage.type);
    return isContiguous(shape, strides) ? span : gather(span, shape, strides);
  }

  async close(): Promise<void> {
    this.#zip.close();
    this.#inflated = undefined;
    await this.#file.close();
  }

  async #read(storage: Storage, start: number, length: number): Promise<Buffer> {
    const entry = this.#entries.get(storage.key)!;
    try {
      if (entry.compressionMethod !== 0) {
        if (this.#inflated?.key !== storage.key) this.#inflated = { key: storage.key, bytes: await inflate(this.#zip, entry, largestInflated, this.#damaged) };
        return Buffer.from(this.#inflated.bytes.subarray(start, start + length));
      }
      let base = this.#starts.get(storage.key);
      if (base === undefined) {
        base = (await this.#zip.readLocalFileHeaderPromise(entry, { minimal: true })).fileDataStart;
        this.#starts.set(storage.key, base);
      }
      return await readExactly(this.#file, base + start, length);
    } catch (error) {
      throw error instanceof EngineError ? error : this.#damaged(messageOf(error), error);
    }
  }
}

/** True where elements lie one after another in row-major order; strides of axes of size 1 do not matter. */
function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
}

/** Elements of a strided tensor in row-major order; `span` begins at its first one. */
function gather(span: Float32Array, shape: readonly number[], strides: readonly number[]): Float32Array {
  const out = new Float32Array(elementCount(shape));
  const index = shape.map(() => 0);
  let from = 0;
  for (let at = 0; at < out.length; at++) {
    out[at] = span[from]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      from -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return out;
}

