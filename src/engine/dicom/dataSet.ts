/**
 * Finds and parses the data set of a DICOM file up to its pixels: with or without preamble and file meta information
 * (PS3.10 section 7), in any transfer syntax. The element structure is dicom-parser's work; where the file contradicts
 * itself about its encoding, what its first element looks like decides.
 */
import type { FileHandle } from 'node:fs/promises';
import dicomParser from 'dicom-parser';
import type { DataSet } from 'dicom-parser';
import { EngineError } from '../../shared/errors.ts';
import { fileBytes, inflatedBytes } from './byteSource.ts';
import type { ByteSource } from './byteSource.ts';
import { tags } from './tags.ts';
import { deflatedLittleEndian, explicitBigEndian, explicitLittleEndian, implicitLittleEndian, transferSyntax } from './transferSyntax.ts';
import type { TransferSyntax } from './transferSyntax.ts';

declare module 'dicom-parser' {
  /** The class is exported; the package's types name its instances only. */
  export const DataSet: new (parser: ByteArrayParser, bytes: Buffer, elements: DataSet['elements']) => DataSet;
}

/** A header longer than this is refused: the longest known (enhanced, thousands of frames) stay below it. */
const maxHeaderBytes = 64 * 2 ** 20;
/** An enhanced file has some 25 sequence items a frame. Many more are damage, and would take seconds and gigabytes to parse. */
const maxItems = 600_000;
/**
 * What a header may cost, in fields read (one or two an element), since the parser takes seconds for a million elements
 * and the engine waits. Data sets hold a few hundred elements, items of vendors' sequences up to some forty; an enhanced
 * file of 10,000 frames stays below the last number.
 */
const fieldBudget = { dataSet: 40_000, item: 40, header: 2_000_000 } as const;
const firstRead = 64 * 1024;

export interface ParsedDataSet {
  readonly dataSet: DataSet;
  readonly syntax: TransferSyntax;
  /** Where the data set begins in the file. */
  readonly start: number;
  /** Of (7FE0,0010): offset from `start` (in inflated bytes for a deflated data set) and declared length. */
  readonly pixelData: { readonly offset: number; readonly length: number; readonly undefinedLength: boolean } | null;
  /** Inflated bytes held, for a deflated data set; else the file's own. */
  readonly source: ByteSource;
}

/** True when bytes begin like Part 10 (`DICM` after 128 bytes). */
export const hasPreamble = (bytes: Buffer): boolean => bytes.length >= 132 && bytes.toString('latin1', 128, 132) === 'DICM';

/** What the first element of a data set looks like; null when it looks like none. */
export function guessEncoding(bytes: Buffer): string | null {
  if (bytes.length < 8) return null;
  const vr = bytes.toString('latin1', 4, 6);
  const explicit = /^(AE|AS|AT|CS|DA|DS|DT|FD|FL|IS|LO|LT|OB|OW|PN|SH|SL|SQ|SS|ST|TM|UI|UL|UN|US|UT)$/.test(vr);
  if (explicit && [0x0002, 0x0004, 0x0008].includes(bytes.readUInt16LE(0))) return explicitLittleEndian;
  if (explicit && bytes.readUInt16BE(0) === 0x0008) return explicitBigEndian;
  // Identifying elements of group 8 come first, and none of them is long.
  if ([0x0002, 0x0008].includes(bytes.readUInt16LE(0)) && bytes.readUInt16LE(2) < 0x1200 && bytes.readUInt32LE(4) < 4096) return implicitLittleEndian;
  return null;
}

/**
 * Parses everything before the pixels.
 * @param head the first bytes of the file, {@link headBytes} of them or the whole file
 * @throws EngineError `dicom/not-dicom`, `dicom/truncated`, `dicom/bad-header`
 */
export async function parseUntilPixels(handle: FileHandle, fileSize: number, head: Buffer, name: string): Promise<ParsedDataSet> {
  if (fileSize === 0) throw new EngineError('dicom/not-dicom', 'The file is empty', { subject: name, advice: 'Copy it again from its source' });
  const meta = hasPreamble(head) ? await readMeta(handle, fileSize, head, name) : { start: 0, declared: '' };
  if (meta.start >= fileSize) throw truncated(name, 'it ends after its file meta information');
  const raw = fileBytes(handle, meta.start, fileSize, head.subarray(meta.start));
  const guessed = guessEncoding((await raw.prefix(firstRead)).bytes);
  if (!hasPreamble(head) && guessed === null) throw new EngineError('dicom/not-dicom', 'This is not a DICOM file', { subject: name, advice: 'Nothing needs to be done' });
  const syntax = chooseSyntax(meta.declared, guessed);
  const source = syntax.deflated ? inflatedBytes(raw) : raw;
  const { dataSet } = await parseGrowing(source, syntax, name);
  const element = dataSet.elements[tags.pixelData];
  return {
    dataSet, syntax, start: meta.start, source,
    pixelData: element === undefined ? null : { offset: element.dataOffset, length: element.length, undefinedLength: element.hadUndefinedLength === true },
  };
}

