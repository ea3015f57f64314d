/**
 * Transfer syntaxes this project reads (PS3.5 section 8 and annex A): how the data set is written and which codec the
 * pixels need. What is not listed is refused by name rather than guessed at.
 */

export type PixelCodec = 'native' | 'rle' | 'jpeg' | 'jpeg-lossless' | 'jpeg-ls' | 'jpeg-2000' | 'htj2k';

export interface TransferSyntax {
  readonly uid: string;
  /** PS3.6 name, for messages. */
  readonly name: string;
  readonly implicitVr: boolean;
  readonly bigEndian: boolean;
  readonly deflated: boolean;
  /** Null when there is no codec for it here; the header can still be read. */
  readonly codec: PixelCodec | null;
  readonly encapsulated: boolean;
}

export const implicitLittleEndian = '1.2.840.10008.1.2';
export const explicitLittleEndian = '1.2.840.10008.1.2.1';
export const explicitBigEndian = '1.2.840.10008.1.2.2';
export const deflatedLittleEndian = '1.2.840.10008.1.2.1.99';

const native: readonly (readonly [string, string])[] = [
  [implicitLittleEndian, 'Implicit VR Little Endian'],
  [explicitLittleEndian, 'Explicit VR Little Endian'],
  [explicitBigEndian, 'Explicit VR Big Endian'],
  [deflatedLittleEndian, 'Deflated Explicit VR Little Endian'],
];

const encapsulated: readonly (readonly [string, string, PixelCodec | null])[] = [
  ['1.2.840.10008.1.2.5', 'RLE Lossless', 'rle'],
  ['1.2.840.10008.1.2.4.50', 'JPEG Baseline (Process 1)', 'jpeg'],
  ['1.2.840.10008.1.2.4.51', 'JPEG Extended (Process 2 & 4)', 'jpeg'],
  ['1.2.840.10008.1.2.4.53', 'JPEG Spectral Selection (Process 6 & 8)', 'jpeg'],
  ['1.2.840.10008.1.2.4.55', 'JPEG Full Progression (Process 10 & 12)', 'jpeg'],
  ['1.2.840.10008.1.2.4.57', 'JPEG Lossless (Process 14)', 'jpeg-lossless'],
  ['1.2.840.10008.1.2.4.70', 'JPEG Lossless (Process 14, Selection Value 1)', 'jpeg-lossless'],
  ['1.2.840.10008.1.2.4.80', 'JPEG-LS Lossless', 'jpeg-ls'],
  ['1.2.840.10008.1.2.4.81', 'JPEG-LS Near-Lossless', 'jpeg-ls'],
  ['1.2.840.10008.1.2.4.90', 'JPEG 2000 (Lossless Only)', 'jpeg-2000'],
  ['1.2.840.10008.1.2.4.91', 'JPEG 2000', 'jpeg-2000'],
  ['1.2.840.10008.1.2.4.201', 'High-Throughput JPEG 2000 (Lossless Only)', 'htj2k'],
  ['1.2.840.10008.1.2.4.202', 'High-Throughput JPEG 2000 with RPCL Options (Lossless Only)', 'htj2k'],
  ['1.2.840.10008.1.2.4.203', 'High-Throughput JPEG 2000', 'htj2k'],
  ['1.2.840.10008.1.2.4.110', 'JPEG XL Lossless', null],
  ['1.2.840.10008.1.2.4.112', 'JPEG XL', null],
];

const known = new Map<string, TransferSyntax>([
  ...native.map(([uid, name]): [string, TransferSyntax] => [uid, {
    uid, name, codec: 'native', encapsulated: false,
    implicitVr: uid === implicitLittleEndian, bigEndian: uid === explicitBigEndian, deflated: uid === deflatedLittleEndian,
  }]),
  ...encapsulated.map(([uid, name, codec]): [string, TransferSyntax] => [uid, {
    uid, name, codec, encapsulated: true, implicitVr: false, bigEndian: false, deflated: false,
  }]),
]);

/**
 * The properties of a transfer syntax. An unknown one is taken as explicit little endian and encapsulated, as all
 * standard additions since 1993 are, with no codec: its header can be read, its pixels are refused.
 */
export function transferSyntax(uid: string): TransferSyntax {
  return known.get(uid) ?? { uid, name: `transfer syntax ${uid || '(none)'}`, implicitVr: false, bigEndian: false, deflated: false, codec: null, encapsulated: true };
}
