/**
 * DICOM files made byte by byte, so that a test can write what no library would: any encoding, broken or not. Data
 * elements are written in the order given.
 */
import { deflateRawSync } from 'node:zlib';

/** Tag as eight hexadecimal digits, VR, value: text or raw bytes, numbers for binary VRs, items for SQ. */
export type TestElement = readonly [tag: string, vr: string, value: string | Uint8Array | readonly number[] | readonly (readonly TestElement[])[]];

export interface TestFileOptions {
  readonly transferSyntax?: string;
  /** Leave out preamble and file meta information. */
  readonly bare?: boolean;
  /** Compressed frames, one fragment each, instead of native pixel data. */
  readonly fragments?: readonly Uint8Array[];
  readonly offsetTable?: readonly number[];
}

const explicitLittle = '1.2.840.10008.1.2.1';
const longVrs = new Set(['OB', 'OD', 'OF', 'OL', 'OW', 'SQ', 'UC', 'UN', 'UR', 'UT']);
const numberBytes: Readonly<Record<string, number>> = { US: 2, SS: 2, UL: 4, SL: 4, FL: 4, FD: 8, AT: 2, OW: 2 };

interface Encoding {
  readonly implicit: boolean;
  readonly big: boolean;
}

function uint(value: number, bytes: 2 | 4, big: boolean): Buffer {
  const buffer = Buffer.alloc(bytes);
  if (big) buffer.writeUIntBE(value, 0, bytes);
  else buffer.writeUIntLE(value, 0, bytes);
  return buffer;
}

function encodeNumbers(values: readonly number[], vr: string, big: boolean): Buffer {
  const size = numberBytes[vr] ?? 1;
  const buffer = Buffer.alloc(values.length * size);
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
  values.forEach((value, index) => {
    const at = index * size;
    if (vr === 'FD') view.setFloat64(at, value, !big);
    else if (vr === 'FL') view.setFloat32(at, value, !big);
    else if (size === 2) view.setUint16(at, value & 0xffff, !big);
    else if (size === 4) view.setUint32(at, value >>> 0, !big);
    else view.setUint8(at, value & 0xff);
  });
  return buffer;
}

function encodeValue(vr: string, value: TestElement[2], encoding: Encoding): Buffer {
  if (typeof value === 'string') return Buffer.from(value, 'latin1');
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (vr === 'SQ') {
    const items = value as readonly (readonly TestElement[])[];
    return Buffer.concat(items.map((item) => {
      const content = Buffer.concat(item.map((element) => encodeElement(element, encoding)));
      return Buffer.concat([tagBytes('fffee000', encoding.big), uint(content.length, 4, encoding.big), content]);
    }));
  }
  return encodeNumbers(value as readonly number[], vr, encoding.big);
}

const tagBytes = (tag: string, big: boolean): Buffer => Buffer.concat([uint(Number.parseInt(tag.slice(0, 4), 16), 2, big), uint(Number.parseInt(tag.slice(4), 16), 2, big)]);

function encodeElement([tag, vr, value]: TestElement, encoding: Encoding): Buffer {
  const raw = encodeValue(vr, value, encoding);
  const padded = raw.length % 2 === 0 ? raw : Buffer.concat([raw, Buffer.from(vr === 'UI' || vr === 'OB' ? '\0' : ' ')]);
  const head = tagBytes(tag, encoding.big);
  if (encoding.implicit) return Buffer.concat([head, uint(padded.length, 4, false), padded]);
  const length = longVrs.has(vr) ? Buffer.concat([Buffer.alloc(2), uint(padded.length, 4, encoding.big)]) : uint(padded.length, 2, encoding.big);
  return Buffer.concat([head, Buffer.from(vr, 'latin1'), length, padded]);
}

/** The bytes of a file with these elements. */
export function dicomFile(elements: readonly TestElement[], options: TestFileOptions = {}): Buffer {
  const syntax = options.transferSyntax ?? explicitLittle;
  const encoding = { implicit: syntax === '1.2.840.10008.1.2', big: syntax === '1.2.840.10008.1.2.2' };
  const body = Buffer.concat([...elements.map((element) => encodeElement(element, encoding)), ...(options.fragments === undefined ? [] : [encapsulate(options.fragments, options.offsetTable ?? [])])]);
  const dataSet = syntax === '1.2.840.10008.1.2.1.99' ? deflateRawSync(body) : body;
  if (options.bare === true) return dataSet;
  const meta = Buffer.concat(([['00020002', 'UI', '1.2.840.10008.5.1.4.1.1.4'], ['00020003', 'UI', '2.25.1'], ['00020010', 'UI', syntax]] as const).map((element) => encodeElement(element, { implicit: false, big: false })));
  return Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), encodeElement(['00020000', 'UL', [meta.length]], { implicit: false, big: false }), meta, dataSet]);
}

