/** What the engine found of two volumes, in the viewer's words. */
import type { Correspondence } from '../../../shared/contract.ts';
import { placeThere } from '../../../shared/correspondence.ts';
import { axisStep, ijk, invertAffine, patientToVoxel, voxelToPatient } from '../../../shared/geometry.ts';
import type { Affine, Dims } from '../../../shared/geometry.ts';
import type { CompanionLink } from '../viewer/linking.ts';

interface Placed {
  readonly dims: Dims;
  readonly voxelToLps: Affine;
}

/** Slices that a map of slices is told by; between them it is even. */
const knots = 24;

/** Axis of the patient that slices of a volume are stacked along: 0 left, 1 back, 2 head. */
function stackAxis(affine: Affine): number {
  const step = axisStep(affine, 2).map(Math.abs);
  return step.indexOf(Math.max(...step));
}

/**
 * Rigid matches as they are. A map along the axes becomes pairs of slices where both are stacked along one axis; otherwise
 * the straight line through its ends along each axis, since slices of two planes have no pairs.
 */
export function linkOf(found: Pick<Correspondence, 'toOther' | 'axes'>, here: Placed, there: Placed): CompanionLink {
  if (found.toOther !== null) return { kind: 'patient', toCompanion: found.toOther as unknown as Affine };
  if (found.axes === null) return { kind: 'none' };
  const [own, other] = [here.voxelToLps, there.voxelToLps];
  if (stackAxis(own) !== stackAxis(other)) return { kind: 'patient', toCompanion: straight(found.axes) };
  const [ni, nj, nk] = here.dims;
  const toOther = invertAffine(other);
  const count = Math.min(nk, knots);
  const pairs = Array.from({ length: count }, (_, n) => {
    const slice = count === 1 ? 0 : (n * (nk - 1)) / (count - 1);
    const point = placeThere(found, voxelToPatient(own, ijk((ni - 1) / 2, (nj - 1) / 2, slice)))!;
    return { slice, companionSlice: patientToVoxel(toOther, point)[2] };
  });
  return { kind: 'slices', pairs };
}

function straight(axes: NonNullable<Correspondence['axes']>): Affine {
  const lines = axes.map((line) => {
    const [[h0, t0], [h1, t1]] = [line[0]!, line.at(-1)!];
    const slope = (t1 - t0) / (h1 - h0);
    return { slope, shift: t0 - slope * h0 };
  });
  const [x, y, z] = lines as [typeof lines[0], typeof lines[0], typeof lines[0]];
  return [x.slope, 0, 0, x.shift, 0, y.slope, 0, y.shift, 0, 0, z.slope, z.shift, 0, 0, 0, 1];
}
