/**
 * NIfTI-1 and NIfTI-2 files (.nii, .nii.gz) as instances: geometry in LPS, slices as frames, identifiers derived from
 * content. The header's meaning is nifti-reader-js's work, except where it departs from the standard's and nibabel's
 * precedence of sform over qform. Only the header is inflated here; voxels are read by the decoder.
 */
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { constants, gunzipSync } from 'node:zlib';
import * as nifti from 'nifti-reader-js';
import { EngineError } from '../../shared/errors.ts';
import { axisStep, ijk, lps, norm, voxelToPatient } from '../../shared/geometry.ts';
import type { Affine, Dims, Lps } from '../../shared/geometry.ts';
import { explicitLittleEndian } from './transferSyntax.ts';
import type { FileSource, FrameHeader, InstanceHeader, PixelFormat } from './types.ts';

/** Element types by NIfTI datatype code (nifti1.h): bits, and whether signed. Complex and colour types are not images of one value. */
const dataTypes: Readonly<Record<number, { readonly bits: number; readonly signed: boolean }>> = {
  2: { bits: 8, signed: false }, 4: { bits: 16, signed: true }, 8: { bits: 32, signed: true }, 16: { bits: 32, signed: true }, 64: { bits: 64, signed: true },
  256: { bits: 8, signed: true }, 512: { bits: 16, signed: false }, 768: { bits: 32, signed: false },
};

/** Headers with their extensions; a file whose voxels begin later than this is refused. */
const maxVoxelOffset = 64 * 2 ** 20;
const maxVoxelBytes = 8 * 2 ** 30;
const gzipProbeBytes = 4096;

/** Where and how a NIfTI file's voxels are stored. */
export interface NiftiLayout {
  readonly gzipped: boolean;
  readonly voxelOffset: number;
  readonly datatype: number;
  readonly littleEndian: boolean;
  readonly dims: Dims;
  readonly volumes: number;
}

const isGzip = (head: Buffer): boolean => head.length > 2 && head[0] === 0x1f && head[1] === 0x8b;