function encapsulate(fragments: readonly Uint8Array[], offsets: readonly number[]): Buffer {
  const item = (content: Uint8Array): Buffer => Buffer.concat([tagBytes('fffee000', false), uint(content.length + (content.length % 2), 4, false), content, Buffer.alloc(content.length % 2)]);
  return Buffer.concat([
    tagBytes('7fe00010', false), Buffer.from('OB\0\0'), uint(0xffffffff, 4, false),
    item(encodeNumbers(offsets, 'UL', false)), ...fragments.map(item), tagBytes('fffee0dd', false), uint(0, 4, false),
  ]);
}

export interface TestImageOptions extends TestFileOptions {
  readonly rows?: number;
  readonly columns?: number;
  readonly frames?: number;
  readonly bitsAllocated?: number;
  readonly bitsStored?: number;
  readonly highBit?: number;
  readonly signed?: boolean;
  readonly samplesPerPixel?: number;
  readonly photometric?: string;
  /** Raw pixel bytes, little endian; omitted: no pixel data. */
  readonly pixels?: Uint8Array | readonly number[];
  readonly sopInstanceUid?: string;
  /** Replace or add elements, by tag; an element with VR `--` is left out. */
  readonly elements?: readonly TestElement[];
}

/** An axial MR image with plausible attributes; elements are sorted by tag. */
export function dicomImage(options: TestImageOptions = {}): Buffer {
  const { rows = 2, columns = 2, bitsAllocated = 16 } = options;
  const bitsStored = options.bitsStored ?? bitsAllocated;
  const usual: TestElement[] = [
    ['00080005', 'CS', 'ISO_IR 100'], ['00080008', 'CS', 'ORIGINAL\\PRIMARY\\M'], ['00080016', 'UI', '1.2.840.10008.5.1.4.1.1.4'], ['00080018', 'UI', options.sopInstanceUid ?? '2.25.1'],
    ['00080020', 'DA', '20240229'], ['00080030', 'TM', '101530.25'], ['00080060', 'CS', 'MR'], ['0008103e', 'LO', 'T1 AX POST'],
    ['00100010', 'PN', 'Doe^Jane'], ['00100020', 'LO', 'P1'], ['00100030', 'DA', '19600301'], ['00100040', 'CS', 'F'],
    ['00180050', 'DS', '5'], ['00180080', 'DS', '550'], ['00180081', 'DS', '12'],
    ['0020000d', 'UI', '2.25.2'], ['0020000e', 'UI', '2.25.3'], ['00200011', 'IS', '4'], ['00200013', 'IS', '1'],
    ['00200032', 'DS', '-100\\-90\\12.5'], ['00200037', 'DS', '1\\0\\0\\0\\1\\0'], ['00200052', 'UI', '2.25.4'],
    ['00280002', 'US', [options.samplesPerPixel ?? 1]], ['00280004', 'CS', options.photometric ?? 'MONOCHROME2'],
    ...(options.frames === undefined ? [] : [['00280008', 'IS', `${options.frames}`] as const]),
    ['00280010', 'US', [rows]], ['00280011', 'US', [columns]], ['00280030', 'DS', '0.5\\0.75'],
    ['00280100', 'US', [bitsAllocated]], ['00280101', 'US', [bitsStored]], ['00280102', 'US', [options.highBit ?? bitsStored - 1]], ['00280103', 'US', [options.signed === true ? 1 : 0]],
    ...(options.pixels === undefined ? [] : [['7fe00010', bitsAllocated > 8 ? 'OW' : 'OB', options.pixels] as const]),
  ];
  const byTag = new Map(usual.map((element) => [element[0], element]));
  for (const element of options.elements ?? []) byTag.set(element[0], element);
  const elements = [...byTag.values()].filter(([, vr]) => vr !== '--').sort(([a], [b]) => (a < b ? -1 : 1));
  return dicomFile(elements, options);
}
