import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { dicomImage } from '../../../testing/dicomFiles.ts';
import type { TestImageOptions } from '../../../testing/dicomFiles.ts';
import { temporaryFolder } from '../../../testing/temporaryFolder.ts';
import { readInstance } from '../header.ts';
import type { FrameDecoder, InstanceHeader, StoredPixels } from '../types.ts';
import { createFrameDecoder } from './frameDecoder.ts';

const rleSyntax = '1.2.840.10008.1.2.5';
const jpeg2000 = '1.2.840.10008.1.2.4.90';

function decoder(options: Parameters<typeof createFrameDecoder>[0] = { workers: 2 }): FrameDecoder {
  const made = createFrameDecoder(options);
  onTestFinished(async () => { await made.close(); });
  return made;
}

async function open(options: TestImageOptions): Promise<InstanceHeader> {
  const folder = temporaryFolder({ file: dicomImage(options) });
  return readInstance({ path: join(folder, 'file'), name: 'file' });
}

async function decodeAll(options: TestImageOptions): Promise<StoredPixels[]> {
  const header = await open(options);
  return decoder().decode(header, header.frames.map(({ frame }) => frame));
}

/** Native pixels of each encoding, from the same values. */
const int16 = (...values: number[]): Uint8Array => new Uint8Array(Int16Array.from(values).buffer);
/** RLE segments of literal runs, most significant byte first. */
function rle(...planes: number[][]): Uint8Array {
  const segments = planes.map((plane) => Buffer.from([plane.length - 1, ...plane, ...(plane.length % 2 === 0 ? [128] : [])]));
  const header = Buffer.alloc(64);
  header.writeUInt32LE(planes.length, 0);
  segments.reduce((offset, segment, index) => {
    header.writeUInt32LE(offset, 4 + 4 * index);
    return offset + segment.length;
  }, 64);
  return Buffer.concat([header, ...segments]);
}

describe('uncompressed pixels', () => {
  test('only the stored bits count: rubbish above them is cut off', async () => {
    expect(await decodeAll({ bitsStored: 12, pixels: int16(0x7fff, -1, 0x1000, 0x0abc) })).toEqual([Uint16Array.of(0xfff, 0xfff, 0, 0xabc)]);
  });

  test('signed values are extended from their own sign bit', async () => {
    expect(await decodeAll({ bitsStored: 12, signed: true, pixels: int16(0x0fff, 0x0800, 0x07ff, 0x1001) })).toEqual([Int16Array.of(-1, -2048, 2047, 1)]);
  });

  test('a high bit above the stored bits is shifted down', async () => {
    expect(await decodeAll({ bitsStored: 12, highBit: 15, pixels: int16(0x1230, -1, 0, 0x000f) })).toEqual([Uint16Array.of(0x123, 0xfff, 0, 0)]);
  });

  test('full signed 16 bits', async () => {
    expect(await decodeAll({ signed: true, pixels: int16(-32768, 32767, -1, 0) })).toEqual([Int16Array.of(-32768, 32767, -1, 0)]);
  });

  test('8 bits, signed and not', async () => {
    expect(await decodeAll({ bitsAllocated: 8, pixels: [0, 127, 128, 255] })).toEqual([Uint8Array.of(0, 127, 128, 255)]);
    expect(await decodeAll({ bitsAllocated: 8, signed: true, pixels: [0, 127, 128, 255] })).toEqual([Int8Array.of(0, 127, -128, -1)]);
  });

  test('32 bits', async () => {
    expect(await decodeAll({ bitsAllocated: 32, rows: 1, columns: 2, pixels: new Uint8Array(Uint32Array.of(4_000_000_000, 1).buffer) })).toEqual([Uint32Array.of(4_000_000_000, 1)]);
  });

  test('float pixel data', async () => {
    const pixels = new Uint8Array(Float32Array.of(0.5, -1.25, 1e9, 0).buffer);
    expect(await decodeAll({ bitsAllocated: 32, elements: [['7fe00008', 'OF', pixels]] })).toEqual([Float32Array.of(0.5, -1.25, 1e9, 0)]);
  });

  test('big endian', async () => {
    expect(await decodeAll({ transferSyntax: '1.2.840.10008.1.2.2', signed: true, pixels: [0x0102, -2, 3, 4] })).toEqual([Int16Array.of(0x0102, -2, 3, 4)]);
  });

  test('deflated', async () => {
    expect(await decodeAll({ transferSyntax: '1.2.840.10008.1.2.1.99', frames: 2, pixels: [1, 2, 3, 4, 5, 6, 7, 8] })).toEqual([Uint16Array.of(1, 2, 3, 4), Uint16Array.of(5, 6, 7, 8)]);
  });

  test('frames come in the order asked for, each in memory of its own', async () => {
    const header = await open({ frames: 3, pixels: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] });
    const frames = await decoder().decode(header, [2, 0]);
    expect(frames).toEqual([Uint16Array.of(9, 10, 11, 12), Uint16Array.of(1, 2, 3, 4)]);
    expect(frames[0]?.buffer).not.toBe(frames[1]?.buffer);
  });

  test('a header that was stored and read back decodes the same', async () => {
    const header = await open({ pixels: [1, 2, 3, 4] });
    expect(await decoder().decode(JSON.parse(JSON.stringify(header)) as InstanceHeader, [0])).toEqual([Uint16Array.of(1, 2, 3, 4)]);
  });

  test('a file replaced since it was imported is refused, not shown as the old one', async () => {
    const header = await open({ pixels: [1, 2, 3, 4] });
    writeFileSync(header.source.path, dicomImage({ pixels: [5, 6, 7, 8], sopInstanceUid: '2.25.77' }));
    await expect(decoder().decode(header, [0])).rejects.toMatchObject({ code: 'dicom/bad-header' });
  });

  test('a file cut short since it was imported is refused', async () => {
    const header = await open({ pixels: [1, 2, 3, 4] });
    writeFileSync(header.source.path, dicomImage({ pixels: [1, 2, 3, 4] }).subarray(0, -2));
    await expect(decoder().decode(header, [0])).rejects.toMatchObject({ code: 'dicom/truncated' });
  });
});

