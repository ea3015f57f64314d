/** What a decode worker is asked and how it does it: compressed, deflated and NIfTI frames of one file. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { constants, gunzipSync, inflateRawSync } from 'node:zlib';
import { EngineError } from '../../../shared/errors.ts';
import { voxelBytes } from '../nifti.ts';
import type { NiftiLayout } from '../nifti.ts';
import type { PixelLocation } from '../pixelFormat.ts';
import type { PixelFormat, StoredPixels } from '../types.ts';
import { decodeFrame } from './codecs.ts';
import type { CompressedCodec } from './codecs.ts';
import { encapsulatedFrames } from './encapsulated.ts';
import { floatValues, niftiValues } from './numbers.ts';
import { storedValues } from './storedValues.ts';

interface TaskBase {
  readonly path: string;
  readonly name: string;
  readonly format: PixelFormat;
  readonly frames: readonly number[];
}

export type DecodeTask =
  | (TaskBase & { readonly kind: 'compressed'; readonly codec: CompressedCodec; readonly location: PixelLocation })
  | (TaskBase & { readonly kind: 'deflated'; readonly location: PixelLocation })
  | (TaskBase & { readonly kind: 'nifti'; readonly layout: NiftiLayout });

/** Room for what may follow the pixels of a deflated data set, or the voxels of a NIfTI file. */
const trailing = 64 * 2 ** 20;
const maxFileBytes = 2 ** 31 - 1;

/** The bytes of the file last read, since the frames of one file are asked for in several tasks. */
let last: { readonly key: string; readonly bytes: Buffer } | null = null;

export async function runDecodeTask(task: DecodeTask): Promise<StoredPixels[]> {
  switch (task.kind) {
    case 'compressed': {
      const bytes = cachedBytes(task, task.location.offset, (data) => data);
      const source = encapsulatedFrames(bytes, task.format.numberOfFrames, task.codec, task.name);
      const decoded: StoredPixels[] = [];
      for (const frame of task.frames) decoded.push(await decodeFrame(source.frame(frame), task.codec, task.format, task.name));
      return decoded;
    }
    case 'deflated': {
      const { location, format } = task;
      const bytes = cachedBytes(task, location.deflatedFrom ?? 0, (data) => inflateRawSync(data, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: location.offset + location.length + trailing }));
      const size = format.rows * format.columns * (format.bitsAllocated / 8);
      return task.frames.map((frame) => {
        const copy = frameOf(bytes, location.offset + frame * size, size, task.name);
        return location.kind === 'integer' ? storedValues(copy, format) : floatValues(copy, location.kind);
      });
    }
    case 'nifti': {
      const { layout } = task;
      const bytes = cachedBytes(task, 0, (data) => (layout.gzipped ? gunzipSync(data, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: layout.voxelOffset + voxelBytes(layout) + trailing }) : data));
      const size = (task.format.rows * task.format.columns * task.format.bitsAllocated) / 8;
      return task.frames.map((frame) => niftiValues(frameOf(bytes, layout.voxelOffset + frame * size, size, task.name), layout));
    }
  }
}

/** A copy, so that it is aligned, may be worked on in place, and can be handed over without the rest of the file. */
function frameOf(bytes: Buffer, start: number, length: number, name: string): Uint8Array {
  if (start + length > bytes.length) throw new EngineError('dicom/truncated', 'The file is incomplete: it ends within its pixels', { subject: name, advice: 'Copy or export the file again' });
  return new Uint8Array(bytes.subarray(start, start + length));
}

function cachedBytes(task: TaskBase, from: number, unpack: (bytes: Buffer) => Buffer): Buffer {
  const descriptor = openSync(task.path, 'r');
  try {
    const { size, mtimeMs } = fstatSync(descriptor);
    const key = [task.path, from, size, mtimeMs].join('|');
    if (last?.key === key) return last.bytes;
    if (size - from > maxFileBytes) throw new EngineError('dicom/declared-size', 'Compressed files of more than 2 GiB are not read', { subject: task.name, advice: 'Split the file' });
    last = null;
    const stored = Buffer.allocUnsafeSlow(size - from);
    let done = 0;
    while (done < stored.length) {
      const count = readSync(descriptor, stored, done, stored.length - done, from + done);
      if (count === 0) break;
      done += count;
    }
    const bytes = unpackOrRefuse(stored.subarray(0, done), unpack, task.name);
    last = { key, bytes };
    return bytes;
  } finally {
    closeSync(descriptor);
  }
}

function unpackOrRefuse(stored: Buffer, unpack: (bytes: Buffer) => Buffer, name: string): Buffer {
  try {
    return unpack(stored);
  } catch (error) {
    const tooLong = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    if (tooLong) throw new EngineError('dicom/declared-size', 'The file unpacks to more than its header declares', { subject: name, advice: 'Export the file again from its source' });
    throw new EngineError('dicom/decode-failed', 'The file cannot be unpacked: its compressed data is damaged', { subject: name, advice: 'Copy or export the file again' }, { cause: error });
  }
}
