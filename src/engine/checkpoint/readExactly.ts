/** Reads from a place in a file, all or an error; in pieces, since one read of the system takes no more than 2 GB. */
import type { FileHandle } from 'node:fs/promises';

const largestRead = 2 ** 30;

/** @throws Error if the file ends before */
export async function readExactly(file: FileHandle, start: number, length: number): Promise<Buffer> {
  // What the pool gives may lie anywhere; typed arrays need an aligned start.
  const bytes = Buffer.from(new ArrayBuffer(length));
  let at = 0;
  while (at < length) {
    const { bytesRead } = await file.read(bytes, at, Math.min(largestRead, length - at), start + at);
    if (bytesRead === 0) throw new Error('the file ends before its numbers do');
    at += bytesRead;
  }
  return bytes;
}
