/** Finds the image a measurement lies in, and where in it: patient space to column and row of one slice. */
import type { Measurement } from '../../../shared/contract.ts';
import { invertAffine, lps, patientToVoxel } from '../../../shared/geometry.ts';
import type { SliceReference, Stack } from '../../volume/types.ts';
import type { ImageReference, PlacedMeasurement } from '../report/signedStudy.ts';

/** The stored image of a slice, as other objects name it. */
export function imageOf({ instance: { sopClassUid, sopInstanceUid, seriesUid, pixels }, frame }: SliceReference): ImageReference {
  return { sopClassUid, sopInstanceUid, seriesUid, frame: (pixels?.numberOfFrames ?? 1) > 1 ? frame + 1 : null };
}

/** How far a point may lie from the middle of a slice and still be said to lie in it, in slices. */
const withinSlices = 0.5;

/**
 * @param stack the stack the measurement was made in, or null where it is not known
 * @returns `image` null where no single stored image holds all points: a plane across slices, an interpolated stack, a mosaic,
 *   or an image that is not DICOM
 */
export function placeMeasurement(measurement: Measurement, stack: Stack | null): PlacedMeasurement {
  const { instance } = measurement;
  if (instance === null || !stack?.geometry || stack.geometry.slicing !== 'direct') return { measurement, image: null };
  const k = stack.slices.findIndex(({ instance: { sopInstanceUid } }, at) => sopInstanceUid === instance && (measurement.slice === null || at === measurement.slice));
  const slice = stack.slices[k];
  if (slice === undefined || slice.tile !== undefined || slice.instance.kind !== 'dicom') return { measurement, image: null };
  const toVoxel = invertAffine(stack.geometry.voxelToLps);
  const places = measurement.pointsLps.map(([x, y, z]) => patientToVoxel(toVoxel, lps(x, y, z)));
  if (places.some(([, , at]) => Math.abs(at - k) > withinSlices)) return { measurement, image: null };
  return {
    measurement,
    image: {
      ...imageOf(slice),
      // Voxel (0, 0) is the middle of the first pixel, which DICOM's image coordinates call (0.5, 0.5).
      points: places.map(([i, j]) => [i + 0.5, j + 0.5] as const),
    },
  };
}
