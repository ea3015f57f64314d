/**
 * The three planes a volume is shown in. They follow the volume's own axes, so that every picture is a true slice of
 * what was acquired (or a cut at right angles to it) and slice numbers are the engine's. An oblique stack is therefore
 * shown oblique, and its letters say so. Display is radiological: see {@link viewPlanes}.
 */
import { axisStep, cross, dot, lps, norm, voxelToPatient, ijk } from '../../../shared/geometry.ts';
import type { Affine, Dims, Ijk, Lps } from '../../../shared/geometry.ts';

export const planeNames = ['axial', 'coronal', 'sagittal'] as const;
export type PlaneName = (typeof planeNames)[number];
export type VolumeAxis = 0 | 1 | 2;

export interface ViewPlane {
  readonly name: PlaneName;
  /** Volume axis that scrolling moves along. */
  readonly axis: VolumeAxis;
  /** Volume axes that run along the screen's horizontal and vertical. */
  readonly across: VolumeAxis;
  readonly along: VolumeAxis;
  /** Unit directions of the screen's right and top edge, LPS. */
  readonly right: Lps;
  readonly up: Lps;
  /** From the picture to the eye, LPS: right x up. */
  readonly normal: Lps;
  /** +1 when a growing voxel index moves to the patient's left, back or head along {@link axis}, else -1. */
  readonly sense: 1 | -1;
  /** Unit direction of {@link axis} towards left, back or head, LPS. */
  readonly towards: Lps;
}

const orders: readonly (readonly [VolumeAxis, VolumeAxis, VolumeAxis])[] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

const scaled = (a: Lps, by: number): Lps => lps(a[0] * by, a[1] * by, a[2] * by);
const unit = (a: Lps): Lps => scaled(a, 1 / norm(a));

/**
 * Planes of a volume in the radiological convention: axial and coronal with the patient's left on the right of the
 * screen, axial with the front on top, coronal and sagittal with the head on top, sagittal with the front on the left.
 * @param affine voxel to LPS, mm; its columns are at right angles to each other
 */
export function viewPlanes(affine: Affine): Readonly<Record<PlaneName, ViewPlane>> {
  const steps = ([0, 1, 2] as const).map((axis) => unit(axisStep(affine, axis)));
  const fit = (order: readonly VolumeAxis[]): number => order.reduce<number>((sum, axis, body) => sum + Math.abs(steps[axis]![body]!), 0);
  const order = orders.reduce((best, next) => (fit(next) > fit(best) + 1e-9 ? next : best));
  const sense = order.map((axis, body) => (steps[axis]![body]! < 0 ? -1 : 1)) as (1 | -1)[];
  // Volume axes turned so that they grow to the patient's left, back and head.
  const [left, back, head] = order.map((axis, body) => scaled(steps[axis]!, sense[body]!)) as [Lps, Lps, Lps];

  const plane = (name: PlaneName, body: VolumeAxis, across: VolumeAxis, along: VolumeAxis, right: Lps, rawUp: Lps): ViewPlane => {
    const up = unit(lps(...(rawUp.map((value, k) => value - dot(rawUp, right) * right[k]!) as [number, number, number])));
    return { name, axis: order[body], across: order[across], along: order[along], right, up, normal: cross(right, up), sense: sense[body]!, towards: [left, back, head][body]! };
  };
  return {
    axial: plane('axial', 2, 0, 1, left, scaled(back, -1)),
    coronal: plane('coronal', 1, 0, 2, left, head),
    sagittal: plane('sagittal', 0, 1, 2, back, head),
  };
}

/** A camera with parallel projection; what Cornerstone's setCamera takes. */
export interface PlaneCamera {
  readonly viewUp: Lps;
  readonly viewPlaneNormal: Lps;
  readonly focalPoint: Lps;
  readonly position: Lps;
  /** Half the height of what is seen, mm. */
  readonly parallelScale: number;
}

/** How a reader has moved one picture: 1 is fitted to the pane; pan is how far its content moved right and up, mm. */
export interface PaneView {
  readonly zoom: number;
  readonly pan: readonly [number, number];
}

export const untouchedView: PaneView = { zoom: 1, pan: [0, 0] };

