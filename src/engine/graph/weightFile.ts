/**
 * One file of weights that several graphs point into (ONNX external data), written tensor by tensor, so that no more than
 * one tensor is in memory and what two graphs share is stored once. Large tensors begin on a boundary that every system can
 * map into memory.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { EngineError } from '../../shared/errors.ts';
import type { DataTypeName } from './onnxSchema.ts';

export type Precision = 'float32' | 'float16';

/** Where a tensor's values lie. */
export interface StoredWeight {
  readonly type: Extract<DataTypeName, 'float32' | 'float16'>;
  readonly dims: readonly number[];
  readonly offset: number;
  readonly length: number;
}

/** Windows maps files at multiples of 64 KiB; ONNX asks for it from 1 MiB on. */
const mapBoundary = 65_536;
const mapFrom = 1 << 20;
const boundary = 64;

/** What float16 holds well relative to the largest number of a tensor; others stay float32. */
const halfRange = { least: 1e-3, most: 65_504 } as const;

export class WeightFile {
  /** Name of the file, as graphs beside it refer to it. */
  readonly name: string;
  readonly #file: FileHandle;
  readonly #precision: Precision;
  readonly #stored = new Map<string, StoredWeight>();
  #end = 0;

  private constructor(file: FileHandle, name: string, precision: Precision) {
    this.#file = file;
    this.name = name;
    this.#precision = precision;
  }

  /** Makes the file anew. @throws EngineError `models/no-space` */
  static async create(path: string, precision: Precision): Promise<WeightFile> {
    return new WeightFile(await open(path, 'w'), basename(path), precision);
  }

  /**
   * Stores a tensor under a key, or gives what was stored under it before; `load` is called only where it is new.
   * @throws EngineError `models/no-space`, and what `load` throws
   */
  async store(key: string, dims: readonly number[], load: () => Promise<Float32Array>): Promise<StoredWeight> {
    const known = this.#stored.get(key);
    if (known) return known;
    const values = await load();
    const type = this.#typeFor(values);
    const bytes = type === 'float16' ? new Float16Array(values) : values;
    const align = bytes.byteLength >= mapFrom ? mapBoundary : boundary;
    const stored: StoredWeight = { type, dims, offset: Math.ceil(this.#end / align) * align, length: bytes.byteLength };
    try {
      // `write` may write a part of what it is given.
      const whole = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      for (let done = 0; done < whole.length;) done += (await this.#file.write(whole, done, whole.length - done, stored.offset + done)).bytesWritten;
    } catch (error) {
      throw storageError(error, this.name);
    }
    this.#end = stored.offset + stored.length;
    this.#stored.set(key, stored);
    return stored;
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  #typeFor(values: Float32Array): StoredWeight['type'] {
    let most = 0;
    for (let at = 0; at < values.length; at++) {
      const size = Math.abs(values[at]!);
      if (size > most) most = size;
    }
    return this.#precision === 'float16' && most >= halfRange.least && most <= halfRange.most ? 'float16' : 'float32';
  }
}

/** A full disk by its own name; anything else as it is. */
export function storageError(error: unknown, subject: string): unknown {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  return new EngineError('models/no-space', 'There is no space left for the model', { subject, advice: 'Free some space and import again' }, { cause: error });
}
