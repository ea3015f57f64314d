/**
 * How an instance's pixels are stored and where, held against what the file has: a header that promises more than
 * the file holds is refused here, before anybody takes memory for it.
 */
import { EngineError } from '../../shared/errors.ts';
import type { Attributes } from './attributes.ts';
import type { ParsedDataSet } from './dataSet.ts';
import { tags } from './tags.ts';
import type { PixelFormat } from './types.ts';

/** Where the pixel data is, and when the file was as described. */
export interface PixelLocation {
  readonly transferSyntaxUid: string;
  /** From the start of the file; of the inflated data set when `deflatedFrom` is set. */
  readonly offset: number;
  /** Bytes of pixel data; for encapsulated data of undefined length, all bytes to the end of the file. */
  readonly length: number;
  /** Where the deflated data set begins in the file, or null. */
  readonly deflatedFrom: number | null;
  readonly kind: 'integer' | 'float' | 'double';
  readonly fileSize: number;
  readonly modifiedMs: number;
}

/** No scanner makes larger frames; beyond this a compressed file's declared size is damage or an attack. */
const maxFramePixels = 2 ** 26;
const maxFrames = 2 ** 17;

/**
 * Reads the format; null for an object that is no image.
 * @throws EngineError `dicom/no-pixels` when the header describes an image and the file ends before its pixels
 */
export function readPixelFormat(attributes: Attributes, parsed: ParsedDataSet, name: string): PixelFormat | null {
  const float = attributes.has(tags.floatPixelData) || attributes.has(tags.doubleFloatPixelData);
  const absent = parsed.pixelData === null ? !float : parsed.pixelData.length === 0 && !parsed.pixelData.undefinedLength;
  if (absent && !attributes.has(tags.rows)) return null;
  if (absent) throw new EngineError('dicom/no-pixels', 'The header describes an image and the file ends before its pixels', { subject: name, advice: 'Copy or export the file again' });
  const rows = attributes.number(tags.rows, 'US') ?? 0;
  const columns = attributes.number(tags.columns, 'US') ?? 0;
  if (rows < 1 || columns < 1) throw new EngineError('dicom/bad-header', 'The file has pixels but does not say how many rows and columns', { subject: name, advice: 'Export the file again from its source' });
  const bitsAllocated = attributes.number(tags.bitsAllocated, 'US') ?? (attributes.has(tags.doubleFloatPixelData) ? 64 : float ? 32 : 16);
  const bitsStored = attributes.number(tags.bitsStored, 'US') ?? bitsAllocated;
  const frames = attributes.number(tags.numberOfFrames, 'IS') ?? 1;
  if (!Number.isInteger(frames) || frames < 0 || frames > maxFrames) throw declaredSize(`${frames} frames`, name);
  if (rows * columns > maxFramePixels) throw declaredSize(`${columns} x ${rows} pixels`, name);
  return {
    rows, columns, bitsAllocated, bitsStored,
    highBit: attributes.number(tags.highBit, 'US') ?? bitsStored - 1,
    signed: attributes.number(tags.pixelRepresentation, 'US') === 1,
    samplesPerPixel: attributes.number(tags.samplesPerPixel, 'US') ?? 1,
    photometricInterpretation: attributes.text(tags.photometricInterpretation).toUpperCase() || 'MONOCHROME2',
    numberOfFrames: Math.max(1, frames),
  };
}

/**
 * Finds the pixel data and checks that the file holds what the header declares.
 * @throws EngineError `dicom/truncated` when the element ends beyond the file, `dicom/declared-size` when it is too
 *   short for the declared frames
 */
export function locatePixels(format: PixelFormat, parsed: ParsedDataSet, attributes: Attributes, file: { readonly size: number; readonly modifiedMs: number }, name: string): PixelLocation {
  const { syntax, start, pixelData, dataSet } = parsed;
  const common = { transferSyntaxUid: syntax.uid, deflatedFrom: syntax.deflated ? start : null, fileSize: file.size, modifiedMs: file.modifiedMs };
  const needed = Math.ceil((format.rows * format.columns * format.samplesPerPixel * format.bitsAllocated) / 8) * format.numberOfFrames;
  if (pixelData === null) {
    const kind = attributes.has(tags.doubleFloatPixelData) ? 'double' : 'float';
    const element = dataSet.elements[kind === 'double' ? tags.doubleFloatPixelData : tags.floatPixelData]!;
    if (element.length < needed) throw declaredSize(describe(format), name);
    return { ...common, kind, offset: (syntax.deflated ? 0 : start) + element.dataOffset, length: element.length };
  }
  if (syntax.encapsulated || pixelData.undefinedLength) {
    const remaining = file.size - start - pixelData.offset;
    // Each frame has at least one item of eight bytes.
    if (!syntax.deflated && remaining < 8 * format.numberOfFrames) throw declaredSize(describe(format), name);
    return { ...common, kind: 'integer', offset: start + pixelData.offset, length: remaining };
  }
  if (pixelData.length < needed) throw declaredSize(describe(format), name);
  if (!syntax.deflated && start + pixelData.offset + needed > file.size) {
    throw new EngineError('dicom/truncated', 'The file is incomplete: it ends within its pixels', { subject: name, advice: 'Copy or export the file again' });
  }
  return { ...common, kind: 'integer', offset: (syntax.deflated ? 0 : start) + pixelData.offset, length: pixelData.length };
}

const describe = (format: PixelFormat): string => `${format.numberOfFrames} frames of ${format.columns} x ${format.rows} pixels`;

const declaredSize = (what: string, name: string): EngineError =>
  new EngineError('dicom/declared-size', `The file declares ${what}, more than it can hold`, { subject: name, advice: 'Export the file again from its source' });
