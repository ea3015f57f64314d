/**
 * Typed, forgiving access to the elements of a parsed data set: text in its character set, numbers whatever VR they
 * were written with, sequences as lists. Absent, empty and unreadable values are `''`, `[]` or null.
 */
import type { DataSet, Element } from 'dicom-parser';
import { textDecoder } from './characterSet.ts';
import type { DecodeText } from './characterSet.ts';
import { tags } from './tags.ts';
import { parseDecimal } from './values.ts';

type BinaryVr = 'US' | 'SS' | 'UL' | 'SL' | 'FL' | 'FD';
const binaryReaders: Readonly<Record<BinaryVr, { size: number; read: keyof DataSet['byteArrayParser'] }>> = {
  US: { size: 2, read: 'readUint16' }, SS: { size: 2, read: 'readInt16' }, UL: { size: 4, read: 'readUint32' }, SL: { size: 4, read: 'readInt32' },
  FL: { size: 4, read: 'readFloat' }, FD: { size: 8, read: 'readDouble' },
};
const isBinary = (vr: string | undefined): vr is BinaryVr => vr !== undefined && vr in binaryReaders;
const isText = (vr: string | undefined): boolean => vr === 'DS' || vr === 'IS' || vr === 'LO' || vr === 'SH' || vr === 'CS' || vr === 'ST' || vr === 'LT' || vr === 'UT';
/** No attribute read here has values longer than this; a longer one is damage or a disguise. */
const maxValueBytes = 1 << 20;

export class Attributes {
  readonly #dataSet: DataSet;
  readonly #decode: DecodeText;

  constructor(dataSet: DataSet, inherited?: DecodeText) {
    this.#dataSet = dataSet;
    const own = this.#latin(tags.specificCharacterSet);
    this.#decode = dataSet.elements[tags.specificCharacterSet] === undefined ? (inherited ?? textDecoder([])) : textDecoder(own.split('\\'));
  }

  has(tag: string): boolean {
    return (this.#element(tag)?.length ?? 0) > 0;
  }

  /** The whole value in its character set, without padding; multiple values still joined by backslashes. */
  text(tag: string): string {
    const bytes = this.bytes(tag);
    return bytes === null ? '' : this.#decode(bytes).replaceAll('\0', '').trim();
  }

  /** The values of a multi-valued text attribute, trimmed; empty list when absent or empty. */
  texts(tag: string): string[] {
    const text = this.text(tag);
    return text === '' ? [] : text.split('\\').map((part) => part.trim());
  }

  /** A unique identifier without padding. Never decoded: identifiers are ASCII. */
  uid(tag: string): string {
    return this.#latin(tag).split('\\')[0]!.trim();
  }

  /** Upper-case coded values (VR CS). */
  codes(tag: string): string[] {
    return this.texts(tag).map((code) => code.toUpperCase());
  }

  /**
   * All values as numbers; unreadable ones are null, so that positions in the list keep their meaning.
   * @param vr how to read them where the file does not say (implicit VR, UN)
   */
  numbers(tag: string, vr: BinaryVr | 'DS' | 'IS'): (number | null)[] {
    const element = this.#element(tag);
    if (element === undefined || element.length === 0) return [];
    const actual = isBinary(element.vr) || isText(element.vr) ? element.vr! : vr;
    if (!isBinary(actual)) return this.#latin(tag).split('\\').map(parseDecimal);
    const { size, read } = binaryReaders[actual];
    const parser = element.parser ?? this.#dataSet.byteArrayParser;
    const bytes = this.bytes(tag);
    if (bytes === null) return [];
    return Array.from({ length: Math.floor(bytes.length / size) }, (_, index) => {
      const value = parser[read](this.#dataSet.byteArray, element.dataOffset + index * size);
      return Number.isFinite(value) ? value : null;
    });
  }

  number(tag: string, vr: BinaryVr | 'DS' | 'IS'): number | null {
    return this.numbers(tag, vr)[0] ?? null;
  }

  /** An attribute tag value (VR AT) in the notation of {@link tags}; empty when absent. */
  tag(tag: string): string {
    const [group, element] = this.numbers(tag, 'US');
    if (group === null || group === undefined || element === null || element === undefined) return '';
    return `x${group.toString(16).padStart(4, '0')}${element.toString(16).padStart(4, '0')}`;
  }

  items(tag: string): Attributes[] {
    return (this.#dataSet.elements[tag]?.items ?? []).flatMap((item) => (item.dataSet === undefined ? [] : [new Attributes(item.dataSet, this.#decode)]));
  }

  /** The first item of a sequence, as is usual for functional groups. */
  item(tag: string): Attributes | null {
    const item = this.#dataSet.elements[tag]?.items?.[0]?.dataSet;
    return item === undefined ? null : new Attributes(item, this.#decode);
  }

  /** The value's bytes, a view of the parsed buffer; null when absent, empty or not wholly in the buffer. */
  bytes(tag: string, limit = maxValueBytes): Uint8Array | null {
    const element = this.#element(tag);
    if (element === undefined || element.length === 0 || element.length > limit) return null;
    if (element.dataOffset + element.length > this.#dataSet.byteArray.length) return null;
    return this.#dataSet.byteArray.subarray(element.dataOffset, element.dataOffset + element.length);
  }

  /**
   * The tag of a private element: `element` within the block reserved by the creator (PS3.5 section 7.8.1).
   * @param group hexadecimal, four digits
   * @param element hexadecimal, two digits
   * @returns null when the file has no such block
   */
  privateTag(group: string, creator: string, element: string): string | null {
    for (let block = 0x10; block <= 0xff; block++) {
      const reservation = `x${group}00${block.toString(16).padStart(2, '0')}`;
      if (this.#dataSet.elements[reservation] === undefined) continue;
      if (this.#latin(reservation).trim().toUpperCase().startsWith(creator.toUpperCase())) return `x${group}${block.toString(16).padStart(2, '0')}${element}`;
    }
    return null;
  }

  #element(tag: string): (Element & { readonly length: number }) | undefined {
    const element = this.#dataSet.elements[tag];
    return element === undefined || element.hadUndefinedLength === true ? undefined : element;
  }

  #latin(tag: string): string {
    const bytes = this.bytes(tag);
    return bytes === null ? '' : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1').replaceAll('\0', '');
  }
}
