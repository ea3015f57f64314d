/** Finds the compressed bytes of each frame in encapsulated pixel data (PS3.5 annex A.4). */
import { EngineError } from '../../../shared/errors.ts';
import type { PixelCodec } from '../transferSyntax.ts';

export interface EncapsulatedFrames {
  frame(index: number): Uint8Array;
}

interface Fragment {
  /** From the first byte after the basic offset table, as offset tables count; of the item's header. */
  readonly offset: number;
  /** From the start of the pixel data's value; of the item's content. */
  readonly position: number;
  readonly length: number;
}

/** More fragments than this are damage: their list alone would be a burden. */
const maxFragments = 1_000_000;
const itemTag = 0xe000fffe;
const itemHeaderBytes = 8;

/**
 * @param bytes from the first byte of the pixel data element's value to the end of the file
 * @throws EngineError `dicom/truncated` when fragments are missing, `dicom/decode-failed` when they cannot be assigned
 */
export function encapsulatedFrames(bytes: Uint8Array, numberOfFrames: number, codec: PixelCodec, name: string): EncapsulatedFrames {
  const [table, ...fragments] = readItems(bytes, name);
  if (fragments.length < numberOfFrames) {
    throw new EngineError('dicom/truncated', `The file is incomplete: it has pixels for ${fragments.length} of ${numberOfFrames} frames`, { subject: name, advice: 'Copy or export the file again' });
  }
  const starts = frameStarts(bytes, fragments, offsetTable(bytes, table!), numberOfFrames, codec);
  if (starts === null) throw new EngineError('dicom/decode-failed', 'The file does not say which fragments make which frame', { subject: name, advice: 'Export it again from its source' });
  return {
    frame(index) {
      const [from, to] = [starts[index]!, starts[index + 1] ?? fragments.length];
      const parts = fragments.slice(from, to).map(({ position, length }) => bytes.subarray(position, position + length));
      return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    },
  };
}

/** All items up to the sequence delimiter, the end of the file, or what is no item; the first is the offset table. */
function readItems(bytes: Uint8Array, name: string): Fragment[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const items: Fragment[] = [];
  let position = 0;
  let first = 0;
  while (position + itemHeaderBytes <= bytes.length && view.getUint32(position, true) === itemTag) {
    const length = view.getUint32(position + 4, true);
    if (position + itemHeaderBytes + length > bytes.length) throw new EngineError('dicom/truncated', 'The file is incomplete: it ends within its compressed pixels', { subject: name, advice: 'Copy or export the file again' });
    if (items.length >= maxFragments) throw new EngineError('dicom/decode-failed', `The compressed pixels are in more than ${maxFragments} fragments`, { subject: name, advice: 'Export the file again from its source' });
    items.push({ offset: position - first, position: position + itemHeaderBytes, length });
    position += itemHeaderBytes + length;
    if (items.length === 1) first = position;
  }
  return items.length === 0 ? [{ offset: 0, position: 0, length: 0 }] : items;
}

function offsetTable(bytes: Uint8Array, table: Fragment): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset + table.position, table.length);
  return Array.from({ length: Math.floor(table.length / 4) }, (_, index) => view.getUint32(4 * index, true));
}

/** Index of the first fragment of each frame, or null when nothing tells. */
function frameStarts(bytes: Uint8Array, fragments: readonly Fragment[], offsets: readonly number[], frames: number, codec: PixelCodec): number[] | null {
  if (frames === 1) return [0];
  if (fragments.length === frames) return Array.from({ length: frames }, (_, index) => index);
  if (offsets.length === frames) return startsAt(fragments, offsets);
  if (codec !== 'jpeg' && codec !== 'jpeg-lossless' && codec !== 'jpeg-ls') return null;
  // Every frame of these begins with a start-of-image marker, which cannot occur within one.
  const starts = fragments.flatMap(({ position }, index) => (bytes[position] === 0xff && bytes[position + 1] === 0xd8 ? [index] : []));
  return starts.length === frames && starts[0] === 0 ? starts : null;
}

function startsAt(fragments: readonly Fragment[], offsets: readonly number[]): number[] | null {
  const byOffset = new Map(fragments.map(({ offset }, index) => [offset, index]));
  const starts = offsets.map((offset) => byOffset.get(offset) ?? -1);
  return starts.every((start, index) => start >= 0 && (index === 0 || start > starts[index - 1]!)) ? starts : null;
}
