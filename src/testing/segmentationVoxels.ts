/** A DICOM segmentation as pydicom reads it. */
import { execFileSync } from 'node:child_process';
import { trainingPython } from './otherTools.ts';

/** Each lesion voxel in patient space by the frame's own groups alone, with the instance its frame names. */
const program = `
import sys, json, numpy as np, pydicom
d = pydicom.dcmread(sys.argv[1])
shared = d.SharedFunctionalGroupsSequence[0]
row, column = np.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, float).reshape(2, 3)
between_rows, between_columns = map(float, shared.PixelMeasuresSequence[0].PixelSpacing)
pixels = d.pixel_array.reshape(int(d.NumberOfFrames), d.Rows, d.Columns)
out = []
for frame, groups in zip(pixels, d.PerFrameFunctionalGroupsSequence):
    origin = np.array(groups.PlanePositionSequence[0].ImagePositionPatient, float)
    source = groups.DerivationImageSequence[0].SourceImageSequence[0]
    for r, c in zip(*np.nonzero(frame)):
        out.append([*(origin + c * between_columns * row + r * between_rows * column), source.ReferencedSOPInstanceUID, int(source.get('ReferencedFrameNumber', 0))])
print(json.dumps({'voxels': out, 'for': d.FrameOfReferenceUID, 'frames': len(pixels), 'segments': len(d.SegmentSequence), 'label': d.SegmentSequence[0].SegmentDescription}))
`;

export interface SegmentationRead {
  /** LPS mm, SOP Instance UID, and frame number from 1 or 0. */
  readonly voxels: readonly (readonly [x: number, y: number, z: number, instance: string, frame: number])[];
  readonly for: string;
  readonly frames: number;
  readonly segments: number;
  readonly label: string;
}

/** @throws where training's environment is missing */
export const readSegmentation = (file: string): SegmentationRead => JSON.parse(execFileSync(trainingPython, ['-c', program, file], { encoding: 'utf8', maxBuffer: 2 ** 28 })) as SegmentationRead;
