/**
 * The only file that talks to Cornerstone3D: one rendering engine, one viewport per pane, a texture per volume. What a
 * pane shows, its camera and its window are given from outside (viewerStore.ts) and never changed here, so that pictures
 * cannot drift apart; what the camera then really is can be read back, and the orientation letters use that.
 */
import { cache, Enums, eventTarget, init, RenderingEngine, volumeLoader } from '@cornerstonejs/core';
import type { Types } from '@cornerstonejs/core';
import { axisStep, ijk, lps, norm, spacingMm, voxelToPatient } from '../../../shared/geometry.ts';
import type { Lps } from '../../../shared/geometry.ts';
import { graphicsAvailable, registerStage, tellGraphicsLost } from './graphics.ts';
import type { LoadedVolume } from './loadVolume.ts';
import type { PlaneCamera } from './planes.ts';
import { storedRange } from './windowing.ts';
import type { GreyWindow } from './windowing.ts';

const engineId = 'brat-stage';

/** Textures kept for panes that show them no more, bytes of voxels: going back and forth is instant, and 2 GB cards live. */
const idleTextureBytes = 384 * 2 ** 20;

let engine: RenderingEngine | null = null;
let textureCount = 0;

/** What a pane is to show. */
export interface PaneLook {
  readonly volume: LoadedVolume;
  readonly camera: PlaneCamera;
  readonly window: GreyWindow;
  /** Low values bright. */
  readonly inverted: boolean;
  readonly smooth: boolean;
}

interface StagePane {
  wanted: PaneLook | null;
  shown: LoadedVolume | null;
  /** Window as it was last given to Cornerstone, which makes a transfer function of each. */
  greys: string;
  busy: boolean;
  readonly onDrawn: () => void;
}

const panes = new Map<string, StagePane>();
/** Cornerstone's volumes by ours, least recently shown first. */
const textures = new Map<LoadedVolume, string>();

function renderingEngine(): RenderingEngine {
  if (engine !== null) return engine;
  init({ rendering: { webGlContextCount: 1 }, debug: {} }); // one context: pictures of one volume share its texture
  engine = new RenderingEngine(engineId);
  return engine;
}

/** All viewports of this stage are of the volume kind; Cornerstone's types only know that they are viewports. */
const viewportOf = (pane: string): Types.IVolumeViewport | null => (engine?.getViewport(pane) ?? null) as unknown as Types.IVolumeViewport | null;

const point = (at: Lps): Types.Point3 => [at[0], at[1], at[2]];

/** Gives a pane its place on the page. Without graphics it stays empty. @param onDrawn called when its camera may have changed */
export function attachPane(pane: string, element: HTMLDivElement, onDrawn: () => void): void {
  if (!graphicsAvailable()) return;
  panes.set(pane, { wanted: null, shown: null, greys: '', busy: false, onDrawn });
  renderingEngine().enableElement({
    viewportId: pane,
    type: Enums.ViewportType.ORTHOGRAPHIC,
    element,
    defaultOptions: { background: [0, 0, 0] },
  });
  element.removeAttribute('tabindex'); // the pane around it takes the focus
}

