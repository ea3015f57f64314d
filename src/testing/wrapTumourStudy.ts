/**
 * Wraps the post-contrast patient of the shared test data (NIfTI: T1, T1 with gadolinium, T2, FLAIR) as a DICOM study
 * with realistic Siemens headers and decoys, since no such series may be redistributed as DICOM. Pixels and geometry
 * are the patient's; headers are made up. Left stays left: rows and columns are laid out from the NIfTI affine.
 *
 * Run as a program: `node src/testing/wrapTumourStudy.ts OUT_DIR`.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import dcmjs from 'dcmjs';
import * as nifti from 'nifti-reader-js';
import { sharedData } from './sharedData.ts';

/** Identifiers of the made-up patient, for tests that look them up. */
export const tumourStudy = {
  studyUid: '2.25.66920000000000000000000000000000001',
  patientName: 'Doe^Janka',
  patientId: 'FG-6692',
  series: { t1: '2.25.66920000000000000000000000000000101', t1c: '2.25.66920000000000000000000000000000102', t2: '2.25.66920000000000000000000000000000103', flair: '2.25.66920000000000000000000000000000104' },
} as const;

interface Grid {
  readonly columns: number;
  readonly rows: number;
  readonly slices: number;
  /** Stored values, row-major within a slice, rows growing to posterior. */
  readonly values: Int16Array;
  readonly origin: readonly number[];
  readonly rowStep: readonly number[];
  readonly columnStep: readonly number[];
  readonly sliceStep: readonly number[];
}

const length = (v: readonly number[]): number => Math.hypot(...v);
const unit = (v: readonly number[]): number[] => v.map((x) => x / length(v));
const along = (origin: readonly number[], step: readonly number[], count: number): number[] => origin.map((x, axis) => x + count * step[axis]!);

/** Reads a NIfTI of axes left, anterior, superior into DICOM's row order and LPS millimetres. */
async function readGrid(path: string): Promise<Grid> {
  const packed = await readFile(path);
  const buffer = nifti.decompress(packed.buffer.slice(packed.byteOffset, packed.byteOffset + packed.byteLength)) as ArrayBuffer;
  const header = nifti.readHeader(buffer);
  const columns = header.dims[1]!, rows = header.dims[2]!, slices = header.dims[3]!;
  const stored = new Int16Array(nifti.readImage(header, buffer));
  // NIfTI is RAS: x and y change sign on the way to LPS.
  const column = (axis: number): number[] => [-header.affine[0]![axis]!, -header.affine[1]![axis]!, header.affine[2]![axis]!];
  const rowStep = column(0), anteriorStep = column(1), sliceStep = column(2);
  const values = new Int16Array(stored.length);
  for (let k = 0; k < slices; k++) {
    for (let j = 0; j < rows; j++) {
      values.set(stored.subarray((k * rows + rows - 1 - j) * columns, (k * rows + rows - j) * columns), (k * rows + j) * columns);
    }
  }
  return { columns, rows, slices, values, origin: along(column(3), anteriorStep, rows - 1), rowStep, columnStep: anteriorStep.map((x) => -x), sliceStep };
}

interface SeriesHeaders {
  readonly uid: string;
  readonly number: number;
  readonly description: string;
  readonly sequenceName: string;
  readonly scanningSequence: string;
  readonly tr: number;
  readonly te: number;
  readonly ti?: number;
  readonly agent?: string;
  readonly imageType?: readonly string[];
}

