/**
 * What the mouse does in a picture: wheel scrolls, left drag windows, a left click locates, middle pans, right zooms.
 * It changes the viewer's state and never a camera.
 */
import { useEffect } from 'react';
import type { RefObject } from 'react';
import type { Lps } from '../../../shared/geometry.ts';
import { viewOf } from './panes.ts';
import { paneToPatient } from './planes.ts';
import { usePointed } from './pointedStore.ts';
import { sceneOf } from './usePaneCamera.ts';
import { useViewer } from './viewerStore.ts';
import { draggedWindow } from './windowing.ts';

/** A press that moves less than this is a click, pixels. */
const clickSlack = 3;
/** Wheels notch in steps of 100 or so; touch pads send many small ones, which add up to this. */
const wheelStep = 40;
const zoomPerPixel = 1 / 180;

/** @returns the place, or null where there is no picture */
function locate(pane: string, element: HTMLElement, event: PointerEvent): Lps | null {
  const box = element.getBoundingClientRect();
  const scene = sceneOf(useViewer.getState(), pane, box);
  if (scene === null) return null;
  const point = paneToPatient(scene.camera, scene.plane.right, box, event.clientX - box.left, event.clientY - box.top);
  useViewer.getState().locateIn(pane, point);
  return point;
}

function drag(pane: string, element: HTMLElement, down: PointerEvent): void {
  const start = useViewer.getState();
  const box = element.getBoundingClientRect();
  const scene = sceneOf(start, pane, box);
  if (scene === null) return;
  const { volume, series } = scene;
  const view = viewOf(start.views, pane);
  const mmPerPixel = (2 * scene.camera.parallelScale) / box.height;
  const live = new AbortController();
  let moved = false;
  element.setPointerCapture(down.pointerId);
  const move = (event: PointerEvent): void => {
    const dx = event.clientX - down.clientX;
    const dy = event.clientY - down.clientY;
    if (!moved && Math.hypot(dx, dy) < clickSlack) return;
    moved = true;
    if (down.button === 1) start.setView(pane, { zoom: view.zoom, pan: [view.pan[0] + dx * mmPerPixel, view.pan[1] - dy * mmPerPixel] });
    else if (down.button === 2) start.setView(pane, { ...view, zoom: view.zoom * Math.exp(-dy * zoomPerPixel) });
    else if (down.shiftKey) locate(pane, element, event);
    else start.setWindow(pane, draggedWindow(series.window, dx, dy, volume.presets.full));
  };
  const up = (event: PointerEvent): void => {
    live.abort();
    const point = !moved && down.button === 0 ? locate(pane, element, event) : null;
    if (point !== null) usePointed.getState().at(pane, point);
  };
  element.addEventListener('pointermove', move, { signal: live.signal });
  element.addEventListener('pointerup', up, { signal: live.signal });
  element.addEventListener('pointercancel', () => { live.abort(); }, { signal: live.signal });
}

/** Presses that are not the picture's: on its menu, on what is drawn over it, and all while a tool is in hand. */
function isElsewhere(event: PointerEvent): boolean {
  const target = event.target as Element;
  return target.closest('.pane-menu, button, select') !== null || (event.button === 0 && target.closest('[data-grip], .with-tool') !== null);
}

export function usePanePointer(pane: string, root: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const element = root.current;
    if (element === null) return;
    const listening = new AbortController();
    const options = { signal: listening.signal };
    let turned = 0;
    element.addEventListener('wheel', (event) => {
      event.preventDefault();
      const { scroll, views, setView, activate } = useViewer.getState();
      activate(pane);
      if (event.ctrlKey) {
        setView(pane, { ...viewOf(views, pane), zoom: viewOf(views, pane).zoom * Math.exp(-event.deltaY * 0.002) });
        return;
      }
      const notched = event.deltaMode !== WheelEvent.DOM_DELTA_PIXEL || Math.abs(event.deltaY) >= wheelStep;
      turned = notched ? 0 : turned + event.deltaY;
      const slices = notched ? Math.sign(event.deltaY) : Math.trunc(turned / wheelStep);
      turned -= slices * wheelStep * (notched ? 0 : 1);
      if (slices !== 0) scroll(pane, slices);
    }, { ...options, passive: false });
    element.addEventListener('pointerdown', (event) => {
      useViewer.getState().activate(pane);
      if (isElsewhere(event)) return;
      if (event.button === 1) event.preventDefault(); // the browser would start to auto-scroll
      drag(pane, element, event);
    }, options);
    element.addEventListener('contextmenu', (event) => { event.preventDefault(); }, options);
    return () => { listening.abort(); };
  }, [pane, root]);
}
