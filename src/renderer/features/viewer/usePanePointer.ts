/**
 * What the mouse does in a picture: wheel scrolls, left drag windows, a left click locates, middle pans, right zooms.
 * It changes the viewer's state and never a camera.
 */
import { useEffect } from 'react';
import type { RefObject } from 'react';
import { paneToPatient, planeCamera } from './planes.ts';
import type { PlaneName } from './planes.ts';
import { useViewer } from './viewerStore.ts';
import { draggedWindow } from './windowing.ts';

/** A press that moves less than this is a click, pixels. */
const clickSlack = 3;
/** Wheels notch in steps of 100 or so; touch pads send many small ones, which add up to this. */
const wheelStep = 40;
const zoomPerPixel = 1 / 180;

function locate(plane: PlaneName, element: HTMLElement, event: PointerEvent): void {
  const { volume, location, views, locateAt } = useViewer.getState();
  if (volume === null) return;
  const box = element.getBoundingClientRect();
  const camera = planeCamera(volume.voxelToLps, volume.dims, volume.planes[plane], location, views[plane], box);
  locateAt(paneToPatient(camera, volume.planes[plane].right, box, event.clientX - box.left, event.clientY - box.top));
}

function drag(plane: PlaneName, element: HTMLElement, down: PointerEvent): void {
  const start = useViewer.getState();
  const { volume } = start;
  if (volume === null) return;
  const view = start.views[plane];
  const box = element.getBoundingClientRect();
  const mmPerPixel = (2 * planeCamera(volume.voxelToLps, volume.dims, volume.planes[plane], start.location, view, box).parallelScale) / box.height;
  const live = new AbortController();
  let moved = false;
  element.setPointerCapture(down.pointerId);
  const move = (event: PointerEvent): void => {
    const dx = event.clientX - down.clientX;
    const dy = event.clientY - down.clientY;
    if (!moved && Math.hypot(dx, dy) < clickSlack) return;
    moved = true;
    if (down.button === 1) start.setView(plane, { zoom: view.zoom, pan: [view.pan[0] + dx * mmPerPixel, view.pan[1] - dy * mmPerPixel] });
    else if (down.button === 2) start.setView(plane, { ...view, zoom: view.zoom * Math.exp(-dy * zoomPerPixel) });
    else if (down.shiftKey) locate(plane, element, event);
    else start.setWindow(draggedWindow(start.window, dx, dy, volume.presets.full));
  };
  const up = (event: PointerEvent): void => {
    live.abort();
    if (!moved && down.button === 0) locate(plane, element, event);
  };
  element.addEventListener('pointermove', move, { signal: live.signal });
  element.addEventListener('pointerup', up, { signal: live.signal });
  element.addEventListener('pointercancel', () => { live.abort(); }, { signal: live.signal });
}

export function usePanePointer(plane: PlaneName, host: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const listening = new AbortController();
    const options = { signal: listening.signal };
    let turned = 0;
    element.addEventListener('wheel', (event) => {
      event.preventDefault();
      const { scroll, views, setView, activate } = useViewer.getState();
      activate(plane);
      if (event.ctrlKey) {
        setView(plane, { ...views[plane], zoom: views[plane].zoom * Math.exp(-event.deltaY * 0.002) });
        return;
      }
      const notched = event.deltaMode !== WheelEvent.DOM_DELTA_PIXEL || Math.abs(event.deltaY) >= wheelStep;
      turned = notched ? 0 : turned + event.deltaY;
      const slices = notched ? Math.sign(event.deltaY) : Math.trunc(turned / wheelStep);
      turned -= slices * wheelStep * (notched ? 0 : 1);
      if (slices !== 0) scroll(plane, slices);
    }, { ...options, passive: false });
    element.addEventListener('pointerdown', (event) => {
      useViewer.getState().activate(plane);
      if (event.button === 1) event.preventDefault(); // the browser would start to auto-scroll
      drag(plane, element, event);
    }, options);
    element.addEventListener('contextmenu', (event) => { event.preventDefault(); }, options);
    return () => { listening.abort(); };
  }, [plane, host]);
}