describe('what is no grey image is refused by name', () => {
  test.each<[string, TestImageOptions]>([
    ['colour', { samplesPerPixel: 3, photometric: 'RGB', bitsAllocated: 8, pixels: new Uint8Array(12) }],
    ['a palette', { photometric: 'PALETTE COLOR', pixels: [1, 2, 3, 4] }],
    ['single bits', { bitsAllocated: 1, rows: 8, columns: 8, pixels: new Uint8Array(8) }],
    ['stored bits that do not fit', { bitsStored: 20, pixels: [1, 2, 3, 4] }],
  ])('%s', async (_, options) => {
    await expect(decodeAll(options)).rejects.toMatchObject({ code: 'dicom/unsupported-pixels', about: { subject: 'file' } });
  });

  test('a transfer syntax without a codec', async () => {
    await expect(decodeAll({ transferSyntax: '1.2.840.10008.1.2.4.110', fragments: [Buffer.alloc(20)] })).rejects.toMatchObject({ code: 'dicom/unsupported-transfer-syntax', message: expect.stringContaining('JPEG XL') as string });
  });
});

describe('encapsulated frames', () => {
  const frames = [rle([0, 1, 2, 3], [10, 11, 12, 13]), rle([0, 0, 0, 0], [20, 21, 22, 23])];
  const first = Uint16Array.of(10, 0x10b, 0x20c, 0x30d);
  const second = Uint16Array.of(20, 21, 22, 23);

  test('one fragment each, without an offset table', async () => {
    expect(await decodeAll({ transferSyntax: rleSyntax, frames: 2, fragments: frames })).toEqual([first, second]);
  });

  test('several fragments each, by the offset table', async () => {
    const [a, b] = frames as [Uint8Array, Uint8Array];
    const fragments = [a.subarray(0, 40), a.subarray(40), b.subarray(0, 30), b.subarray(30)];
    expect(await decodeAll({ transferSyntax: rleSyntax, frames: 2, fragments, offsetTable: [0, 8 + 40 + 8 + a.length - 40] })).toEqual([first, second]);
  });

  test('one frame in several fragments', async () => {
    const [a] = frames as [Uint8Array];
    expect(await decodeAll({ transferSyntax: rleSyntax, fragments: [a.subarray(0, 10), a.subarray(10, 66), a.subarray(66)] })).toEqual([first]);
  });

  test('several fragments each without an offset table cannot be told apart', async () => {
    const [a, b] = frames as [Uint8Array, Uint8Array];
    await expect(decodeAll({ transferSyntax: rleSyntax, frames: 2, fragments: [a.subarray(0, 40), a.subarray(40), b] })).rejects.toMatchObject({ code: 'dicom/decode-failed' });
  });

  test('fewer fragments than frames', async () => {
    await expect(decodeAll({ transferSyntax: rleSyntax, frames: 3, fragments: frames })).rejects.toMatchObject({ code: 'dicom/truncated' });
  });

  test('more frames than one task takes', async () => {
    const many = Array.from({ length: 50 }, (_, i) => rle([0, 0, 0, 0], [i, i, i, i]));
    const decoded = await decodeAll({ transferSyntax: rleSyntax, frames: 50, fragments: many });
    expect(decoded.map((pixels) => pixels[3])).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });
});

test('high-throughput JPEG 2000 comes back as it was encoded', async () => {
  const values = Int16Array.from({ length: 64 * 32 }, (_, i) => ((i * 37) % 4096) - 2048);
  const fragment = await encodeHighThroughput(values, 64, 32);
  const decoded = await decodeAll({ rows: 32, columns: 64, signed: true, transferSyntax: '1.2.840.10008.1.2.4.201', fragments: [fragment] });
  expect(decoded).toEqual([values]);
});

