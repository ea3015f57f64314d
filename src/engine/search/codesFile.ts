/**
 * The codes of a case index in a file, so that a start reads them instead of computing them again. The database is what
 * counts: every record names the vectors it was made of by a number that is never used twice, and carries a checksum, so a
 * record that a crash tore, or whose vectors are gone, is simply not used. Records of deleted cases are wiped in place.
 *
 * Layout: a line of JSON padded to 4096 bytes, the codebook, then records of 24 bytes (magic, rows, key, checksum, spare)
 * and their codes. A record keeps its place and its number of rows for good.
 */
import { closeSync, fsyncSync, openSync, readSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { centroidsPerLevel, rowBytes, type Codebook } from './codebook.ts';

const headerBytes = 4096;
const recordHeaderBytes = 24;
const magic = 0x42524154;
const readAhead = 1 << 24;
const format = 'brat-codes/1';

interface Header {
  readonly format: string;
  readonly width: number;
  readonly levels: number;
  readonly dims: number;
  readonly learntFrom: number;
  /** Cases there were when it was learnt. */
  readonly casesThen: number;
  readonly checksum: number;
}

export interface CodesRecord {
  readonly key: number;
  readonly rows: number;
  readonly codes: Uint8Array;
  /** Where it lies, for {@link CodesFile.wipe}. */
  readonly position: number;
}

export class CodesFile {
  readonly codebook: Codebook;
  readonly casesThen: number;
  readonly #handle: number;
  readonly #start: number;
  #end: number;

  private constructor(handle: number, codebook: Codebook, casesThen: number, start: number, end: number) {
    this.#handle = handle;
    this.codebook = codebook;
    this.casesThen = casesThen;
    this.#start = start;
    this.#end = end;
  }

  /** Starts a file under a passing name; {@link CodesFile.rename} gives it its own. */
  static create(path: string, codebook: Codebook, casesThen: number): CodesFile {
    rmSync(path, { force: true });
    const handle = openSync(path, 'wx+', 0o600);
    const parts = [codebook.centroids, codebook.basis, codebook.steps].map((part) => new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
    const checksum = parts.reduce((sum, part) => crc32(part, sum), 0);
    const { width, levels, dims, learntFrom } = codebook;
    const header: Header = { format, width, levels, dims, learntFrom, casesThen, checksum };
    let at = writeSync(handle, Buffer.from(JSON.stringify(header).padEnd(headerBytes)), 0, headerBytes, 0);
    for (const part of parts) at += writeSync(handle, part, 0, part.length, at);
    return new CodesFile(handle, codebook, casesThen, at, at);
  }

  /** Opens a file. @returns null if there is none, or none that can be used */
  static open(path: string, width: number): CodesFile | null {
    let handle: number;
    try {
      handle = openSync(path, 'r+');
    } catch {
      return null;
    }
    try {
      const bytes = Buffer.alloc(headerBytes);
      readSync(handle, bytes, 0, headerBytes, 0);
      const header = JSON.parse(bytes.toString('utf8').trim()) as Header;
      const stride = Math.ceil(width / 4) * 4;
      if (header.format !== format || header.width !== width) throw new Error('another format');
      const lengths = [header.levels * centroidsPerLevel * stride, header.dims * stride, header.dims];
      let at = headerBytes;
      let checksum = 0;
      const [centroids, basis, steps] = lengths.map((length) => {
        const part = new Float32Array(length);
        const raw = new Uint8Array(part.buffer);
        at += readSync(handle, raw, 0, raw.length, at);
        checksum = crc32(raw, checksum);
        return part;
      }) as [Float32Array, Float32Array, Float32Array];
      if (checksum !== header.checksum) throw new Error('a damaged codebook');
      const codebook: Codebook = { width, stride, levels: header.levels, dims: header.dims, centroids, basis, steps, learntFrom: header.learntFrom };
      return new CodesFile(handle, codebook, header.casesThen, at, statSync(path).size);
    } catch {
      closeSync(handle);
      return null;
    }
  }

  /** All whole records, in the order they lie; those that were wiped have key 0. What follows a torn one is cut off. */
  *records(): Generator<CodesRecord> {
    const perRow = rowBytes(this.codebook);
    let window = Buffer.alloc(0);
    let from = this.#start;
    const bytesAt = (position: number, length: number): Buffer | null => {
      if (position + length > from + window.length) {
        if (position + length > this.#end) return null;
        window = Buffer.alloc(Math.min(Math.max(readAhead, length), this.#end - position));
        from = position;
        if (readSync(this.#handle, window, 0, window.length, position) < length) return null;
      }
      return window.subarray(position - from, position - from + length);
    };
    let position = this.#start;
    while (position < this.#end) {
      const head = bytesAt(position, recordHeaderBytes);
      const rows = head?.readUInt32LE(4) ?? 0;
      if (head?.readUInt32LE(0) !== magic || rows === 0 || rows > 65_536) break;
      const [key, checksum] = [head.readDoubleLE(8), head.readUInt32LE(16)];
      const codes = bytesAt(position + recordHeaderBytes, rows * perRow);
      if (codes === null) break;
      yield { key: key !== 0 && checksumOf(key, codes) === checksum ? key : 0, rows, codes, position };
      position += recordHeaderBytes + codes.length;
    }
    this.#end = position;
  }

  /**
   * Writes a record at a place given back earlier, or at the end. Not synced: what a power cut takes is computed again.
   * @returns where it lies
   */
  write(key: number, rows: number, codes: Uint8Array, position = this.#end): number {
    const bytes = this.#bytesOf(key, rows, codes);
    writeSync(this.#handle, bytes, 0, bytes.length, position);
    if (position === this.#end) this.#end += bytes.length;
    return position;
  }

  /** Writes many at the end. @returns where each lies */
  append(items: readonly { readonly key: number; readonly rows: number; readonly codes: Uint8Array }[]): number[] {
    const parts = items.map(({ key, rows, codes }) => this.#bytesOf(key, rows, codes));
    const all = Buffer.concat(parts);
    writeSync(this.#handle, all, 0, all.length, this.#end);
    return parts.map((part) => {
      const position = this.#end;
      this.#end += part.length;
      return position;
    });
  }

  #bytesOf(key: number, rows: number, codes: Uint8Array): Buffer {
    const bytes = Buffer.alloc(recordHeaderBytes + codes.length);
    bytes.writeUInt32LE(magic, 0);
    bytes.writeUInt32LE(rows, 4);
    bytes.writeDoubleLE(key, 8);
    bytes.writeUInt32LE(checksumOf(key, codes), 16);
    bytes.set(codes, recordHeaderBytes);
    return bytes;
  }

  /** Overwrites records with zeros, durably. */
  wipe(records: readonly { readonly position: number; readonly rows: number }[]): void {
    if (records.length === 0) return;
    for (const { position, rows } of records) {
      const bytes = Buffer.alloc(recordHeaderBytes + rows * rowBytes(this.codebook));
      bytes.writeUInt32LE(magic, 0);
      bytes.writeUInt32LE(rows, 4);
      writeSync(this.#handle, bytes, 0, bytes.length, position);
    }
    fsyncSync(this.#handle);
  }

  /** Puts the finished file in the place of an earlier one. */
  static rename(from: string, to: string): void {
    renameSync(from, to);
  }

  close(): void {
    closeSync(this.#handle);
  }
}

/** Holds the key as well, so that codes are never taken for another case's. */
function checksumOf(key: number, codes: Uint8Array): number {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(key, 0);
  return crc32(codes, crc32(bytes));
}
