/**
 * What the engine knows of a DICOM (or NIfTI) image before its pixels are decoded. Everything downstream (grouping,
 * geometry, choosing a series) works on these plain records, so none of it parses a file.
 */
import type { Affine, Dims, Lps } from '../../shared/geometry.ts';

/** Where an instance's bytes are. */
export interface FileSource {
  /** Absolute path of a file this process may read; for archives, the extracted copy. */
  readonly path: string;
  /** What the reader calls it: relative to what was dropped, or `archive.zip!/IMG001`. Used in messages. */
  readonly name: string;
}

/** Attributes that tell apart volumes which share one series: echo, time point, diffusion weighting, component... */
export interface FrameDiscriminators {
  readonly echoTimeMs: number | null;
  readonly echoNumber: number | null;
  readonly inversionTimeMs: number | null;
  readonly temporalPosition: number | null;
  readonly triggerTimeMs: number | null;
  readonly acquisitionNumber: number | null;
  readonly bValue: number | null;
  readonly diffusionDirection: string | null;
  /** MAGNITUDE, PHASE, REAL, IMAGINARY, MIXED or empty. */
  readonly component: string;
  /** Image type or frame type, upper case, backslash-joined. */
  readonly imageType: string;
  /** Dimension index values (0020,9157) without the in-stack position, if any. */
  readonly dimensionIndex: string;
}

/** One frame: its place in patient space and its part in a series. */
export interface FrameHeader {
  /** Zero-based frame within its instance. */
  readonly frame: number;
  /** Centre of the first transmitted pixel, LPS mm (PS3.3 C.7.6.2.1.1); null when the file does not say. */
  readonly positionLps: Lps | null;
  /** Unit direction of growing column index (first three values of ImageOrientationPatient), LPS. */
  readonly rowDirection: Lps | null;
  /** Unit direction of growing row index (last three values of ImageOrientationPatient), LPS. */
  readonly columnDirection: Lps | null;
  /** mm between rows, mm between columns: PixelSpacing's own order (PS3.3 10.7.1.3); null when absent or not positive. */
  readonly pixelSpacingMm: readonly [number, number] | null;
  readonly sliceThicknessMm: number | null;
  readonly rescaleSlope: number;
  readonly rescaleIntercept: number;
  readonly windowCenter: number | null;
  readonly windowWidth: number | null;
  readonly discriminators: FrameDiscriminators;
}

/** How pixels are stored, enough to decode and to refuse before memory is taken. */
export interface PixelFormat {
  readonly rows: number;
  readonly columns: number;
  readonly bitsAllocated: number;
  readonly bitsStored: number;
  readonly highBit: number;
  readonly signed: boolean;
  readonly samplesPerPixel: number;
  readonly photometricInterpretation: string;
  readonly numberOfFrames: number;
}

/** Attributes used to choose the T1 post-contrast series. Numbers are null when absent or unreadable. */
export interface SequenceAttributes {
  readonly seriesDescription: string;
  readonly protocolName: string;
  readonly sequenceName: string;
  readonly scanningSequence: string;
  readonly sequenceVariant: string;
  readonly mrAcquisitionType: string;
  readonly bodyPart: string;
  readonly contrastAgent: string;
  readonly repetitionTimeMs: number | null;
  readonly echoTimeMs: number | null;
  readonly inversionTimeMs: number | null;
  readonly flipAngleDeg: number | null;
  readonly echoTrainLength: number | null;
  readonly spacingBetweenSlicesMm: number | null;
  readonly seriesNumber: number | null;
  readonly seriesTime: string;
  readonly burnedInAnnotation: string;
  readonly derivationDescription: string;
}

/** Patient and study attributes, decoded from the file's character set; invalid dates are empty, kept nowhere else. */
export interface StudyAttributes {
  readonly patientName: string;
  readonly patientId: string;
  /** Who gives out the patient's number (Issuer of Patient ID); absent in studies stored by older versions. */
  readonly patientIdIssuer?: string;
  /** ISO date or empty. */
  readonly birthDate: string;
  readonly sex: string;
  /** Whole years at the study date: from the dates, else from PatientAge; null when neither can be read. */
  readonly ageYears: number | null;
  readonly studyDate: string;
  readonly studyTime: string;
  readonly studyDescription: string;
  readonly accession: string;
}

/**
 * Several slices tiled into one image; such files need untiling before they are a volume. The frame's position is what
 * the file says: for Siemens the corner of the whole mosaic taken as one slice, for UIH the place of the first tile.
 */
export interface MosaicInfo {
  readonly kind: 'siemens' | 'uih';
  /** 0 when the file does not say. */
  readonly tiles: number;
  /** Slice normal (LPS, unit) in the order the tiles are stored, when the private header gives it. */
  readonly sliceNormal: Lps | null;
  readonly sliceStepMm: number | null;
}

/** One readable image object. */
export interface InstanceHeader {
  readonly kind: 'dicom' | 'nifti';
  readonly source: FileSource;
  readonly sopInstanceUid: string;
  readonly sopClassUid: string;
  readonly transferSyntaxUid: string;
  readonly studyUid: string;
  readonly seriesUid: string;
  readonly frameOfReferenceUid: string;
  readonly modality: string;
  /** ImageType values, upper case. */
  readonly imageType: readonly string[];
  readonly instanceNumber: number | null;
  readonly study: StudyAttributes;
  readonly sequence: SequenceAttributes;
  /** Null for objects without pixels (structured reports, raw data storage). */
  readonly pixels: PixelFormat | null;
  readonly frames: readonly FrameHeader[];
  readonly mosaic: MosaicInfo | null;
  /** NIfTI only: the file is one or more whole volumes with this geometry (already LPS). */
  readonly nifti: { readonly dims: Dims; readonly volumes: number; readonly voxelToLps: Affine } | null;
}

/** Stored values of one frame, after high-bit masking and sign extension, before rescale. Row-major. */
export type StoredPixels = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | Float32Array;

/** Decodes frames away from the engine's own thread, so that a codec that crashes or hangs costs one file. */
export interface FrameDecoder {
  /**
   * @returns stored values of the frames asked for, in that order, `rows * columns` values each
   *   (NIfTI: one "frame" is one k slice of one volume: index = volume * nk + k)
   * @throws EngineError `dicom/decode-failed`, `dicom/decode-timeout`, `dicom/truncated`, `dicom/unsupported-transfer-syntax`,
   *   `dicom/unsupported-pixels`, `cancelled`
   */
  decode(instance: InstanceHeader, frames: readonly number[], options?: { signal?: AbortSignal }): Promise<StoredPixels[]>;
  close(): Promise<void>;
}