/** Size of the whole volume along a plane's horizontal and vertical, mm, outer edge to outer edge. */
export function planeExtentMm(affine: Affine, dims: Dims, plane: ViewPlane): readonly [number, number] {
  return [dims[plane.across] * norm(axisStep(affine, plane.across)), dims[plane.along] * norm(axisStep(affine, plane.along))];
}

interface ViewedPlane {
  readonly affine: Affine;
  readonly dims: Dims;
  readonly plane: ViewPlane;
}

/**
 * The view of another volume in the same space that shows the same part of the patient at the same scale.
 * @param to a volume whose plane looks (nearly) the same way
 */
export function linkedView(from: ViewedPlane, view: PaneView, to: ViewedPlane): PaneView {
  const height = ({ affine, dims, plane }: ViewedPlane): number => planeExtentMm(affine, dims, plane)[1];
  const centre = ({ affine, dims }: ViewedPlane): Lps => voxelToPatient(affine, ijk((dims[0] - 1) / 2, (dims[1] - 1) / 2, (dims[2] - 1) / 2));
  const { right, up } = from.plane;
  const [a, b] = [centre(from), centre(to)];
  const apart = lps(b[0] - a[0], b[1] - a[1], b[2] - a[2]);
  return { zoom: view.zoom * (height(to) / height(from)), pan: [view.pan[0] + dot(apart, right), view.pan[1] + dot(apart, up)] };
}

/** The eye is this far from the picture; with parallel projection any distance shows the same. */
const eyeDistanceMm = 1000;

/**
 * The camera that shows `location`'s slice in a plane.
 * @param location voxel index; only its component along the plane's axis matters
 * @param pane size of the viewport in CSS pixels
 */
export function planeCamera(affine: Affine, dims: Dims, plane: ViewPlane, location: Ijk, view: PaneView, pane: { readonly width: number; readonly height: number }): PlaneCamera {
  const [width, height] = planeExtentMm(affine, dims, plane);
  const aspect = pane.height > 0 ? pane.width / pane.height : 1;
  const centre = [(dims[0] - 1) / 2, (dims[1] - 1) / 2, (dims[2] - 1) / 2] as [number, number, number];
  centre[plane.axis] = location[plane.axis];
  const middle = voxelToPatient(affine, ijk(...centre));
  const focal = lps(...(middle.map((value, k) => value - view.pan[0] * plane.right[k]! - view.pan[1] * plane.up[k]!) as [number, number, number]));
  return {
    viewUp: plane.up,
    viewPlaneNormal: plane.normal,
    focalPoint: focal,
    position: lps(...(focal.map((value, k) => value + eyeDistanceMm * plane.normal[k]!) as [number, number, number])),
    parallelScale: (Math.max(height, width / aspect) / 2) * 1.02 / view.zoom,
  };
}

/** Patient position of a place in the pane (CSS pixels from its top left), on the camera's plane. */
export function paneToPatient(camera: PlaneCamera, right: Lps, pane: { readonly width: number; readonly height: number }, x: number, y: number): Lps {
  const mmPerPixel = (2 * camera.parallelScale) / pane.height;
  const across = (x - pane.width / 2) * mmPerPixel;
  const above = (pane.height / 2 - y) * mmPerPixel;
  return lps(...(camera.focalPoint.map((value, k) => value + across * right[k]! + above * camera.viewUp[k]!) as [number, number, number]));
}

/** The inverse of {@link paneToPatient} for any patient position, dropped onto the plane. */
export function patientToPane(camera: PlaneCamera, right: Lps, pane: { readonly width: number; readonly height: number }, point: Lps): readonly [number, number] {
  const pixelsPerMm = pane.height / (2 * camera.parallelScale);
  const from = lps(point[0] - camera.focalPoint[0], point[1] - camera.focalPoint[1], point[2] - camera.focalPoint[2]);
  return [pane.width / 2 + dot(from, right) * pixelsPerMm, pane.height / 2 - dot(from, camera.viewUp) * pixelsPerMm];
}

/** Keeps a voxel index inside the volume and on voxel centres. */
export function clampIjk(dims: Dims, location: Ijk): Ijk {
  return ijk(...(location.map((value, axis) => Math.min(dims[axis]! - 1, Math.max(0, Math.round(value)))) as [number, number, number]));
}