/** How much of a file {@link parseUntilPixels} wants to be given to begin with. */
export const headBytes = firstRead;

async function readMeta(handle: FileHandle, fileSize: number, head: Buffer, name: string): Promise<{ start: number; declared: string }> {
  const source = fileBytes(handle, 0, fileSize, head);
  const { bytes } = await source.prefix(head.length);
  try {
    const meta = dicomParser.readPart10Header(bytes) as DataSet & { position: number };
    return { start: meta.position, declared: meta.string(tags.transferSyntaxUid) ?? '' };
  } catch (error) {
    if (bytes.length <= 140) throw truncated(name, 'it ends after its preamble');
    throw badHeader(name, 'its file meta information cannot be parsed', error);
  }
}

/** The declared transfer syntax unless the bytes plainly say otherwise. */
function chooseSyntax(declared: string, guessed: string | null): TransferSyntax {
  if (declared === '') return transferSyntax(guessed ?? implicitLittleEndian);
  if (declared === deflatedLittleEndian || guessed === null || guessed === declared) return transferSyntax(declared);
  const syntax = transferSyntax(declared);
  if (syntax.encapsulated) return guessed === explicitLittleEndian ? syntax : { ...syntax, implicitVr: guessed === implicitLittleEndian };
  return transferSyntax(guessed);
}

async function parseGrowing(source: ByteSource, syntax: TransferSyntax, name: string): Promise<{ dataSet: DataSet }> {
  for (let length = firstRead; ; length *= 8) {
    const { bytes, complete } = await source.prefix(Math.min(length, maxHeaderBytes));
    const items = countItems(bytes, syntax.bigEndian);
    if (items > maxItems) throw badHeader(name, `it has more than ${maxItems} sequence items`, null);
    const parsed = tryParse(bytes, syntax, Math.min(fieldBudget.dataSet + items * fieldBudget.item, fieldBudget.header));
    if (parsed.overBudget) throw badHeader(name, 'it has more elements than any header needs', null);
    if (parsed.error === null && (complete || parsed.dataSet.elements[tags.pixelData] !== undefined)) return { dataSet: parsed.dataSet };
    if (complete && parsed.error !== null) {
      if (/buffer|overrun|past|seek|end of|eof|maxP/i.test(parsed.error)) throw truncated(name, 'an element of its header is longer than the file');
      throw badHeader(name, 'its header cannot be parsed', parsed.error);
    }
    if (length >= maxHeaderBytes) throw badHeader(name, 'it does not end within 64 MiB', null);
  }
}

/** Beginnings of sequence items, at most one more than {@link maxItems}. */
function countItems(bytes: Buffer, bigEndian: boolean): number {
  const item = Buffer.from(bigEndian ? 'fffee000' : 'feff00e0', 'hex');
  let count = 0;
  for (let at = bytes.indexOf(item); at >= 0 && count <= maxItems; at = bytes.indexOf(item, at + 4)) count += 1;
  return count;
}

interface Attempt {
  readonly dataSet: DataSet;
  readonly error: string | null;
  readonly overBudget: boolean;
}

/** @param budget fields that may be read before parsing is given up */
function tryParse(bytes: Buffer, { bigEndian, implicitVr }: TransferSyntax, budget: number): Attempt {
  const parser = bigEndian ? dicomParser.bigEndianByteArrayParser : dicomParser.littleEndianByteArrayParser;
  const stream = new dicomParser.ByteStream(parser, bytes, 0);
  const dataSet = new dicomParser.DataSet(parser, bytes, {});
  let left = budget;
  const spend = (): void => {
    left -= 1;
    if (left < 0) throw new Error('over budget');
  };
  // Every explicit element reads its VR as text, every implicit one and every item its length as 32 bits.
  const { readFixedString, readUint32 } = stream;
  stream.readFixedString = (length) => { spend(); return readFixedString.call(stream, length); };
  stream.readUint32 = () => { spend(); return readUint32.call(stream); };
  try {
    const parse = implicitVr ? dicomParser.parseDicomDataSetImplicit : dicomParser.parseDicomDataSetExplicit;
    parse(dataSet, stream, bytes.length, { untilTag: tags.pixelData });
    return { dataSet, error: null, overBudget: false };
  } catch (thrown) {
    return { dataSet, error: thrown instanceof Error ? thrown.message : String(thrown), overBudget: left < 0 };
  }
}

const truncated = (name: string, how: string): EngineError =>
  new EngineError('dicom/truncated', `The file is incomplete: ${how}`, { subject: name, advice: 'Copy or export the file again' });

const badHeader = (name: string, how: string, cause: unknown): EngineError =>
  new EngineError('dicom/bad-header', `The file is damaged: ${how}`, { subject: name, advice: 'Export the file again from its source' }, { cause });
