/**
 * The only file that talks to Cornerstone3D: one rendering engine, one viewport per plane, one volume at a time.
 * Cameras and windows are given from outside (viewerStore.ts) and never changed here, so that the three pictures
 * cannot drift apart; what the camera then really is can be read back, and the orientation letters use that.
 */
import { cache, Enums, eventTarget, init, RenderingEngine, volumeLoader } from '@cornerstonejs/core';
import type { Types } from '@cornerstonejs/core';
import { axisStep, lps, norm, spacingMm } from '../../../shared/geometry.ts';
import type { Lps } from '../../../shared/geometry.ts';
import type { LoadedVolume } from './loadVolume.ts';
import type { PlaneCamera, PlaneName } from './planes.ts';
import { storedRange } from './windowing.ts';
import type { GreyWindow } from './windowing.ts';

const engineId = 'brat-stage';

let engine: RenderingEngine | null = null;
let shown: { readonly id: string; readonly volume: LoadedVolume } | null = null;
let volumeCount = 0;

let webGl: boolean | null = null;

/** Whether pictures can be drawn at all: volumes need WebGL 2. Asked once, since a try costs a graphics context. */
export function graphicsAvailable(): boolean {
  if (webGl === null) {
    const context = document.createElement('canvas').getContext('webgl2');
    webGl = context !== null;
    context?.getExtension('WEBGL_lose_context')?.loseContext();
  }
  return webGl;
}

/** Tells when the graphics driver drops what it held. @returns ends the watch */
export function onGraphicsLost(lost: () => void): () => void {
  const name = Enums.Events.WEBGL_CONTEXT_LOST;
  eventTarget.addEventListener(name, lost);
  return () => { eventTarget.removeEventListener(name, lost); };
}

/** Drops all graphics objects, so that panes attached from now on draw with new ones. */
export function restartStage(): void {
  clearStage();
  engine?.destroy();
  engine = null;
}

function renderingEngine(): RenderingEngine {
  if (engine !== null) return engine;
  init({ rendering: { webGlContextCount: 1 }, debug: {} }); // one context: the three pictures share one texture
  engine = new RenderingEngine(engineId);
  return engine;
}

/** All viewports of this stage are of the volume kind; Cornerstone's types only know that they are viewports. */
const viewports = (): readonly Types.IVolumeViewport[] => (engine?.getViewports() ?? []) as unknown as readonly Types.IVolumeViewport[];

const viewportOf = (plane: PlaneName): Types.IVolumeViewport | null => viewports().find(({ id }) => id === plane) ?? null;

const point = (at: Lps): Types.Point3 => [at[0], at[1], at[2]];

/** Gives a plane its place on the page. Without graphics it stays empty. */
export function attachPane(plane: PlaneName, element: HTMLDivElement): void {
  if (!graphicsAvailable()) return;
  renderingEngine().enableElement({
    viewportId: plane,
    type: Enums.ViewportType.ORTHOGRAPHIC,
    element,
    defaultOptions: { background: [0, 0, 0] },
  });
  element.removeAttribute('tabindex'); // the pane around it takes the focus
}

/** Takes a plane off the page. */
export function detachPane(plane: PlaneName): void {
  engine?.disableElement(plane);
}

function metadataOf({ info }: LoadedVolume, direction: readonly number[], spacing: readonly number[]): Types.Metadata {
  const bits = info.type === 'float32' ? 32 : info.type.endsWith('16') ? 16 : 8;
  return {
    BitsAllocated: bits, BitsStored: bits, HighBit: bits - 1, SamplesPerPixel: 1,
    PixelRepresentation: info.type.startsWith('int') ? 1 : 0,
    PhotometricInterpretation: 'MONOCHROME2', Modality: 'MR', SeriesInstanceUID: info.series, FrameOfReferenceUID: info.frameOfReference,
    ImageOrientationPatient: direction.slice(0, 6), PixelSpacing: [spacing[1]!, spacing[0]!],
    Columns: info.dims[0], Rows: info.dims[1], voiLut: [], VOILUTFunction: 'LINEAR',
  };
}

const isShown = (id: string): boolean => shown?.id === id;

/** Forgets the shown volume and frees its memory, on both sides of the graphics driver. */
export function clearStage(): void {
  if (shown === null) return;
  shown = null;
  for (const viewport of viewports()) {
    viewport.setProperties({ invert: false }); // remembered by the viewport, not by what it shows
    viewport.removeAllActors();
    viewport.render();
  }
  cache.purgeCache();
}

/**
 * Shows a volume in all attached panes. Direction, origin and spacing come from its affine, nothing else.
 * @throws Error from Cornerstone when memory or the graphics driver refuses
 */
export async function showVolume(volume: LoadedVolume): Promise<void> {
  clearStage();
  if (!graphicsAvailable()) return;
  const id = `brat-volume-${++volumeCount}`;
  const m = volume.voxelToLps;
  const spacing = spacingMm(m);
  const direction = ([0, 1, 2] as const).flatMap((axis) => {
    const step = axisStep(m, axis);
    const length = norm(step);
    return [step[0] / length, step[1] / length, step[2] / length];
  });
  const created = volumeLoader.createLocalVolume(id, {
    metadata: metadataOf(volume, direction, spacing),
    dimensions: [...volume.dims],
    spacing: [...spacing],
    origin: [m[3], m[7], m[11]],
    direction: direction as unknown as Types.Mat3,
    scalarData: volume.voxels,
  });
  created.modified(); // else the first picture drawn finds its texture empty
  shown = { id, volume };
  for (const viewport of viewports()) {
    if (!isShown(id)) return; // another series was opened meanwhile
    await viewport.setVolumes([{ volumeId: id }], false, true);
  }
}

/** Points a plane's camera; nothing happens while the plane is not on the page. */
export function setCamera(plane: PlaneName, camera: PlaneCamera): void {
  const viewport = viewportOf(plane);
  if (viewport === null || shown === null) return;
  viewport.setCamera({
    viewUp: point(camera.viewUp), viewPlaneNormal: point(camera.viewPlaneNormal),
    focalPoint: point(camera.focalPoint), position: point(camera.position), parallelScale: camera.parallelScale,
  });
  viewport.render();
}

/** Directions of the camera as Cornerstone has them now, for the orientation letters; null when nothing is shown. */
export function cameraDirections(plane: PlaneName): { readonly viewUp: Lps; readonly viewPlaneNormal: Lps } | null {
  const viewport = viewportOf(plane);
  if (viewport === null || shown === null) return null;
  const { viewUp, viewPlaneNormal } = viewport.getCamera();
  return viewUp === undefined || viewPlaneNormal === undefined ? null : { viewUp: lps(...viewUp), viewPlaneNormal: lps(...viewPlaneNormal) };
}

/** Sets grey levels in all planes. @param inverted low values bright */
export function setGreyLevels(window: GreyWindow, inverted: boolean, smooth: boolean): void {
  if (shown === null) return;
  const { lower, upper, flipped } = storedRange(window, shown.volume.info);
  for (const viewport of viewports()) {
    if (viewport.getActors().length === 0) continue;
    viewport.setProperties({
      voiRange: { lower, upper },
      invert: inverted !== flipped,
      interpolationType: smooth ? Enums.InterpolationType.LINEAR : Enums.InterpolationType.NEAREST,
    }, shown.id, true);
    viewport.render();
  }
}

/** Tells Cornerstone that panes changed their size. Cameras have to be set again afterwards. */
export function resizeStage(): void {
  engine?.resize(true, false);
}
