/**
 * The lesion head's mask as a DICOM Segmentation (PS3.3 A.51): one binary segment on the slices that were read, each frame
 * with the place of its slice and the image it was made of. Slices without lesion have no frame.
 */
import type { PackStamp } from '../../../shared/contract.ts';
import { EngineError } from '../../../shared/errors.ts';
import { axisStep, ijk, norm, spacingMm, voxelToPatient, type Affine, type Lps } from '../../../shared/geometry.ts';
import type { LesionMask } from '../../findings/lesionMask.ts';
import { bySeries, dicomTime, equipment, patientAndStudy, personName } from '../dicom/modules.ts';
import { derivedUid, writeDataSet, type DataSet } from '../dicom/writeDataSet.ts';
import type { ImageReference, SignedStudy } from '../report/signedStudy.ts';
import { codeItem, decimal } from '../sr/contentItems.ts';

export interface LesionSource {
  readonly mask: LesionMask;
  /** The image each slice of the mask was made of, by k. */
  readonly images: readonly ImageReference[];
  readonly frameOfReference: string;
  readonly pack: PackStamp;
}

/**
 * @returns bytes of a DICOM file
 * @throws EngineError `outputs/nothing-to-write` for a mask without lesion
 */
export function lesionSegmentationFile(signed: SignedStudy, { mask, images, frameOfReference, pack }: LesionSource): Uint8Array {
  const { dims: [columns, rows, slices], voxelToLps, voxels } = mask;
  const size = columns * rows;
  const filled = Array.from({ length: slices }, (_, k) => k).filter((k) => voxels.subarray(k * size, (k + 1) * size).includes(1));
  if (filled.length === 0) throw new EngineError('outputs/nothing-to-write', 'The lesion head found no lesion, so there is nothing to segment', { subject: 'segmentation', advice: 'Export the report without it' });
  const organization = derivedUid('dimensions', signed.report.study, signed.report.digest);
  const at = dicomTime(signed.report.signedAt);
  const [betweenColumns, betweenRows, betweenSlices] = spacingMm(voxelToLps);
  const used = filled.map((k) => images[k]!);
  return writeDataSet({
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.66.4',
    ...patientAndStudy(signed.study),
    Modality: 'SEG',
    SeriesInstanceUID: derivedUid('series', 'seg', signed.report.study, `${pack.id}@${pack.version}`),
    SeriesNumber: '9002',
    SeriesDescription: 'Lesions found by brat desktop',
    ...equipment(signed.software),
    FrameOfReferenceUID: frameOfReference,
    PositionReferenceIndicator: '',
    ImageType: ['DERIVED', 'PRIMARY'],
    InstanceNumber: String(signed.report.number),
    ContentDate: at.date,
    ContentTime: at.time,
    ContentLabel: 'LESIONS',
    ContentDescription: pack.label.slice(0, 64),
    ContentCreatorName: personName(signed.report.signedBy.name),
    LossyImageCompression: '00',
    SegmentationType: 'BINARY',
    ReferencedSeriesSequence: bySeries(used).map(({ SeriesInstanceUID, ReferencedSOPSequence }) => ({ ReferencedInstanceSequence: ReferencedSOPSequence, SeriesInstanceUID })),
    SegmentSequence: [segment(pack)],
    DimensionOrganizationSequence: [{ DimensionOrganizationUID: organization }],
    DimensionIndexSequence: [
      { DimensionOrganizationUID: organization, DimensionIndexPointer: 0x0062000b, FunctionalGroupPointer: 0x0062000a, DimensionDescriptionLabel: 'Segment' },
      { DimensionOrganizationUID: organization, DimensionIndexPointer: 0x00200032, FunctionalGroupPointer: 0x00209113, DimensionDescriptionLabel: 'Position' },
    ],
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    NumberOfFrames: String(filled.length),
    Rows: rows,
    Columns: columns,
    BitsAllocated: 1,
    BitsStored: 1,
    HighBit: 0,
    PixelRepresentation: 0,
    SharedFunctionalGroupsSequence: [{
      PlaneOrientationSequence: [{ ImageOrientationPatient: [...unit(axisStep(voxelToLps, 0)), ...unit(axisStep(voxelToLps, 1))].map(decimal) }],
      PixelMeasuresSequence: [{ SliceThickness: decimal(betweenSlices), SpacingBetweenSlices: decimal(betweenSlices), PixelSpacing: [decimal(betweenRows), decimal(betweenColumns)] }],
    }],
    PerFrameFunctionalGroupsSequence: filled.map((k, frame) => frameGroups(voxelToLps, k, frame, images[k]!)),
    PixelData: packBits(filled.map((k) => voxels.subarray(k * size, (k + 1) * size))),
    _vrMap: { PixelData: 'OB' },
  });
}

function segment(pack: PackStamp): DataSet {
  return {
    SegmentedPropertyCategoryCodeSequence: [codeItem(['49755003', 'SCT', 'Morphologically Abnormal Structure'])],
    SegmentNumber: 1,
    SegmentLabel: 'Enhancing lesion',
    SegmentDescription: `Probability of enhancing lesion above the pack's threshold. ${pack.label}`.slice(0, 1024),
    SegmentAlgorithmType: 'AUTOMATIC',
    SegmentAlgorithmName: `${pack.id}@${pack.version}`.slice(0, 64),
    SegmentedPropertyTypeCodeSequence: [codeItem(['52988006', 'SCT', 'Lesion'])],
    // CIELab of a clear red (PS3.3 C.10.7.1.1).
    RecommendedDisplayCIELabValue: [34885, 53485, 50171],
  };
}

function frameGroups(voxelToLps: Affine, k: number, frame: number, source: ImageReference): DataSet {
  return {
    DerivationImageSequence: [{
      SourceImageSequence: [{
        ReferencedSOPClassUID: source.sopClassUid,
        ReferencedSOPInstanceUID: source.sopInstanceUid,
        ...(source.frame !== null && { ReferencedFrameNumber: String(source.frame) }),
        PurposeOfReferenceCodeSequence: [codeItem(['121322', 'DCM', 'Source Image for Image Processing Operation'])],
      }],
      DerivationCodeSequence: [codeItem(['113076', 'DCM', 'Segmentation'])],
    }],
    FrameContentSequence: [{ DimensionIndexValues: [1, frame + 1] }],
    PlanePositionSequence: [{ ImagePositionPatient: [...voxelToPatient(voxelToLps, ijk(0, 0, k))].map(decimal) }],
    SegmentIdentificationSequence: [{ ReferencedSegmentNumber: 1 }],
  };
}

const unit = (step: Lps): number[] => step.map((value) => value / norm(step));

/** One bit a pixel, the first pixel in the lowest bit, frames one after another without a gap (PS3.5 8.2, annex D); an even number of bytes. */
export function packBits(frames: readonly Uint8Array[]): ArrayBuffer {
  const total = frames.reduce((sum, frame) => sum + frame.length, 0);
  const packed = new Uint8Array(2 * Math.ceil(total / 16));
  let bit = 0;
  for (const frame of frames) {
    for (const value of frame) {
      if (value !== 0) packed[bit >> 3]! |= 1 << (bit & 7);
      bit++;
    }
  }
  return packed.buffer;
}