function sliceFile(grid: Grid, k: number, series: SeriesHeaders): Uint8Array {
  const instanceUid = `${series.uid}.${k + 1}`;
  const pixels = grid.values.slice(k * grid.rows * grid.columns, (k + 1) * grid.rows * grid.columns);
  const dataset = {
    SpecificCharacterSet: 'ISO_IR 100',
    ImageType: series.imageType ?? ['ORIGINAL', 'PRIMARY', 'M', 'ND'],
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.4', SOPInstanceUID: instanceUid,
    StudyDate: '20020704', SeriesDate: '20020704', StudyTime: '101500', SeriesTime: `10${15 + series.number}00`,
    AccessionNumber: 'ACC6692', Modality: 'MR', Manufacturer: 'SIEMENS', ManufacturerModelName: 'Symphony', StudyDescription: 'MR BRAIN W/WO CONTRAST', SeriesDescription: series.description, ProtocolName: series.description,
    PatientName: tumourStudy.patientName, PatientID: tumourStudy.patientId, PatientBirthDate: '19620302', PatientSex: 'F', PatientAge: '040Y', BodyPartExamined: 'BRAIN',
    ScanningSequence: series.scanningSequence, SequenceVariant: 'SP', MRAcquisitionType: '2D', SequenceName: series.sequenceName,
    SliceThickness: 5, SpacingBetweenSlices: Number(length(grid.sliceStep).toFixed(6)), RepetitionTime: series.tr, EchoTime: series.te,
    ...(series.ti === undefined ? {} : { InversionTime: series.ti }), ...(series.agent === undefined ? {} : { ContrastBolusAgent: series.agent }),
    MagneticFieldStrength: 1.5, FlipAngle: 90, PatientPosition: 'HFS',
    StudyInstanceUID: tumourStudy.studyUid, SeriesInstanceUID: series.uid, StudyID: '1', SeriesNumber: series.number, AcquisitionNumber: 1,
    // Real exports number slices from either end; geometry must not depend on it.
    InstanceNumber: grid.slices - k,
    ImagePositionPatient: along(grid.origin, grid.sliceStep, k).map((x) => Number(x.toFixed(6))),
    ImageOrientationPatient: [...unit(grid.rowStep), ...unit(grid.columnStep)].map((x) => Number(x.toFixed(9))),
    FrameOfReferenceUID: `${tumourStudy.studyUid}.9`,
    SamplesPerPixel: 1, PhotometricInterpretation: 'MONOCHROME2', Rows: grid.rows, Columns: grid.columns,
    PixelSpacing: [length(grid.columnStep), length(grid.rowStep)].map((x) => Number(x.toFixed(6))),
    BitsAllocated: 16, BitsStored: 12, HighBit: 11, PixelRepresentation: 0,
    PixelData: pixels.buffer, _vrMap: { PixelData: 'OW' },
  };
  const meta = { FileMetaInformationVersion: new Uint8Array([0, 1]).buffer, MediaStorageSOPClassUID: dataset.SOPClassUID, MediaStorageSOPInstanceUID: instanceUid, TransferSyntaxUID: '1.2.840.10008.1.2.1', ImplementationClassUID: '2.25.1', ImplementationVersionName: 'BRAT-TEST' };
  const file = new dcmjs.data.DicomDict(dcmjs.data.DicomMetaDictionary.denaturalizeDataset({ ...meta, _vrMap: {} }));
  file.dict = dcmjs.data.DicomMetaDictionary.denaturalizeDataset(dataset);
  return new Uint8Array(file.write());
}

/** Slices of one grid as another decoy would show them: every `step`-th one. */
const thinned = (grid: Grid, step: number): number[] => Array.from({ length: Math.ceil(grid.slices / step) }, (_, index) => index * step);

/**
 * Writes the study: four series of the patient, a localizer of three slices, a subtraction and a projection that
 * carry the agent and the words of the real one.
 * @param outDir folder to fill; made if missing
 */
export async function wrapTumourStudy(outDir: string): Promise<void> {
  const source = join(sharedData, 'tumour-tcga-fg-6692-native');
  const [t1, t1c, t2, flair] = await Promise.all(['t1', 't1-post-gad', 't2', 'flair'].map((name) => readGrid(join(source, `${name}.nii.gz`))));
  if (!t1 || !t1c || !t2 || !flair) throw new Error('the four series of the patient are not all there');
  const agent = '11 ml Omniscan';
  const spinEcho = { sequenceName: '*se2d1', scanningSequence: 'SE', tr: 540, te: 14 };
  const series: { grid: Grid; slices: number[]; headers: SeriesHeaders }[] = [
    { grid: t1, slices: [0, 12, 25], headers: { uid: `${tumourStudy.studyUid}.200`, number: 1, description: 'LOCALIZER', ...spinEcho, imageType: ['ORIGINAL', 'PRIMARY', 'LOCALIZER'] } },
    { grid: t1, slices: thinned(t1, 1), headers: { uid: tumourStudy.series.t1, number: 2, description: 'T1 AX', ...spinEcho } },
    { grid: t2, slices: thinned(t2, 1), headers: { uid: tumourStudy.series.t2, number: 3, description: 'MRHR T2 AX', sequenceName: '*tse2d1_15', scanningSequence: 'SE', tr: 4200, te: 104 } },
    { grid: flair, slices: thinned(flair, 1), headers: { uid: tumourStudy.series.flair, number: 4, description: 'MRHR FLAIR AX', sequenceName: '*tir2d1_21', scanningSequence: 'SE\\IR', tr: 9000, te: 110, ti: 2500 } },
    { grid: t1c, slices: thinned(t1c, 1), headers: { uid: tumourStudy.series.t1c, number: 5, description: 'MRHR T1 AX POST GAD', ...spinEcho, agent } },
    { grid: t1c, slices: thinned(t1c, 1), headers: { uid: `${tumourStudy.studyUid}.201`, number: 6, description: 'T1 AX POST GAD_SUB', ...spinEcho, agent, imageType: ['DERIVED', 'SECONDARY', 'M', 'SUB'] } },
    { grid: t1c, slices: thinned(t1c, 2), headers: { uid: `${tumourStudy.studyUid}.202`, number: 7, description: 'T1 POST GAD MIP', ...spinEcho, agent, imageType: ['DERIVED', 'SECONDARY', 'PROJECTION IMAGE', 'MIP'] } },
  ];
  for (const { grid, slices, headers } of series) {
    const folder = join(outDir, `S${String(headers.number).padStart(2, '0')}`);
    await mkdir(folder, { recursive: true });
    for (const k of slices) await writeFile(join(folder, `IM${String(k + 1).padStart(4, '0')}`), sliceFile(grid, k, headers));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const outDir = process.argv[2];
  if (outDir === undefined) throw new Error('usage: node src/testing/wrapTumourStudy.ts OUT_DIR');
  await wrapTumourStudy(outDir);
}
