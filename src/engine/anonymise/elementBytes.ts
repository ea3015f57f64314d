/** Data elements as bytes (PS3.5 section 7.1), in the encoding of the file they come from. */
export interface Encoding {
  readonly implicitVr: boolean;
  readonly bigEndian: boolean;
}

/** A data element whose value is encoded already. */
export interface EncodedElement {
  /** Eight lower-case hexadecimal digits. */
  readonly tag: string;
  readonly vr: string;
  readonly value: Buffer;
}

const longVrs = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);
export const undefinedLength = 0xffffffff;

/** Whether a value can be written with its VR: most have lengths of 16 bits where the VR is written at all. */
export const fits = (vr: string, value: Buffer): boolean => longVrs.has(vr) || value.length < 0xffff;

function integer(value: number, bytes: 2 | 4, bigEndian: boolean): Buffer {
  const buffer = Buffer.alloc(bytes);
  if (bigEndian) buffer.writeUIntBE(value, 0, bytes);
  else buffer.writeUIntLE(value, 0, bytes);
  return buffer;
}

const tagBytes = (tag: string, bigEndian: boolean): Buffer => Buffer.concat([integer(Number.parseInt(tag.slice(0, 4), 16), 2, bigEndian), integer(Number.parseInt(tag.slice(4), 16), 2, bigEndian)]);

/** Tag, VR and length; the value follows. */
export function elementHead(tag: string, vr: string, length: number, { implicitVr, bigEndian }: Encoding): Buffer {
  const head = tagBytes(tag, bigEndian);
  if (implicitVr) return Buffer.concat([head, integer(length, 4, bigEndian)]);
  return longVrs.has(vr)
    ? Buffer.concat([head, Buffer.from(vr, 'latin1'), Buffer.alloc(2), integer(length, 4, bigEndian)])
    : Buffer.concat([head, Buffer.from(vr, 'latin1'), integer(length, 2, bigEndian)]);
}

/** Text of even length, padded as its VR wants it. */
export function textValue(text: string, vr: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  return bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.from(vr === 'UI' ? '\0' : ' ')]);
}

/** @param items encoded data sets */
export const sequenceValue = (items: readonly Buffer[], { bigEndian }: Encoding): Buffer =>
  Buffer.concat(items.flatMap((item) => [tagBytes('fffee000', bigEndian), integer(item.length, 4, bigEndian), item]));

/** A data set: its elements in the order of their tags. */
export const dataSetBytes = (elements: readonly EncodedElement[], encoding: Encoding): Buffer =>
  Buffer.concat([...elements].sort((a, b) => (a.tag < b.tag ? -1 : 1)).flatMap(({ tag, vr, value }) => [elementHead(tag, vr, value.length, encoding), value]));

const metaEncoding: Encoding = { implicitVr: false, bigEndian: false };

/** Preamble and file meta information (PS3.10 section 7.1); neither preamble nor application entities of the source are carried over. */
export function fileMeta(meta: { readonly sopClassUid: string; readonly sopInstanceUid: string; readonly transferSyntaxUid: string; readonly implementationClassUid: string }): Buffer {
  const text = (tag: string, value: string): EncodedElement => ({ tag, vr: 'UI', value: textValue(value, 'UI') });
  const elements = dataSetBytes([
    { tag: '00020001', vr: 'OB', value: Buffer.from([0, 1]) },
    text('00020002', meta.sopClassUid), text('00020003', meta.sopInstanceUid), text('00020010', meta.transferSyntaxUid), text('00020012', meta.implementationClassUid),
    { tag: '00020013', vr: 'SH', value: textValue('BRAT_DESKTOP', 'SH') },
  ], metaEncoding);
  return Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), dataSetBytes([{ tag: '00020000', vr: 'UL', value: integer(elements.length, 4, false) }], metaEncoding), elements]);
}
