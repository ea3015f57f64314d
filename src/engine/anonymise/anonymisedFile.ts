/**
 * One DICOM file anonymised: a data set written anew, and behind it the pixel data element exactly as it stands in the source,
 * whatever its transfer syntax. Nothing that follows the pixels is carried over.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { deflateRawSync } from 'node:zlib';
import { EngineError } from '../../shared/errors.ts';
import { textDecoder } from '../dicom/characterSet.ts';
import { readAt } from '../dicom/byteSource.ts';
import { headBytes, parseUntilPixels, type ParsedDataSet } from '../dicom/dataSet.ts';
import { withFile } from '../dicom/header.ts';
import { tags } from '../dicom/tags.ts';
import type { FileSource, InstanceHeader } from '../dicom/types.ts';
import { cleanObject, type Cleaning } from './cleanDataSet.ts';
import { elementHead, fileMeta, undefinedLength, type Encoding } from './elementBytes.ts';

/** Of this program, as in its other objects. */
const implementationClassUid = '2.25.233197348061127853018316410867320517093';
/** A deflated object is held in memory; no MR object comes near. */
const maxInflatedBytes = 2 ** 31 - 1;
const copyBytes = 1 << 20;

/** Reads the data set of a file, up to its pixels. @throws as readInstance */
export function readDataSet(source: FileSource): Promise<ParsedDataSet> {
  return withFile(source, (handle, size) => parsedFrom(handle, size, source.name));
}

const parsedFrom = async (handle: FileHandle, size: number, name: string): Promise<ParsedDataSet> =>
  parseUntilPixels(handle, size, await readAt(handle, 0, Math.min(headBytes, size)), name);

/**
 * @param cleaning all but the encoding, which is the source's
 * @throws EngineError `dicom/truncated`, `dicom/bad-header`, `dicom/no-pixels`, and the file system's errors for the target
 */
export async function writeAnonymisedFile(instance: InstanceHeader, target: string, cleaning: Omit<Cleaning, 'encoding'>): Promise<void> {
  const { name } = instance.source;
  await withFile(instance.source, async (handle, size) => {
    const parsed = await parsedFrom(handle, size, name);
    const { syntax, pixelData } = parsed;
    if (pixelData === null) throw new EngineError('dicom/no-pixels', 'The file has no pixels', { subject: name, advice: 'Report this as a bug' });
    // Encapsulated objects are explicit little endian by definition; some writers' are not.
    const encoding: Encoding = { implicitVr: syntax.implicitVr && !syntax.encapsulated, bigEndian: syntax.bigEndian };
    const meta = fileMeta({ sopClassUid: instance.sopClassUid, sopInstanceUid: cleaning.pseudonyms.uid(instance.sopInstanceUid), transferSyntaxUid: syntax.uid, implementationClassUid });
    const cleaned = cleanObject(parsed.dataSet, { ...cleaning, encoding }, textDecoder([]));
    const declared = parsed.dataSet.elements[tags.pixelData]!.vr ?? (syntax.encapsulated ? 'OB' : 'OW');
    const head = elementHead('7fe00010', declared, pixelData.undefinedLength ? undefinedLength : pixelData.length, encoding);
    const output = await open(target, 'wx');
    try {
      if (syntax.deflated) {
        const inflated = (await parsed.source.prefix(maxInflatedBytes)).bytes;
        const end = await pixelEnd(pixelData, inflated.length, name, (at, length) => Promise.resolve(inflated.subarray(at, at + length)), encoding.bigEndian);
        const body = deflateRawSync(Buffer.concat([cleaned, head, inflated.subarray(pixelData.offset, end)]));
        await output.writeFile(Buffer.concat([meta, body, Buffer.alloc(body.length % 2)]));
      } else {
        const offset = parsed.start + pixelData.offset;
        const end = await pixelEnd({ ...pixelData, offset }, size, name, (at, length) => readAt(handle, at, length), encoding.bigEndian);
        await output.writeFile(Buffer.concat([meta, cleaned, head]));
        for (let at = offset; at < end; at += copyBytes) await output.writeFile(await readAt(handle, at, Math.min(copyBytes, end - at)));
      }
      await output.datasync();
    } finally {
      await output.close();
    }
  });
}

/** Where the value of the pixel data element ends: after its length, or after the delimiter behind its fragments. */
async function pixelEnd(
  { offset, length, undefinedLength: fragments }: { readonly offset: number; readonly length: number; readonly undefinedLength: boolean },
  size: number, name: string, read: (at: number, length: number) => Promise<Buffer>, bigEndian: boolean,
): Promise<number> {
  const truncated = (): EngineError => new EngineError('dicom/truncated', 'The file is incomplete: its pixels end too early', { subject: name, advice: 'Import the study again from its source' });
  if (!fragments) {
    if (offset + length > size) throw truncated();
    return offset + length;
  }
  for (let at = offset; at + 8 <= size;) {
    const head = await read(at, 8);
    const [group, element, bytes] = bigEndian ? [head.readUInt16BE(0), head.readUInt16BE(2), head.readUInt32BE(4)] : [head.readUInt16LE(0), head.readUInt16LE(2), head.readUInt32LE(4)];
    if (group !== 0xfffe || (element !== 0xe000 && element !== 0xe0dd)) break;
    if (element === 0xe0dd) return at + 8;
    at += 8 + bytes;
  }
  throw truncated();
}
