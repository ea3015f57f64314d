/**
 * Reads the beginning of a file in growing pieces, so that a header costs its own size and not that of the pixels
 * behind it. A deflated data set is inflated the same way, never further than asked: a decompression bomb costs what
 * its header would.
 */
import type { FileHandle } from 'node:fs/promises';
import { constants, createInflateRaw } from 'node:zlib';

export interface Prefix {
  readonly bytes: Buffer;
  /** Nothing comes after these bytes. */
  readonly complete: boolean;
}

/** Something whose first bytes can be had. */
export interface ByteSource {
  /** At least `length` bytes from the start, or all there are. */
  prefix(length: number): Promise<Prefix>;
}

/**
 * Reads exactly `length` bytes at `position`, fewer only at the end of the file.
 * @throws the file system's error
 */
export async function readAt(handle: FileHandle, position: number, length: number, into = Buffer.allocUnsafeSlow(length)): Promise<Buffer> {
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(into, done, length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return into.subarray(0, done);
}

/** The bytes of an open file from `start` to its end. */
export function fileBytes(handle: FileHandle, start: number, fileSize: number, alreadyRead: Buffer): ByteSource {
  let held = alreadyRead;
  return {
    async prefix(length) {
      const wanted = Math.max(0, Math.min(length, fileSize - start));
      if (held.length < wanted) held = await readAt(handle, start, wanted);
      return { bytes: held, complete: start + held.length >= fileSize };
    },
  };
}

/** The inflated bytes of a raw deflate stream (PS3.5 A.5) in a file; bytes after a damaged place are missing. */
export function inflatedBytes(compressed: ByteSource): ByteSource {
  return {
    async prefix(length) {
      for (let take = length; ; take *= 8) {
        const input = await compressed.prefix(take);
        const output = await inflateUpTo(input.bytes, length);
        if (output.bytes.length >= length || output.complete || input.complete) return { bytes: output.bytes, complete: output.bytes.length < length };
      }
    },
  };
}

/** Inflates until `limit` bytes are there, the stream ends, or it turns out damaged. */
async function inflateUpTo(input: Buffer, limit: number): Promise<Prefix> {
  const inflater = createInflateRaw({ finishFlush: constants.Z_SYNC_FLUSH });
  const pieces: Buffer[] = [];
  let total = 0;
  let ended = true;
  inflater.end(input);
  try {
    for await (const piece of inflater) {
      pieces.push(piece as Buffer);
      total += (piece as Buffer).length;
      if (total >= limit) {
        ended = false;
        break;
      }
    }
  } catch {
    ended = true;
  }
  return { bytes: Buffer.concat(pieces, Math.min(total, Math.max(limit, 0))), complete: ended && total < limit };
}