/** Takes a pane off the page. */
export function detachPane(pane: string): void {
  panes.delete(pane);
  engine?.disableElement(pane);
  releaseIdle();
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

/** A lone slice lies between two copies of itself, so that the plane it is looked at in has something on both sides. */
function slab({ dims, voxelToLps, voxels, only }: LoadedVolume): { readonly dims: Types.Point3; readonly origin: Lps; readonly voxels: LoadedVolume['voxels'] } {
  if (only === null) return { dims: [...dims], origin: voxelToPatient(voxelToLps, ijk(0, 0, 0)), voxels };
  const filled = new (voxels.constructor as new (length: number) => LoadedVolume['voxels'])(3 * voxels.length);
  for (let copy = 0; copy < 3; copy++) filled.set(voxels, copy * voxels.length);
  return { dims: [dims[0], dims[1], 3], origin: voxelToPatient(voxelToLps, ijk(0, 0, only - 1)), voxels: filled };
}

/** Cornerstone's id of a volume. Direction, origin and spacing come from its affine, nothing else. */
function textureOf(volume: LoadedVolume): string {
  const known = textures.get(volume);
  if (known !== undefined) {
    textures.delete(volume);
    textures.set(volume, known);
    return known;
  }
  const id = `brat-volume-${++textureCount}`;
  const spacing = spacingMm(volume.voxelToLps);
  const direction = ([0, 1, 2] as const).flatMap((axis) => {
    const step = axisStep(volume.voxelToLps, axis);
    const length = norm(step);
    return [step[0] / length, step[1] / length, step[2] / length];
  });
  const { dims, origin, voxels } = slab(volume);
  const created = volumeLoader.createLocalVolume(id, {
    metadata: metadataOf(volume, direction, spacing),
    dimensions: dims,
    spacing: [...spacing],
    origin: point(origin),
    direction: direction as unknown as Types.Mat3,
    scalarData: voxels,
  });
  created.modified(); // else the first picture drawn finds its texture empty
  textures.set(volume, id);
  return id;
}

/** Frees what Cornerstone and the graphics driver hold of a volume; its voxels stay whoever else's they are. */
function release(volume: LoadedVolume): void {
  const id = textures.get(volume);
  if (id === undefined) return;
  textures.delete(volume);
  const held = cache.getVolume(id);
  cache.removeVolumeLoadObject(id);
  for (const image of held?.imageIds ?? []) cache.removeImageLoadObject(image, { force: true });
  held?.vtkOpenGLTexture.releaseGraphicsResources();
}

/** Frees textures that no pane shows: lone slices at once, volumes beyond what is kept for going back. */
function releaseIdle(keptBytes = idleTextureBytes): void {
  const used = new Set([...panes.values()].flatMap(({ shown, wanted }) => [shown, wanted?.volume ?? null]));
  const idle = [...textures.keys()].filter((volume) => !used.has(volume));
  let bytes = idle.reduce((sum, { voxels }) => sum + voxels.byteLength, 0);
  for (const volume of idle) {
    if (volume.only === null && bytes <= keptBytes) continue;
    bytes -= volume.voxels.byteLength;
    release(volume);
  }
}

/**
 * Says what a pane shows from now on; null for nothing. While a volume is being put in its place, only what was said
 * last counts.
 * @throws Error from Cornerstone when memory or the graphics driver refuses
 */
export async function drawPane(id: string, look: PaneLook | null): Promise<void> {
  const pane = panes.get(id);
  if (pane === undefined) return;
  pane.wanted = look;
  if (pane.busy) return;
  pane.busy = true;
  try {
    while (pane.shown !== (pane.wanted?.volume ?? null)) {
      const viewport = viewportOf(id);
      const next: LoadedVolume | null = pane.wanted?.volume ?? null;
      if (viewport === null || panes.get(id) !== pane) return;
      if (next === null) {
        viewport.setProperties({ invert: false }); // remembered by the viewport, not by what it shows
        viewport.removeAllActors();
        viewport.render();
      } else {
        await viewport.setVolumes([{ volumeId: textureOf(next) }], false, true);
      }
      pane.shown = next;
      pane.greys = '';
    }
  } finally {
    pane.busy = false;
  }
  if (panes.get(id) !== pane) return;
  releaseIdle();
  applyLook(id, pane);
}

function applyLook(id: string, pane: StagePane): void {
  const { wanted } = pane;
  const viewport = viewportOf(id);
  const texture = wanted === null ? undefined : textures.get(wanted.volume);
  if (viewport === null || wanted === null || texture === undefined) return;
  const { camera, window, volume, inverted, smooth } = wanted;
  viewport.setCamera({
    viewUp: point(camera.viewUp), viewPlaneNormal: point(camera.viewPlaneNormal),
    focalPoint: point(camera.focalPoint), position: point(camera.position), parallelScale: camera.parallelScale,
  });
  const greys = `${window.center} ${window.width} ${inverted} ${smooth}`;
  if (greys !== pane.greys) {
    pane.greys = greys;
    const { lower, upper, flipped } = storedRange(window, volume.info);
    viewport.setProperties({
      voiRange: { lower, upper },
      invert: inverted !== flipped,
      interpolationType: smooth ? Enums.InterpolationType.LINEAR : Enums.InterpolationType.NEAREST,
    }, texture, true);
  }
  viewport.render();
  pane.onDrawn();
}

/** Directions of the camera as Cornerstone has them now, for the orientation letters; null when nothing is shown. */
export function cameraDirections(pane: string): { readonly viewUp: Lps; readonly viewPlaneNormal: Lps } | null {
  const viewport = viewportOf(pane);
  if (viewport === null || (panes.get(pane)?.shown ?? null) === null) return null;
  const { viewUp, viewPlaneNormal } = viewport.getCamera();
  return viewUp === undefined || viewPlaneNormal === undefined ? null : { viewUp: lps(...viewUp), viewPlaneNormal: lps(...viewPlaneNormal) };
}

/** Tells Cornerstone that panes changed their size. Cameras have to be set again afterwards. */
export function resizeStage(): void {
  engine?.resize(true, false);
}

registerStage({
  releaseIdle,
  restart() {
    panes.clear();
    for (const volume of [...textures.keys()]) release(volume);
    engine?.destroy();
    engine = null;
  },
});
eventTarget.addEventListener(Enums.Events.WEBGL_CONTEXT_LOST, tellGraphicsLost);
