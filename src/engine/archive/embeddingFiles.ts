/**
 * An archive's cases and vectors as plain files, to be carried to another workstation or into a notebook:
 *
 *   archive.json      format, pack with the hashes of its encoders, counts, and the SHA-256 of the other files; written last
 *   cases.jsonl       one case a line, in the order of the vectors
 *   views.npy         float32 [cases, views, width], or [all rows, width] where cases differ in their number of rows
 *   sentences.npy     float32 [all rows, width], if the pack encodes text
 */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { EngineError } from '../../shared/errors.ts';
import { writeNpy } from '../arrays/npy.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const vectorFile = z.strictObject({ file: z.enum(['views.npy', 'sentences.npy']), rows: z.int().min(0), width: z.int().min(1), dataStart: z.int().min(10), sha256 });

export const embeddingsManifest = z.strictObject({
  format: z.literal('brat-embeddings/1'),
  pack: z.strictObject({ id: z.string().min(1), version: z.string().min(1), encoder: sha256, text: sha256.nullable() }),
  madeAt: z.string(),
  cases: z.int().min(0),
  casesFile: z.strictObject({ file: z.literal('cases.jsonl'), sha256 }),
  views: vectorFile,
  sentences: vectorFile.nullable(),
});
export type EmbeddingsManifest = z.output<typeof embeddingsManifest>;

export const exportedCase = z.strictObject({
  id: z.string().min(1).max(128),
  patient: z.string(),
  ageYears: z.int().min(0).max(150).nullable(),
  sex: z.string(),
  studyDate: z.string(),
  report: z.string(),
  sentences: z.array(z.string()).max(256),
  demo: z.boolean(),
  /** PNG, base64. */
  thumbnail: z.string().nullable(),
  viewRows: z.int().min(1).max(256),
  sentenceRows: z.int().min(0).max(256),
});
export type ExportedCase = z.output<typeof exportedCase>;

export const badExport = (file: string, what: string, cause?: unknown): EngineError =>
  new EngineError('cases/bad-export', `${file} cannot be used: ${what}`, { subject: file, advice: 'Export the archive again' }, { cause });

/** A NumPy file that is written row by row; the header has room for any number of them. */
export class NpyRows {
  readonly #handle: FileHandle;
  readonly #width: number;
  readonly dataStart: number;
  #rows = 0;

  private constructor(handle: FileHandle, width: number, dataStart: number) {
    this.#handle = handle;
    this.#width = width;
    this.dataStart = dataStart;
  }

  static async create(path: string, width: number): Promise<NpyRows> {
    const handle = await open(path, 'wx', 0o600);
    const header = headerOf([Number.MAX_SAFE_INTEGER, 256, width]);
    await handle.write(header, 0, header.length, 0);
    return new NpyRows(handle, width, header.length);
  }

  async append(vectors: Float32Array): Promise<void> {
    const bytes = new Uint8Array(vectors.buffer, vectors.byteOffset, vectors.byteLength);
    await this.#handle.write(bytes, 0, bytes.length, this.dataStart + this.#rows * this.#width * 4);
    this.#rows += vectors.length / this.#width;
  }

  /** Writes the shape and closes. @param perCase rows of each case, where all have as many @returns rows in all */
  async finish(perCase: number | null): Promise<number> {
    const shape = perCase === null ? [this.#rows, this.#width] : [this.#rows / perCase, perCase, this.#width];
    const header = headerOf(shape, this.dataStart);
    await this.#handle.write(header, 0, header.length, 0);
    await this.#handle.sync();
    await this.#handle.close();
    return this.#rows;
  }

  async close(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
  }
}

/** The header numpy writes, padded to a length. */
function headerOf(shape: readonly number[], length?: number): Uint8Array {
  const start = writeNpy(new Float32Array(0), [0]).subarray(0, 10);
  const fields = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(', ')}), }`;
  const whole = length ?? Math.ceil((10 + fields.length + 1) / 64) * 64;
  const text = `${fields.padEnd(whole - 11)}\n`;
  const out = new Uint8Array(whole);
  out.set(start);
  out[8] = (whole - 10) & 0xff;
  out[9] = (whole - 10) >> 8;
  out.set(new TextEncoder().encode(text), 10);
  return out;
}

/** Rows of a NumPy file, some at a time. */
export class NpyReader {
  readonly #handle: FileHandle;
  readonly #file: string;
  readonly #width: number;
  readonly #end: number;
  #position: number;

  private constructor(handle: FileHandle, file: string, width: number, from: number, rows: number) {
    this.#handle = handle;
    this.#file = file;
    this.#width = width;
    this.#position = from;
    this.#end = from + rows * width * 4;
  }

  /** @throws EngineError `cases/bad-export` */
  static async open(path: string, { file, width, dataStart, rows }: NonNullable<EmbeddingsManifest['sentences']>): Promise<NpyReader> {
    const handle = await open(path, 'r');
    const { size } = await handle.stat();
    if (size !== dataStart + rows * width * 4) {
      await handle.close();
      throw badExport(file, `it has ${size} bytes where ${dataStart + rows * width * 4} are expected`);
    }
    return new NpyReader(handle, file, width, dataStart, rows);
  }

  /** @returns float32 [rows, width] of unit rows @throws EngineError `cases/bad-export` */
  async next(rows: number): Promise<Float32Array> {
    const vectors = new Float32Array(rows * this.#width);
    const bytes = new Uint8Array(vectors.buffer);
    if (this.#position + bytes.length > this.#end) throw badExport(this.#file, 'it has fewer rows than the cases name');
    for (let done = 0; done < bytes.length; ) {
      const { bytesRead } = await this.#handle.read(bytes, done, bytes.length - done, this.#position + done);
      if (bytesRead === 0) throw badExport(this.#file, 'it ends early');
      done += bytesRead;
    }
    this.#position += bytes.length;
    for (let row = 0; row < rows; row++) {
      const length = Math.hypot(...vectors.subarray(row * this.#width, (row + 1) * this.#width));
      // Rows packed to ten bits are a little longer or shorter than 1.
      if (!(Math.abs(length - 1) <= 2e-3)) throw badExport(this.#file, `a row has length ${length} where 1 is expected`);
    }
    return vectors;
  }

  /** Whether all rows were read. */
  get atEnd(): boolean {
    return this.#position === this.#end;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

export async function sha256Of(path: string): Promise<string> {
  const hash: Hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Lines of a file as cases. @throws EngineError `cases/bad-export` naming the line */
export async function* casesOf(path: string): AsyncGenerator<ExportedCase> {
  let line = 0;
  for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    line++;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw badExport('cases.jsonl', `line ${line} is not JSON`, error);
    }
    const parsed = exportedCase.safeParse(value);
    if (!parsed.success) throw badExport('cases.jsonl', `line ${line}: ${z.prettifyError(parsed.error)}`);
    yield parsed.data;
  }
}