/** The first bytes of a file, inflated when it is gzipped: enough for a header, never more than a few megabytes. */
function headerBytes(head: Buffer): Buffer | null {
  if (!isGzip(head)) return head;
  try {
    return gunzipSync(head.subarray(0, gzipProbeBytes), { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return null;
  }
}

/** True when the file is NIfTI by its magic, or claims to be by its name. */
export function looksLikeNifti(head: Buffer, name: string): boolean {
  if (/\.nii(\.gz)?$/i.test(name)) return true;
  if (isGzip(head) && !/\.gz$/i.test(name)) return false;
  const bytes = headerBytes(head);
  return bytes !== null && (/^n[+i]1\0/.test(bytes.toString('latin1', 344, 348)) || /^n[+i]2\0/.test(bytes.toString('latin1', 4, 8)));
}

/**
 * Reads a NIfTI file's header.
 * @throws EngineError `nifti/unreadable`, `volume/no-position`, `dicom/unsupported-pixels`, `dicom/declared-size`, `dicom/truncated`
 */
export async function readNiftiInstance(source: FileSource, handle: FileHandle, fileSize: number): Promise<InstanceHeader> {
  const head = Buffer.alloc(Math.min(fileSize, 64 * 1024));
  await handle.read(head, 0, head.length, 0);
  const { layout, header } = readLayout(head, source.name);
  checkSize(layout, fileSize, source.name);
  if (header.sform_code <= 0 && header.qform_code <= 0) {
    throw new EngineError('volume/no-position', 'The file does not say how its axes lie in the patient (neither sform nor qform is set), so left and right cannot be told', { subject: source.name, advice: 'Convert it again from DICOM with a tool that writes the orientation, such as dcm2niix' });
  }
  const voxelToLps = rasToLps(preferredAffine(header));
  if (!voxelToLps.every(Number.isFinite)) throw unreadable(source.name, 'its orientation is not a number');
  const { bits, signed } = dataTypes[layout.datatype]!;
  const [columns, rows] = layout.dims;
  const digest = await contentDigest(handle, fileSize);
  const baseName = basename(source.name).replace(/\.nii(\.gz)?$/i, '');
  const inArchive = source.name.includes('!/');
  const folder = inArchive ? dirname(source.name) : dirname(source.path);
  const seriesUid = derivedUid('series', digest);
  const pixels: PixelFormat = {
    rows, columns, bitsAllocated: bits, bitsStored: bits, highBit: bits - 1, signed, samplesPerPixel: 1,
    photometricInterpretation: 'MONOCHROME2', numberOfFrames: layout.dims[2] * layout.volumes,
  };
  return {
    kind: 'nifti', source,
    sopInstanceUid: derivedUid('instance', digest), sopClassUid: '', transferSyntaxUid: explicitLittleEndian,
    studyUid: derivedUid('study', folder), seriesUid, frameOfReferenceUid: derivedUid('frame-of-reference', digest),
    modality: 'MR', imageType: [], instanceNumber: 1,
    study: { patientName: '', patientId: '', birthDate: '', sex: '', ageYears: null, studyDate: '', studyTime: '', studyDescription: basename(folder), accession: '' },
    sequence: {
      seriesDescription: baseName, protocolName: '', sequenceName: '', scanningSequence: '', sequenceVariant: '', mrAcquisitionType: '', bodyPart: '', contrastAgent: '',
      repetitionTimeMs: null, echoTimeMs: null, inversionTimeMs: null, flipAngleDeg: null, echoTrainLength: null, spacingBetweenSlicesMm: null,
      seriesNumber: null, seriesTime: '', burnedInAnnotation: '', derivationDescription: '',
    },
    pixels,
    frames: sliceFrames(layout, voxelToLps, scaling(header)),
    mosaic: null,
    nifti: { dims: layout.dims, volumes: layout.volumes, voxelToLps },
  };
}

/**
 * Parses the header alone.
 * @param head the file's first bytes, as stored
 * @throws EngineError `nifti/unreadable`, `dicom/unsupported-pixels`
 */
export function readLayout(head: Buffer, name: string): { layout: NiftiLayout; header: nifti.NIFTI1 | nifti.NIFTI2 } {
  const bytes = headerBytes(head);
  if (bytes === null || bytes.length < 348) throw unreadable(name, 'it is shorter than a header');
  if (/^ni[12]\0/.test(bytes.toString('latin1', 344, 348)) || /^ni2\0/.test(bytes.toString('latin1', 4, 8))) throw unreadable(name, 'it is a header without its image (.hdr/.img pairs are not read)');
  const copy = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + Math.min(bytes.length, 4096)) as ArrayBuffer;
  let header: nifti.NIFTI1 | nifti.NIFTI2;
  try {
    if (!nifti.isNIFTI(copy)) throw new Error('no NIfTI magic');
    forgetQformBesideSform(copy, nifti.isNIFTI2(copy));
    // The reader also walks extensions, which may lie beyond what was read.
    new DataView(copy).setUint8(nifti.isNIFTI2(copy) ? 540 : 348, 0);
    header = nifti.readHeader(copy);
  } catch (error) {
    throw unreadable(name, 'it has no valid header', error);
  }
  const [rank = 0, ni = 0, nj = 0, nk = 0, ...rest] = header.dims;
  const further = rest.slice(0, Math.max(0, rank - 3)).map((size) => Math.max(1, size));
  const dims: Dims = [ni, nj, rank >= 3 ? nk : 1];
  const volumes = further.reduce((product, size) => product * size, 1);
  if (rank < 2 || rank > 7 || !dims.every((size) => Number.isInteger(size) && size > 0 && size < 32768)) throw unreadable(name, 'its dimensions make no volume');
  if (dataTypes[header.datatypeCode] === undefined) {
    throw new EngineError('dicom/unsupported-pixels', `Voxels of NIfTI type ${header.datatypeCode} are not read`, { subject: name, advice: 'Convert the image to a real-valued type' });
  }
  const voxelOffset = Math.max(header.vox_offset, nifti.isNIFTI2(copy) ? 544 : 352);
  if (!Number.isInteger(voxelOffset) || voxelOffset > maxVoxelOffset) throw unreadable(name, 'it does not say where its voxels begin');
  return { header, layout: { gzipped: isGzip(head), voxelOffset, datatype: header.datatypeCode, littleEndian: header.littleEndian, dims, volumes } };
}

/** Bytes of all voxels. */
export const voxelBytes = ({ dims, volumes, datatype }: NiftiLayout): number => dims[0] * dims[1] * dims[2] * volumes * (dataTypes[datatype]!.bits / 8);

function checkSize(layout: NiftiLayout, fileSize: number, name: string): void {
  const bytes = voxelBytes(layout);
  // Deflate makes at most 1032 bytes of one.
  const most = layout.gzipped ? fileSize * 1032 : fileSize;
  if (bytes > maxVoxelBytes || bytes > most * 2) throw new EngineError('dicom/declared-size', `The file declares ${layout.dims.join(' x ')} voxels in ${layout.volumes} volumes, more than it can hold`, { subject: name, advice: 'Export the file again' });
  if (layout.voxelOffset + bytes > most) throw new EngineError('dicom/truncated', 'The file is incomplete: it ends within its voxels', { subject: name, advice: 'Copy the file again' });
}

/** Makes the reader take the sform whenever its code is set; it would take the qform when that code is larger. */
function forgetQformBesideSform(bytes: ArrayBuffer, second: boolean): void {
  const view = new DataView(bytes);
  const [qform, sform, width] = second ? [344, 348, 4] : [252, 254, 2];
  const set = Array.from({ length: width }, (_, i) => view.getUint8(sform + i)).some((byte) => byte !== 0);
  if (set) for (let i = 0; i < width; i++) view.setUint8(qform + i, 0);
}

/** Voxel to RAS mm: sform, else qform; a file with neither was refused. */
function preferredAffine(header: nifti.NIFTI1 | nifti.NIFTI2): number[][] {
  if (header.sform_code > 0) return header.affine;
  const [qfac = 1, dx = 1, dy = 1, dz = 1] = header.pixDims;
  return header.convertNiftiQFormToNiftiSForm(header.quatern_b, header.quatern_c, header.quatern_d, header.qoffset_x, header.qoffset_y, header.qoffset_z, dx, dy, dz, qfac);
}

/** NIfTI's x grows to the right and y to anterior, DICOM's to left and posterior: the first two rows change sign. */
function rasToLps(ras: readonly (readonly number[])[]): Affine {
  const at = (row: number, column: number): number => ras[row]?.[column] ?? Number.NaN;
  const minus = (value: number): number => (value === 0 ? 0 : -value);
  return [
    minus(at(0, 0)), minus(at(0, 1)), minus(at(0, 2)), minus(at(0, 3)),
    minus(at(1, 0)), minus(at(1, 1)), minus(at(1, 2)), minus(at(1, 3)),
    at(2, 0), at(2, 1), at(2, 2), at(2, 3),
    0, 0, 0, 1,
  ];
}

/** A slope of 0 means that there is no scaling (nifti1.h). */
function scaling(header: nifti.NIFTI1 | nifti.NIFTI2): { slope: number; intercept: number } {
  const { scl_slope: slope, scl_inter: intercept } = header;
  return Number.isFinite(slope) && slope !== 0 && Number.isFinite(intercept) ? { slope, intercept } : { slope: 1, intercept: 0 };
}

function sliceFrames({ dims, volumes }: NiftiLayout, affine: Affine, scale: { slope: number; intercept: number }): FrameHeader[] {
  const [iStep, jStep, kStep] = [axisStep(affine, 0), axisStep(affine, 1), axisStep(affine, 2)];
  const unit = (step: Lps): Lps | null => (norm(step) > 0 ? lps(step[0] / norm(step), step[1] / norm(step), step[2] / norm(step)) : null);
  const spacing = norm(iStep) > 0 && norm(jStep) > 0 ? ([norm(jStep), norm(iStep)] as const) : null;
  return Array.from({ length: dims[2] * volumes }, (_, frame) => ({
    frame,
    positionLps: voxelToPatient(affine, ijk(0, 0, frame % dims[2])),
    rowDirection: unit(iStep), columnDirection: unit(jStep), pixelSpacingMm: spacing, sliceThicknessMm: norm(kStep) > 0 ? norm(kStep) : null,
    rescaleSlope: scale.slope, rescaleIntercept: scale.intercept, windowCenter: null, windowWidth: null,
    discriminators: {
      echoTimeMs: null, echoNumber: null, inversionTimeMs: null, temporalPosition: volumes > 1 ? Math.floor(frame / dims[2]) + 1 : null, triggerTimeMs: null,
      acquisitionNumber: null, bValue: null, diffusionDirection: null, component: '', imageType: '', dimensionIndex: '',
    },
  }));
}

async function contentDigest(handle: FileHandle, fileSize: number): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(1 << 20);
  for (let position = 0; position < fileSize; ) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) break;
    hash.update(buffer.subarray(0, bytesRead));
    position += bytesRead;
  }
  return hash.digest('hex');
}

/** A UUID-derived identifier (PS3.5 B.2) from a hash, so that the same content is the same object on every machine. */
function derivedUid(purpose: string, content: string): string {
  const hash = createHash('sha256').update(`${purpose}:${content}`).digest('hex');
  return `2.25.${BigInt(`0x${hash.slice(0, 32)}`).toString()}`;
}

const unreadable = (name: string, how: string, cause?: unknown): EngineError =>
  new EngineError('nifti/unreadable', `This NIfTI file cannot be read: ${how}`, { subject: name, advice: 'Convert it again from its source' }, { cause });
