/**
 * One compressed frame to stored values, by the cornerstone and dcmjs family of codecs. Runs inside a decode worker:
 * these are WebAssembly builds of C++ libraries, and after one has thrown its memory is not to be trusted.
 */
import { Decoder as JpegLosslessDecoder } from '@cornerstonejs/jpeg-lossless-decoder-js';
import { EngineError } from '../../../shared/errors.ts';
import type { PixelCodec } from '../transferSyntax.ts';
import type { PixelFormat, StoredPixels } from '../types.ts';
import { codestreamSize } from './codestream.ts';
import type { CodestreamSize } from './codestream.ts';
import { decodeRle } from './rle.ts';
import { storedValues, trim } from './storedValues.ts';

export type CompressedCodec = Exclude<PixelCodec, 'native'>;

/** How far the lossless JPEG decoder reads beyond the end of a whole image, looking for one sample more. */
const lookAheadBytes = 4;

const quiet = { print: (): void => undefined, printErr: (): void => undefined };
type WasmCodec = Exclude<CompressedCodec, 'rle' | 'jpeg-lossless'>;

/** Instantiated codecs. One that has failed cannot be made again in the same thread: the pool replaces the worker. */
const decoders = new Map<WasmCodec, new () => WasmFrameDecoder>();

/**
 * @throws EngineError `dicom/decode-failed`, `dicom/unsupported-transfer-syntax` (JPEG of more than 8 bits with loss)
 */
export async function decodeFrame(frame: Uint8Array, codec: CompressedCodec, format: PixelFormat, name: string): Promise<StoredPixels> {
  if (codec === 'rle') return guarded(name, () => storedValues(decodeRle(frame, format.rows * format.columns, format.bitsAllocated / 8), format));
  const size = codestreamSize(frame);
  requireSameSize(size, format, name);
  if (codec === 'jpeg' && size.precision > 8) {
    throw new EngineError('dicom/unsupported-transfer-syntax', `Lossy JPEG with ${size.precision} bits per pixel is not read`, { subject: name, advice: 'Ask for the series uncompressed or losslessly compressed' });
  }
  if (codec === 'jpeg-lossless') return guarded(name, () => fit(jpegLossless(frame), size, format));
  const Decoder = decoders.get(codec) ?? (await guarded(name, async () => loadDecoder(codec)));
  decoders.set(codec, Decoder);
  return guarded(name, () => fit(runWasm(new Decoder(), frame, format), size, format));
}

/** Only the codec asked for is loaded: a worker starts faster and holds less. */
async function loadDecoder(codec: WasmCodec): Promise<new () => WasmFrameDecoder> {
  switch (codec) {
    case 'jpeg-ls':
      return (await (await import('@cornerstonejs/codec-charls/decodewasmjs')).default(quiet)).JpegLSDecoder;
    case 'jpeg':
      return (await (await import('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs')).default(quiet)).JPEGDecoder;
    case 'jpeg-2000':
      return (await (await import('@cornerstonejs/codec-openjpeg/decodewasmjs')).default(quiet)).J2KDecoder;
    case 'htj2k':
      return (await (await import('@cornerstonejs/codec-openjph/wasmjs')).default(quiet)).HTJ2KDecoder;
  }
}

function requireSameSize(size: CodestreamSize | null, format: PixelFormat, name: string): asserts size is CodestreamSize {
  const advice = 'Export the file again from its source';
  if (size === null) throw new EngineError('dicom/decode-failed', 'The compressed image has no header', { subject: name, advice });
  if (size.rows !== format.rows || size.columns !== format.columns || size.components !== 1) {
    throw new EngineError('dicom/decode-failed', `The compressed image is ${size.columns} x ${size.rows} with ${size.components} components where the header says ${format.columns} x ${format.rows} with 1`, { subject: name, advice });
  }
  if (size.precision > format.bitsAllocated || size.precision > 16) {
    throw new EngineError('dicom/decode-failed', `The compressed image has ${size.precision} bits per pixel where the header allows ${format.bitsAllocated}`, { subject: name, advice });
  }
}

function runWasm(decoder: WasmFrameDecoder, frame: Uint8Array, format: PixelFormat): Uint8Array | Uint16Array {
  decoder.getEncodedBuffer(frame.length).set(frame);
  decoder.decode();
  const info = decoder.getFrameInfo();
  const decoded = decoder.getDecodedBuffer();
  const bytesPerSample = info.bitsPerSample <= 8 ? 1 : 2;
  const expected = format.rows * format.columns * bytesPerSample;
  if (info.width !== format.columns || info.height !== format.rows || decoded.length !== expected) throw new RangeError(`${decoded.length} bytes decoded where ${expected} were expected`);
  // A copy: the view is into the codec's memory.
  const bytes = decoded.slice();
  decoder.delete();
  return bytesPerSample === 1 ? bytes : new Uint16Array(bytes.buffer);
}

function jpegLossless(frame: Uint8Array): Uint8Array | Uint16Array {
  const decoder = new JpegLosslessDecoder();
  const values = decoder.decode(frame.buffer as ArrayBuffer, frame.byteOffset, frame.byteLength);
  // The decoder makes up the rest of a truncated image from zeros, reading on beyond its input.
  const beyond = (decoder.stream?.index ?? Infinity) - frame.byteLength;
  if (beyond > lookAheadBytes || decoder.yLoc < decoder.yDim) throw new RangeError('the compressed image is incomplete');
  if (decoder.scan.al !== 0) throw new RangeError('point transforms are not decoded');
  return values;
}

/**
 * Brings decoded samples into the header's type. The sign bit is that of the codestream's own precision where it is
 * narrower than the header's: files whose header and codestream disagree about the sign carry the header's meaning.
 */
function fit(values: Uint8Array | Uint16Array, size: CodestreamSize, format: PixelFormat): StoredPixels {
  const { bitsAllocated, signed } = format;
  const output = bitsAllocated === 8 ? (signed ? new Int8Array(values) : new Uint8Array(values)) : bitsAllocated === 16 ? (signed ? new Int16Array(values) : new Uint16Array(values)) : signed ? new Int32Array(values) : new Uint32Array(values);
  const bits = Math.min(format.bitsStored, size.precision);
  return trim(output, { ...format, bitsStored: bits, highBit: bits - 1 });
}

async function guarded<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw new EngineError('dicom/decode-failed', 'The compressed image is damaged', { subject: name, advice: 'Export the file again from its source' }, { cause: error });
  }
}
