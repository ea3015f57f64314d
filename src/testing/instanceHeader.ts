/** Instance headers made by code, for tests of what comes after parsing. Defaults describe an ordinary axial T1 slice. */
import { lps } from '../shared/geometry.ts';
import type { FrameHeader, InstanceHeader, PixelFormat, SequenceAttributes } from '../engine/dicom/types.ts';

export interface HeaderOptions {
  readonly series?: string;
  readonly instanceNumber?: number;
  readonly modality?: string;
  readonly sopClassUid?: string;
  readonly imageType?: readonly string[];
  readonly sequence?: Partial<SequenceAttributes>;
  readonly pixels?: Partial<PixelFormat> | null;
  readonly frame?: Partial<FrameHeader>;
}

const sequenceDefaults: SequenceAttributes = {
  seriesDescription: '', protocolName: '', sequenceName: '', scanningSequence: '', sequenceVariant: '', mrAcquisitionType: '2D', bodyPart: 'HEAD', contrastAgent: '',
  repetitionTimeMs: null, echoTimeMs: null, inversionTimeMs: null, flipAngleDeg: null, echoTrainLength: null, spacingBetweenSlicesMm: null,
  seriesNumber: 1, seriesTime: '', burnedInAnnotation: '', derivationDescription: '',
};

let serial = 0;

export function makeHeader(options: HeaderOptions = {}): InstanceHeader {
  serial += 1;
  const series = options.series ?? '2.25.1';
  const frame: FrameHeader = {
    frame: 0, positionLps: lps(-110, -110, 0), rowDirection: lps(1, 0, 0), columnDirection: lps(0, 1, 0),
    pixelSpacingMm: [0.9, 0.9], sliceThicknessMm: 5, rescaleSlope: 1, rescaleIntercept: 0, windowCenter: null, windowWidth: null,
    discriminators: { echoTimeMs: null, echoNumber: null, inversionTimeMs: null, temporalPosition: null, triggerTimeMs: null, acquisitionNumber: null, bValue: null, diffusionDirection: null, component: '', imageType: '', dimensionIndex: '' },
    ...options.frame,
  };
  return {
    kind: 'dicom', source: { path: `/nowhere/${serial}`, name: `${serial}.dcm` },
    sopInstanceUid: `2.25.9${serial}`, sopClassUid: options.sopClassUid ?? '1.2.840.10008.5.1.4.1.1.4', transferSyntaxUid: '1.2.840.10008.1.2.1',
    studyUid: '2.25.7', seriesUid: series, frameOfReferenceUid: '2.25.8', modality: options.modality ?? 'MR',
    imageType: options.imageType ?? ['ORIGINAL', 'PRIMARY', 'M'], instanceNumber: options.instanceNumber ?? serial,
    study: { patientName: '', patientId: '', birthDate: '', sex: '', ageYears: null, studyDate: '', studyTime: '', studyDescription: '', accession: '' },
    sequence: { ...sequenceDefaults, ...options.sequence },
    pixels: options.pixels === null ? null : { rows: 256, columns: 256, bitsAllocated: 16, bitsStored: 12, highBit: 11, signed: false, samplesPerPixel: 1, photometricInterpretation: 'MONOCHROME2', numberOfFrames: 1, ...options.pixels },
    frames: options.pixels === null ? [] : [frame], mosaic: null, nifti: null,
  };
}

/** An evenly spaced axial stack of slices sharing everything but position. */
export function makeAxialHeaders(count: number, stepMm: number, options: HeaderOptions = {}): InstanceHeader[] {
  return Array.from({ length: count }, (_, k) => makeHeader({ ...options, instanceNumber: k + 1, frame: { positionLps: lps(-110, -110, k * stepMm), sliceThicknessMm: stepMm, ...options.frame } }));
}
