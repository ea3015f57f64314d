import { describe, expect, test } from 'vitest';
import { ijk, invertAffine, lps, patientToVoxel, voxelToPatient } from '../../../shared/geometry.ts';
import type { Affine } from '../../../shared/geometry.ts';
import { edgeLetters } from './orientation.ts';
import { clampIjk, paneToPatient, patientToPane, planeCamera, planeNames, untouchedView, viewPlanes } from './planes.ts';

type Axis = readonly [number, number, number];

/** All 48 ways a volume's axes can lie along the patient's, so that left-handed ones are among them. */
const orientations: readonly [string, Affine][] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]].flatMap((order) =>
  [0, 1, 2, 3, 4, 5, 6, 7].map((signs): [string, Affine] => {
    const columns = order.map((body, axis): Axis => [0, 1, 2].map((row) => (row === body ? ((signs >> axis) & 1 ? -1 : 1) * (axis + 1) : 0)) as unknown as Axis);
    const [i, j, k] = columns as [Axis, Axis, Axis];
    return [`axes ${order.join('')} signs ${signs}`, [i[0], j[0], k[0], 11, i[1], j[1], k[1], -7, i[2], j[2], k[2], 3, 0, 0, 0, 1]];
  }),
);
const dims = [40, 50, 60] as const;
const pane = { width: 640, height: 480 };

describe.each(orientations)('a volume with %s', (_name, affine) => {
  const planes = viewPlanes(affine);

  test('is shown in the radiological convention', () => {
    expect(edgeLetters(planes.axial.up, planes.axial.normal)).toEqual({ top: 'A', right: 'L', bottom: 'P', left: 'R' });
    expect(edgeLetters(planes.coronal.up, planes.coronal.normal)).toEqual({ top: 'H', right: 'L', bottom: 'F', left: 'R' });
    expect(edgeLetters(planes.sagittal.up, planes.sagittal.normal)).toEqual({ top: 'H', right: 'P', bottom: 'F', left: 'A' });
  });

  test('shows the slice of the wanted index in each plane', () => {
    const inverse = invertAffine(affine);
    for (const name of planeNames) {
      const camera = planeCamera(affine, dims, planes[name], ijk(3, 4, 5), untouchedView, pane);
      expect(patientToVoxel(inverse, camera.focalPoint)[planes[name].axis]).toBeCloseTo([3, 4, 5][planes[name].axis]!, 6);
    }
  });

  test('puts a point of the patient\'s left front on the right and top of the axial picture', () => {
    const camera = planeCamera(affine, dims, planes.axial, ijk(20, 25, 30), untouchedView, pane);
    const middle = voxelToPatient(affine, ijk(19.5, 24.5, 29.5));
    const [x, y] = patientToPane(camera, planes.axial.right, pane, lps(middle[0] + 5, middle[1] - 5, middle[2]));
    expect(x).toBeGreaterThan(pane.width / 2);
    expect(y).toBeLessThan(pane.height / 2);
  });
});

test('an oblique stack is shown along its own axes', () => {
  const angle = (30 * Math.PI) / 180;
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  // Axial slices turned 30 degrees about the patient's long axis.
  const planes = viewPlanes([c, -s, 0, 0, s, c, 0, 0, 0, 0, 5, 0, 0, 0, 0, 1]);
  expect(edgeLetters(planes.axial.up, planes.axial.normal)).toEqual({ top: 'AL', right: 'LP', bottom: 'PR', left: 'RA' });
  expect(planes.axial.axis).toBe(2);
});

test('a place in a panned and zoomed pane goes to the patient and back', () => {
  const affine: Affine = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
  const plane = viewPlanes(affine).coronal;
  const camera = planeCamera(affine, dims, plane, ijk(1, 2, 3), { zoom: 2.5, pan: [7, -3] }, pane);
  const [x, y] = patientToPane(camera, plane.right, pane, paneToPatient(camera, plane.right, pane, 100, 333));
  expect(x).toBeCloseTo(100, 6);
  expect(y).toBeCloseTo(333, 6);
});

test('dragging the content to the right moves the camera to the left of the screen', () => {
  const affine: Affine = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
  const plane = viewPlanes(affine).axial;
  const point = lps(20, 20, 3);
  const before = patientToPane(planeCamera(affine, dims, plane, ijk(0, 0, 3), untouchedView, pane), plane.right, pane, point);
  const after = patientToPane(planeCamera(affine, dims, plane, ijk(0, 0, 3), { zoom: 1, pan: [10, 0] }, pane), plane.right, pane, point);
  expect(after[0]).toBeGreaterThan(before[0]);
  expect(after[1]).toBeCloseTo(before[1], 6);
});

test('a location outside the volume is brought to its nearest voxel', () => {
  expect([...clampIjk(dims, ijk(-4, 49.6, 12.4))]).toEqual([0, 49, 12]);
});
