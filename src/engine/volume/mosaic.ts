/**
 * All slices of a volume tiled in one image, row by row from the top left, in the order of the slices.
 * - Siemens MOSAIC: a square of ceil(sqrt(n)) tiles a side. ImagePositionPatient belongs to the corner of an imaginary
 *   slice as large as the whole mosaic, centred where the first slice is centred, so the first slice's corner lies half
 *   the difference further in (nibabel, "DICOM mosaic").
 * - UIH VFRAME: ceil(sqrt(n)) tiles across, as many rows as are needed; the private header gives the first tile's own
 *   position (seen on the test data: equal to dcm2niix by affine and by voxels).
 * Slices follow the private header's normal. Where that is missing the image is refused: guessing could turn a head over.
 */
import { dot, lps } from '../../shared/geometry.ts';
import type { Problem } from '../../shared/contract.ts';
import type { InstanceHeader, MosaicInfo } from '../dicom/types.ts';
import { isPlaced, placeFrame, type PlacedFrame } from './placedFrame.ts';

export interface MosaicLayout {
  readonly tilesAcross: number;
  readonly tileRows: number;
  readonly tileColumns: number;
}

/** @returns null when the image cannot be divided into that many tiles */
export function mosaicLayout({ kind, tiles }: MosaicInfo, { rows, columns }: { readonly rows: number; readonly columns: number }): MosaicLayout | null {
  if (!(Number.isInteger(tiles) && tiles >= 1)) return null;
  const across = Math.ceil(Math.sqrt(tiles));
  const down = kind === 'siemens' ? across : Math.ceil(tiles / across);
  if (rows % down !== 0 || columns % across !== 0) return null;
  return { tilesAcross: across, tileRows: rows / down, tileColumns: columns / across };
}

/** The tiles of one mosaic as placed frames, or why they cannot be placed (`volume/mosaic`, or as for any frame). */
export function placeTiles(instance: InstanceHeader): readonly PlacedFrame[] | Problem {
  const { mosaic, pixels } = instance;
  const header = instance.frames[0];
  const refuse = (message: string): Problem => ({ code: 'volume/mosaic', severity: 'refused', message });
  if (mosaic === null || pixels === null || header === undefined) return refuse('The image tiles several slices and cannot be read');
  if (mosaic.sliceNormal === null) return refuse('The image tiles several slices, and its private header does not say which way they follow each other');
  const stepMm = mosaic.sliceStepMm ?? instance.sequence.spacingBetweenSlicesMm;
  if (stepMm === null || !(stepMm > 0)) return refuse('The image tiles several slices, and the distance between them is missing');
  const layout = mosaicLayout(mosaic, pixels);
  if (layout === null) return refuse(`The image cannot be divided into ${mosaic.tiles} tiles`);
  const whole = placeFrame(instance, header, pixels);
  if (!isPlaced(whole)) return whole.problem;
  const along = dot(mosaic.sliceNormal, whole.normal);
  if (!(Math.abs(along) > 0.999)) return refuse('The private header puts the slices of the mosaic askew to the image');
  const [betweenRows, betweenColumns] = whole.pixelSpacingMm;
  const inwards = mosaic.kind === 'siemens' ? 0.5 : 0;
  const right = inwards * (pixels.columns - layout.tileColumns) * betweenColumns;
  const down = inwards * (pixels.rows - layout.tileRows) * betweenRows;
  return Array.from({ length: mosaic.tiles }, (_, tile): PlacedFrame => {
    const up = Math.sign(along) * tile * stepMm;
    const [x, y, z] = ([0, 1, 2] as const).map((c) => whole.positionLps[c] + right * whole.rowDirection[c] + down * whole.columnDirection[c] + up * whole.normal[c]) as [number, number, number];
    return { ...whole, tile, positionLps: lps(x, y, z), rows: layout.tileRows, columns: layout.tileColumns };
  });
}
