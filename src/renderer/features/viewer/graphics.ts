/**
 * What the window asks of its graphics without having them: the stage (stage.ts) brings Cornerstone3D, by far the largest part of
 * the page, and is loaded after the window has been shown.
 */

interface Stage {
  /** Drops textures that nothing shows, down to so many bytes. */
  readonly releaseIdle: (keepBytes?: number) => void;
  /** Drops all graphics objects, so that panes attached from now on draw with new ones. */
  readonly restart: () => void;
}

let stage: Stage | null = null;
const lostListeners = new Set<() => void>();
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

/** The stage makes itself known, once it is loaded. */
export function registerStage(loaded: Stage): void {
  stage = loaded;
}

export const releaseIdle = (keepBytes?: number): void => { stage?.releaseIdle(keepBytes); };
export const restartStage = (): void => { stage?.restart(); };

/** The graphics driver has dropped what it held. */
export const tellGraphicsLost = (): void => { for (const lost of lostListeners) lost(); };

/** Tells when that happens. @returns ends the watch */
export function onGraphicsLost(lost: () => void): () => void {
  lostListeners.add(lost);
  return () => { lostListeners.delete(lost); };
}
