/**
 * RLE Lossless (PS3.5 annex G): byte planes, most significant first, each packed by PackBits. None of the kept codec
 * packages offers it outside a browser's image loader, and the standard's description is the whole algorithm.
 */

const headerBytes = 64;

/**
 * @param bytesPerSample 1, 2 or 4
 * @returns little-endian samples
 * @throws RangeError when the segments do not make exactly the pixels asked for
 */
export function decodeRle(frame: Uint8Array, pixelCount: number, bytesPerSample: number): Uint8Array {
  if (frame.length < headerBytes) throw new RangeError('the RLE header is incomplete');
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const segments = view.getUint32(0, true);
  if (segments !== bytesPerSample) throw new RangeError(`${segments} RLE segments where ${bytesPerSample} were expected`);
  const output = new Uint8Array(pixelCount * bytesPerSample);
  for (let segment = 0; segment < segments; segment++) {
    const start = view.getUint32(4 + 4 * segment, true);
    const end = segment + 1 < segments ? view.getUint32(8 + 4 * segment, true) : frame.length;
    if (start < headerBytes || end > frame.length || start > end) throw new RangeError('an RLE segment lies outside the frame');
    unpackPlane(frame.subarray(start, end), output, bytesPerSample - 1 - segment, bytesPerSample, pixelCount);
  }
  return output;
}

function unpackPlane(packed: Uint8Array, output: Uint8Array, first: number, stride: number, count: number): void {
  let position = 0;
  let written = 0;
  while (written < count) {
    if (position >= packed.length) throw new RangeError('an RLE segment is too short');
    const control = packed[position++]!;
    if (control === 128) continue;
    if (control < 128) {
      const run = Math.min(control + 1, count - written);
      if (position + run > packed.length) throw new RangeError('an RLE segment is too short');
      for (let i = 0; i < run; i++) output[first + stride * written++] = packed[position + i]!;
      position += control + 1;
    } else {
      const run = Math.min(257 - control, count - written);
      if (position >= packed.length) throw new RangeError('an RLE segment is too short');
      const value = packed[position++]!;
      for (let i = 0; i < run; i++) output[first + stride * written++] = value;
    }
  }
}
