/**
 * Reads one file's header into an {@link InstanceHeader} without taking its pixels into memory. Where the pixels lie
 * is remembered beside the header, so that decoding an uncompressed slice costs one read.
 */
import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { EngineError } from '../../shared/errors.ts';
import { Attributes } from './attributes.ts';
import { readAt } from './byteSource.ts';
import { headBytes, hasPreamble, parseUntilPixels } from './dataSet.ts';
import type { ParsedDataSet } from './dataSet.ts';
import { readFrames } from './frames.ts';
import { readMosaic, vframePositions } from './mosaic.ts';
import { looksLikeNifti, readNiftiInstance } from './nifti.ts';
import { locatePixels, readPixelFormat } from './pixelFormat.ts';
import type { PixelLocation } from './pixelFormat.ts';
import { readSequenceAttributes, readStudyAttributes } from './studyAttributes.ts';
import { tags } from './tags.ts';
import type { FileSource, FrameHeader, InstanceHeader } from './types.ts';

const mediaStorageDirectory = '1.2.840.10008.1.3.10';

const locations = new WeakMap<InstanceHeader, PixelLocation>();

/**
 * Reads a DICOM or NIfTI file's header.
 * @returns a header; `pixels` is null and `frames` empty for objects without pixels
 * @throws EngineError `dicom/not-dicom` (nothing this project reads, or a DICOMDIR), `dicom/truncated`,
 *   `dicom/bad-header`, `dicom/declared-size`, `dicom/no-identifiers`, `nifti/unreadable`, `import/not-found`
 */
export async function readInstance(source: FileSource): Promise<InstanceHeader> {
  return withFile(source, async (handle, size, modifiedMs) => {
    const head = await readAt(handle, 0, Math.min(headBytes, size));
    if (!hasPreamble(head) && looksLikeNifti(head, source.name)) return readNiftiInstance(source, handle, size);
    const parsed = await parseUntilPixels(handle, size, head, source.name);
    const { header, location } = toHeader(source, parsed, { size, modifiedMs }, hasPreamble(head));
    if (location !== null) locations.set(header, location);
    return header;
  });
}

/**
 * Where the pixels of an instance are: as found when its header was read, or found again when the file has changed
 * since or the header came from elsewhere.
 * @throws EngineError as {@link readInstance}, and `dicom/no-pixels`
 */
export async function pixelLocation(instance: InstanceHeader, handle: FileHandle): Promise<PixelLocation> {
  const { size, mtimeMs } = await handle.stat();
  const known = locations.get(instance);
  if (known?.fileSize === size && known.modifiedMs === mtimeMs) return known;
  const head = await readAt(handle, 0, Math.min(headBytes, size));
  const parsed = await parseUntilPixels(handle, size, head, instance.source.name);
  const { header, location } = toHeader(instance.source, parsed, { size, modifiedMs: mtimeMs }, hasPreamble(head));
  if (location === null) throw new EngineError('dicom/no-pixels', 'The file has no pixels', { subject: instance.source.name, advice: 'Choose an image series' });
  if (header.sopInstanceUid !== instance.sopInstanceUid || JSON.stringify(header.pixels) !== JSON.stringify(instance.pixels)) {
    throw new EngineError('dicom/bad-header', 'The file is no longer the one that was imported', { subject: instance.source.name, advice: 'Import it again' });
  }
  locations.set(instance, location);
  return location;
}

/** Opens a regular file for reading and closes it after use; anything else (a pipe, a device) is refused unopened. */
export async function withFile<T>(source: FileSource, use: (handle: FileHandle, size: number, modifiedMs: number) => Promise<T>): Promise<T> {
  let handle: FileHandle;
  try {
    if (!(await stat(source.path)).isFile()) throw notDicom(source.name, 'This is not a regular file');
    handle = await open(source.path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw new EngineError('import/not-found', 'The file cannot be opened', { subject: source.name, advice: 'Check that it exists and may be read' }, { cause: error });
  }
  try {
    const { size, mtimeMs } = await handle.stat();
    return await use(handle, size, mtimeMs);
  } catch (error) {
    if (!(error instanceof EngineError) && error instanceof Error && 'syscall' in error) {
      throw new EngineError('import/not-found', 'The file cannot be read', { subject: source.name, advice: 'Check the medium it is on' }, { cause: error });
    }
    throw error;
  } finally {
    await handle.close();
  }
}

function toHeader(source: FileSource, parsed: ParsedDataSet, file: { size: number; modifiedMs: number }, preamble: boolean): { header: InstanceHeader; location: PixelLocation | null } {
  const attributes = new Attributes(parsed.dataSet);
  const sopClassUid = attributes.uid(tags.sopClassUid);
  const sopInstanceUid = attributes.uid(tags.sopInstanceUid);
  const studyUid = attributes.uid(tags.studyInstanceUid);
  const seriesUid = attributes.uid(tags.seriesInstanceUid);
  if (!preamble && sopClassUid === '' && studyUid === '') throw notDicom(source.name, 'This is not a DICOM file');
  if (sopClassUid === mediaStorageDirectory || parsed.dataSet.elements[tags.directoryRecordSequence] !== undefined) throw notDicom(source.name, 'This is a directory of DICOM files, not an image');
  if (sopInstanceUid === '' || studyUid === '' || seriesUid === '') {
    throw new EngineError('dicom/no-identifiers', 'The file does not say which study, series and instance it is', { subject: source.name, advice: 'Export it again from its source' });
  }
  const pixels = readPixelFormat(attributes, parsed, source.name);
  const location = pixels === null ? null : locatePixels(pixels, parsed, attributes, file, source.name);
  const imageType = attributes.codes(tags.imageType);
  const frames = pixels === null ? [] : readFrames(attributes, pixels.numberOfFrames);
  const header: InstanceHeader = {
    kind: 'dicom', source, sopInstanceUid, sopClassUid, studyUid, seriesUid,
    transferSyntaxUid: parsed.syntax.uid,
    frameOfReferenceUid: attributes.uid(tags.frameOfReferenceUid),
    modality: attributes.text(tags.modality).toUpperCase(),
    imageType,
    instanceNumber: attributes.number(tags.instanceNumber, 'IS'),
    study: readStudyAttributes(attributes),
    sequence: readSequenceAttributes(attributes),
    pixels,
    frames: imageType.includes('VFRAME') ? placeFirstTile(frames, attributes) : frames,
    mosaic: pixels === null ? null : readMosaic(attributes, imageType, frames[0]),
    nifti: null,
  };
  return { header, location };
}

/** A VFRAME has no position of its own: its first tile's stands for it. */
function placeFirstTile(frames: readonly FrameHeader[], attributes: Attributes): FrameHeader[] {
  const [first] = vframePositions(attributes);
  return frames.map((frame) => (frame.positionLps === null && first !== undefined ? { ...frame, positionLps: first } : frame));
}

const notDicom = (name: string, message: string): EngineError => new EngineError('dicom/not-dicom', message, { subject: name, advice: 'Nothing needs to be done' });
