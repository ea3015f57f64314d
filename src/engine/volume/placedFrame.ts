/**
 * Frames whose place in patient space is known, and those whose place is not, told apart once so that everything
 * after works on numbers that exist. Position and orientation come from ImagePositionPatient and
 * ImageOrientationPatient only: file order, instance number and SliceLocation do not say where a slice lies.
 */
import { cross, dot, lps, norm, type Lps } from '../../shared/geometry.ts';
import type { Problem } from '../../shared/contract.ts';
import type { FrameHeader, InstanceHeader, PixelFormat } from '../dicom/types.ts';

/** One frame with everything geometry needs. Directions are of unit length and at right angles. */
export interface PlacedFrame {
  readonly instance: InstanceHeader;
  readonly header: FrameHeader;
  readonly tile?: number;
  readonly positionLps: Lps;
  readonly rowDirection: Lps;
  readonly columnDirection: Lps;
  /** row x column, unit length. */
  readonly normal: Lps;
  /** mm between rows, mm between columns. */
  readonly pixelSpacingMm: readonly [number, number];
  readonly rows: number;
  readonly columns: number;
}

/** Why a frame has no place. */
export interface UnplacedFrame {
  readonly instance: InstanceHeader;
  readonly header: FrameHeader;
  readonly problem: Problem;
}

/** Cosine of the angle between row and column directions above which they are not at right angles. */
const rightAngleTolerance = 1e-3;

const unit = (v: Lps): Lps => {
  const length = norm(v);
  return lps(v[0] / length, v[1] / length, v[2] / length);
};

const refused = (code: Problem['code'], message: string): Problem => ({ code, severity: 'refused', message });

/** Finds a frame's place, or says why it has none (`volume/no-position`, `volume/bad-spacing`, `volume/sheared`). */
export function placeFrame(instance: InstanceHeader, header: FrameHeader, pixels: PixelFormat): PlacedFrame | UnplacedFrame {
  const { positionLps, rowDirection, columnDirection, pixelSpacingMm } = header;
  const unplaced = (problem: Problem): UnplacedFrame => ({ instance, header, problem });
  if (positionLps === null || !positionLps.every(Number.isFinite)) return unplaced(refused('volume/no-position', 'The image does not say where it lies in the patient (ImagePositionPatient)'));
  if (rowDirection === null || columnDirection === null || !(norm(rowDirection) > 0.5) || !(norm(columnDirection) > 0.5))
    return unplaced(refused('volume/no-position', 'The image does not say how it is turned (ImageOrientationPatient)'));
  if (pixelSpacingMm === null || !pixelSpacingMm.every((mm) => Number.isFinite(mm) && mm > 0)) return unplaced(refused('volume/bad-spacing', 'The distance between pixels is missing or not positive (PixelSpacing)'));
  const row = unit(rowDirection);
  const column = unit(columnDirection);
  if (!(Math.abs(dot(row, column)) <= rightAngleTolerance)) return unplaced(refused('volume/sheared', 'Rows and columns are not at right angles (ImageOrientationPatient)'));
  return {
    instance, header, positionLps, rowDirection: row, columnDirection: column, normal: unit(cross(row, column)),
    pixelSpacingMm, rows: pixels.rows, columns: pixels.columns,
  };
}

export const isPlaced = (frame: PlacedFrame | UnplacedFrame): frame is PlacedFrame => 'normal' in frame;
