/** Finds the compressed bytes of each frame in encapsulated pixel data (PS3.5 annex A.4). */
import dicomParser from 'dicom-parser';
import type { DataSet, Element, Fragment } from 'dicom-parser';
import { EngineError } from '../../../shared/errors.ts';
import type { PixelCodec } from '../transferSyntax.ts';

export interface EncapsulatedFrames {
  frame(index: number): Uint8Array;
}

/**
 * @param bytes from the first byte of the pixel data element's value to the end of the file
 * @throws EngineError `dicom/truncated` when fragments are missing, `dicom/decode-failed` when they cannot be assigned
 */
export function encapsulatedFrames(bytes: Uint8Array, numberOfFrames: number, codec: PixelCodec, name: string): EncapsulatedFrames {
  // Fragment by fragment, since dicom-parser's search for the end gives up on a whole element when its last fragment is cut.
  const { fragments, offsets, dataSet, element } = readFragments(bytes, name);
  if (fragments.length < numberOfFrames) {
    throw new EngineError('dicom/truncated', `The file is incomplete: it has pixels for ${fragments.length} of ${numberOfFrames} frames`, { subject: name, advice: 'Copy or export the file again' });
  }
  const starts = frameStarts(fragments, offsets, numberOfFrames, codec, dataSet, element);
  if (starts === null) throw new EngineError('dicom/decode-failed', 'The file does not say which fragments make which frame', { subject: name, advice: 'Export it again from its source' });
  return {
    frame(index) {
      const [from, to] = [starts[index]!, starts[index + 1] ?? fragments.length];
      const parts = fragments.slice(from, to).map(({ position, length }) => bytes.subarray(position, position + length));
      return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    },
  };
}

function readFragments(bytes: Uint8Array, name: string): { fragments: Fragment[]; offsets: number[]; dataSet: DataSet; element: Element } {
  const element: Element = { tag: 'x7fe00010', vr: 'OB', length: 0xffffffff, dataOffset: 0, hadUndefinedLength: true };
  const stream = new dicomParser.ByteStream(dicomParser.littleEndianByteArrayParser, bytes, 0);
  const dataSet = { byteArray: bytes, byteArrayParser: dicomParser.littleEndianByteArrayParser, elements: { x7fe00010: element } } as unknown as DataSet;
  try {
    dicomParser.findEndOfEncapsulatedElement(stream, element, []);
  } catch (error) {
    throw new EngineError('dicom/truncated', 'The file is incomplete: it ends within its compressed pixels', { subject: name, advice: 'Copy or export the file again' }, { cause: error });
  }
  return { fragments: element.fragments ?? [], offsets: element.basicOffsetTable ?? [], dataSet, element };
}

/** Index of the first fragment of each frame, or null when nothing tells. */
function frameStarts(fragments: readonly Fragment[], offsets: readonly number[], frames: number, codec: PixelCodec, dataSet: DataSet, element: Element): number[] | null {
  if (frames === 1) return [0];
  if (fragments.length === frames) return Array.from({ length: frames }, (_, index) => index);
  if (offsets.length === frames) return startsAt(fragments, offsets);
  if (codec === 'jpeg' || codec === 'jpeg-lossless' || codec === 'jpeg-ls') {
    const ends = dicomParser.createJPEGBasicOffsetTable(dataSet, element);
    if (ends.length === frames) return startsAt(fragments, ends);
  }
  return null;
}

function startsAt(fragments: readonly Fragment[], offsets: readonly number[]): number[] | null {
  const byOffset = new Map(fragments.map(({ offset }, index) => [offset, index]));
  const starts = offsets.map((offset) => byOffset.get(offset) ?? -1);
  return starts.every((start, index) => start >= 0 && (index === 0 || start > starts[index - 1]!)) ? starts : null;
}