/** By the encoder half of the codec package. */
async function encodeHighThroughput(values: Int16Array, width: number, height: number): Promise<Uint8Array> {
  interface Encoder {
    getDecodedBuffer(info: object): Uint8Array;
    setQuality(lossless: boolean, step: number): void;
    encode(): void;
    getEncodedBuffer(): Uint8Array;
  }
  const silent = { print: (): void => undefined, printErr: (): void => undefined };
  const { HTJ2KEncoder } = (await (await import('@cornerstonejs/codec-openjph/wasmjs')).default(silent)) as unknown as { HTJ2KEncoder: new () => Encoder };
  const encoder = new HTJ2KEncoder();
  encoder.getDecodedBuffer({ width, height, bitsPerSample: 16, componentCount: 1, isSigned: true, isUsingColorTransform: false }).set(new Uint8Array(values.buffer));
  encoder.setQuality(true, 0);
  encoder.encode();
  return encoder.getEncodedBuffer().slice();
}

describe('damaged compressed pixels', () => {
  test.each<[string, string, Uint8Array]>([
    ['an RLE segment too short', rleSyntax, rle([0, 1, 2], [10, 11, 12])],
    ['RLE segments outside the frame', rleSyntax, Buffer.concat([Buffer.from([2, 0, 0, 0, 255, 0, 0, 0, 255, 255]), Buffer.alloc(60)])],
    ['noise for JPEG 2000', jpeg2000, Buffer.alloc(200, 0x5a)],
    ['a JPEG 2000 of another size', jpeg2000, Buffer.from('ff4fff51002900000000ffff0000ffff00000000000000000000ffff0000ffff000000000000000000010f0101', 'hex')],
    ['a JPEG 2000 header and nothing after it', jpeg2000, Buffer.from('ff4fff510029000000000002000000020000000000000000000000020000000200000000000000000001070101ff52', 'hex')],
    ['a JPEG-LS header and nothing after it', '1.2.840.10008.1.2.4.80', Buffer.from('ffd8fff7000b0800020002010111 00ffda'.replaceAll(' ', ''), 'hex')],
    ['a lossless JPEG cut in its scan', '1.2.840.10008.1.2.4.70', Buffer.from('ffd8ffc3000b080002000201011100ffc4001400010000000000000000000000000000000007ffda0008010100010000', 'hex')],
    ['a baseline JPEG header and nothing after it', '1.2.840.10008.1.2.4.50', Buffer.from('ffd8ffc0000b080002000201011100ffda', 'hex')],
  ])('%s', async (_, transferSyntax, fragment) => {
    const eight = transferSyntax === rleSyntax ? {} : { bitsAllocated: 8 };
    await expect(decodeAll({ ...eight, transferSyntax, fragments: [fragment] })).rejects.toMatchObject({ code: 'dicom/decode-failed', about: { subject: 'file' } });
  });

  test('do not keep good files from being decoded by the same decoder', async () => {
    const shared = decoder({ workers: 1 });
    const bad = await open({ bitsAllocated: 8, transferSyntax: jpeg2000, fragments: [Buffer.alloc(200, 0x5a)] });
    const good = await open({ transferSyntax: rleSyntax, fragments: [rle([0, 1, 2, 3], [10, 11, 12, 13])] });
    const results = await Promise.allSettled([shared.decode(bad, [0]), shared.decode(good, [0]), shared.decode(bad, [0]), shared.decode(good, [0])]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected', 'fulfilled']);
  });

  test('a 12-bit lossy JPEG is refused for what it is', async () => {
    const header = Buffer.from('ffd8ffc1000b0c0002000201011100ffda', 'hex');
    await expect(decodeAll({ bitsStored: 12, transferSyntax: '1.2.840.10008.1.2.4.51', fragments: [header] })).rejects.toMatchObject({ code: 'dicom/unsupported-transfer-syntax' });
  });
});

test('work beyond the time limit is stopped and named', async () => {
  const header = await open({ transferSyntax: rleSyntax, fragments: [rle([0, 1, 2, 3], [10, 11, 12, 13])] });
  await expect(decoder({ workers: 1, timeoutMs: 1 }).decode(header, [0])).rejects.toMatchObject({ code: 'dicom/decode-timeout' });
});

test('a cancelled call ends as cancelled', async () => {
  const header = await open({ transferSyntax: rleSyntax, fragments: [rle([0, 1, 2, 3], [10, 11, 12, 13])] });
  await expect(decoder().decode(header, [0], { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' });
  const stop = new AbortController();
  const running = decoder().decode(header, [0], { signal: stop.signal });
  stop.abort();
  await expect(running).rejects.toMatchObject({ code: 'cancelled' });
});
