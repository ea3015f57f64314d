/** Reads uncompressed frames from an open file straight into the memory they are returned in. */
import type { FileHandle } from 'node:fs/promises';
import { EngineError } from '../../../shared/errors.ts';
import { readAt } from '../byteSource.ts';
import type { PixelLocation } from '../pixelFormat.ts';
import { explicitBigEndian } from '../transferSyntax.ts';
import type { PixelFormat, StoredPixels } from '../types.ts';
import { floatValues } from './numbers.ts';
import { storedValues } from './storedValues.ts';

/** @throws EngineError `dicom/truncated` when the file ends before a frame does */
export async function readNativeFrames(handle: FileHandle, location: PixelLocation, format: PixelFormat, frames: readonly number[], name: string): Promise<StoredPixels[]> {
  const bytesPerSample = format.bitsAllocated / 8;
  const size = format.rows * format.columns * bytesPerSample;
  const decoded: StoredPixels[] = [];
  for (const frame of frames) {
    const bytes = await readAt(handle, location.offset + frame * size, size);
    if (bytes.length < size) throw new EngineError('dicom/truncated', 'The file is incomplete: it ends within its pixels', { subject: name, advice: 'Copy or export the file again' });
    if (location.transferSyntaxUid === explicitBigEndian) swap(bytes, bytesPerSample);
    decoded.push(location.kind === 'integer' ? storedValues(bytes, format) : floatValues(bytes, location.kind));
  }
  return decoded;
}

function swap(bytes: Buffer, bytesPerSample: number): void {
  if (bytesPerSample === 2) bytes.swap16();
  else if (bytesPerSample === 4) bytes.swap32();
  else if (bytesPerSample === 8) bytes.swap64();
}
