/**
 * Siemens mosaics: all slices of a volume tiled in one image, row by row from the top left, in a square of
 * ceil(sqrt(n)) tiles a side. ImagePositionPatient then belongs to the corner of an imaginary slice as large as the
 * whole mosaic, centred where the first slice is centred, so the first slice's corner lies half the difference
 * further in (nibabel, "DICOM mosaic"). Slices follow the private header's normal, not the order of numbers.
 * Other tilings (UIH VFRAME) do not say enough and are refused.
 */
import { dot, lps } from '../../shared/geometry.ts';
import type { Problem } from '../../shared/contract.ts';
import type { InstanceHeader } from '../dicom/types.ts';
import { isPlaced, placeFrame, type PlacedFrame } from './placedFrame.ts';

export interface MosaicLayout {
  readonly tilesPerSide: number;
  readonly tileRows: number;
  readonly tileColumns: number;
}

/** @returns null when the image cannot be divided into that many tiles */
export function mosaicLayout(rows: number, columns: number, tiles: number): MosaicLayout | null {
  const tilesPerSide = Math.ceil(Math.sqrt(tiles));
  if (tiles < 1 || rows % tilesPerSide !== 0 || columns % tilesPerSide !== 0) return null;
  return { tilesPerSide, tileRows: rows / tilesPerSide, tileColumns: columns / tilesPerSide };
}

/** The tiles of one mosaic as placed frames, or why they cannot be placed (`volume/mosaic`, or as for any frame). */
export function placeTiles(instance: InstanceHeader): readonly PlacedFrame[] | Problem {
  const { mosaic, pixels } = instance;
  const header = instance.frames[0];
  const refuse = (message: string): Problem => ({ code: 'volume/mosaic', severity: 'refused', message });
  if (mosaic === null || pixels === null || header === undefined) return refuse('The image tiles several slices and cannot be read');
  if (mosaic.kind !== 'siemens') return refuse('The image tiles several slices in a way whose positions are not in the header');
  if (mosaic.sliceNormal === null) return refuse('The image tiles several slices, and its private header does not say which way they follow each other');
  const stepMm = mosaic.sliceStepMm ?? instance.sequence.spacingBetweenSlicesMm;
  if (stepMm === null || !(stepMm > 0)) return refuse('The image tiles several slices, and the distance between them is missing');
  const layout = mosaicLayout(pixels.rows, pixels.columns, mosaic.tiles);
  if (layout === null) return refuse(`The image cannot be divided into ${mosaic.tiles} tiles`);
  const whole = placeFrame(instance, header, pixels);
  if (!isPlaced(whole)) return whole.problem;
  const along = dot(mosaic.sliceNormal, whole.normal);
  if (!(Math.abs(along) > 0.999)) return refuse('The private header puts the slices of the mosaic askew to the image');
  const [betweenRows, betweenColumns] = whole.pixelSpacingMm;
  const right = ((pixels.columns - layout.tileColumns) / 2) * betweenColumns;
  const down = ((pixels.rows - layout.tileRows) / 2) * betweenRows;
  return Array.from({ length: mosaic.tiles }, (_, tile): PlacedFrame => {
    const up = Math.sign(along) * tile * stepMm;
    const [x, y, z] = ([0, 1, 2] as const).map((c) => whole.positionLps[c] + right * whole.rowDirection[c] + down * whole.columnDirection[c] + up * whole.normal[c]) as [number, number, number];
    return { ...whole, tile, positionLps: lps(x, y, z), rows: layout.tileRows, columns: layout.tileColumns };
  });
}
