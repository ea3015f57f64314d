/** What is measured in a pane's slice, and the drawing and dragging of it. */
import { useRef, useState } from 'react';
import type { PointerEvent, ReactNode } from 'react';
import type { Measurement } from '../../../shared/contract.ts';
import { axisStep, norm } from '../../../shared/geometry.ts';
import type { Lps } from '../../../shared/geometry.ts';
import { texts } from '../../texts.ts';
import { inBackground } from '../notices/noticesStore.ts';
import { paneToPatient, patientToPane } from '../viewer/planes.ts';
import type { PaneScene, PaneSize } from '../viewer/usePaneCamera.ts';
import { clicksOf, movedBy, sketchedPoints, withHandleAt } from './editing.ts';
import { between, liesInSlice } from './geometry.ts';
import { Magnifier } from './Magnifier.tsx';
import { measured, measurementLines, pointsOf } from './measure.ts';
import { useMeasurements } from './measurementStore.ts';
import { MeasurementShape } from './MeasurementShape.tsx';
import type { Place } from './MeasurementShape.tsx';
import './measurements.css';

/** A press that moves less than this is a click, pixels. */
const clickSlack = 3;

interface LayerProps {
  readonly pane: string;
  readonly scene: PaneScene;
  readonly size: PaneSize;
}

/** Measurements of a series that lie in the slice a pane shows. */
function inSlice(items: readonly Measurement[], { series: { target }, volume, plane, camera }: PaneScene): readonly Measurement[] {
  const thickness = norm(axisStep(volume.voxelToLps, plane.axis));
  return items.filter((item) => item.series === target.series && item.stack === target.stack && liesInSlice(pointsOf(item), plane.normal, camera.focalPoint, thickness));
}

const asTuples = (points: readonly Lps[]): Measurement['pointsLps'] => points.map(([x, y, z]) => [x, y, z]);

/** The measurement with new points, and its numbers from them. */
function remeasured(item: Measurement, points: readonly Lps[], { volume, plane }: PaneScene): Measurement {
  return { ...item, pointsLps: asTuples(points), ...measured(item.kind, points, volume, plane) };
}

export function MeasurementLayer({ pane, scene, size }: LayerProps): ReactNode {
  const { items, tool, sketch, selected, visible, draw, choose, select, put, preview } = useMeasurements();
  const svg = useRef<SVGSVGElement>(null);
  const press = useRef<{ readonly x: number; readonly y: number; readonly began: boolean } | null>(null);
  const [lens, setLens] = useState<Place | null>(null);
  const { camera, plane, volume, series } = scene;

  const placeOf = (event: PointerEvent): Place => {
    const box = svg.current!.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const pointAt = (event: PointerEvent): Lps => paneToPatient(camera, plane.right, size, ...placeOf(event));
  const toPane = (point: Lps): Place => patientToPane(camera, plane.right, size, point);

  const finish = (points: readonly Lps[]): void => {
    if (tool === null || tool === 'magnify') return;
    const whole = sketchedPoints(tool, points, plane);
    const item: Measurement = {
      id: crypto.randomUUID(), study: series.target.study, series: series.target.series, stack: series.target.stack,
      frameOfReference: volume.info.frameOfReference, instance: null, slice: plane.axis === 2 ? series.location[2] : null,
      kind: tool, pointsLps: asTuples(whole), ...measured(tool, whole, volume, plane), label: '', createdAt: new Date().toISOString(),
    };
    choose(null);
    select(item.id);
    inBackground(put(item), texts.measurements.title);
  };

  const down = (event: PointerEvent): void => {
    if (event.button !== 0 || tool === null) return;
    svg.current!.setPointerCapture(event.pointerId);
    if (tool === 'magnify') {
      setLens(placeOf(event));
      return;
    }
    const began = sketch?.pane !== pane;
    press.current = { x: event.clientX, y: event.clientY, began };
    if (began) draw({ pane, kind: tool, points: tool === 'probe' ? [pointAt(event)] : [pointAt(event), pointAt(event)] });
  };
  const move = (event: PointerEvent): void => {
    if (lens !== null) setLens(placeOf(event));
    else if (sketch?.pane === pane) draw({ ...sketch, points: [...sketch.points.slice(0, -1), pointAt(event)] });
  };
  const up = (event: PointerEvent): void => {
    setLens(null);
    const before = press.current;
    press.current = null;
    if (before === null || sketch?.pane !== pane) return;
    const points = [...sketch.points.slice(0, -1), pointAt(event)];
    const clicked = Math.hypot(event.clientX - before.x, event.clientY - before.y) < clickSlack;
    if (before.began && clicked && sketch.kind !== 'probe') return; // the first place of several; the next click sets the second
    if (points.length === clicksOf[sketch.kind]) finish(points);
    else draw({ ...sketch, points: [...points, points.at(-1)!] });
  };

  /** Drags a handle, or all of a measurement. @param handle null for all */
  const grab = (item: Measurement, handle: number | null) => (event: PointerEvent): void => {
    if (event.button !== 0 || tool !== null) return;
    select(item.id);
    const element = event.currentTarget;
    const [from, points] = [pointAt(event), pointsOf(item)];
    let latest: Measurement | null = null;
    const live = new AbortController();
    element.setPointerCapture(event.pointerId);
    const drag = (moving: Event): void => {
      const to = pointAt(moving as unknown as PointerEvent);
      latest = remeasured(item, handle === null ? movedBy(points, between(from, to)) : withHandleAt(item.kind, points, handle, to), scene);
      preview(latest);
    };
    element.addEventListener('pointermove', drag, { signal: live.signal });
    for (const end of ['pointerup', 'pointercancel']) {
      element.addEventListener(end, () => {
        live.abort();
        if (latest !== null) inBackground(put(latest), texts.measurements.title);
      }, { signal: live.signal });
    }
  };

  const shown = visible ? inSlice(items, scene) : [];
  const drawn = sketch?.pane === pane ? sketchedPoints(sketch.kind, sketch.points, plane) : null;
  const drawnNumbers = drawn === null || sketch === null || sketch.points.length < clicksOf[sketch.kind] ? null : { kind: sketch.kind, pointsLps: asTuples(drawn), ...measured(sketch.kind, drawn, volume, plane) };
  return (
    <>
      <svg ref={svg} className={`measuring ${tool === null ? '' : 'with-tool'}`} width={size.width} height={size.height} data-testid={`measuring-${pane}`} onPointerDown={down} onPointerMove={move} onPointerUp={up}>
        {shown.map((item) => {
          const places = pointsOf(item).map(toPane);
          return (
            <g key={item.id} className={`measurement ${item.id === selected ? 'selected' : ''}`} data-measurement={item.kind} data-value={item.value ?? ''} data-grip onPointerDown={grab(item, null)}>
              <MeasurementShape kind={item.kind} places={places} lines={measurementLines(item)} label={item.label} width={size.width} />
              {item.id === selected ? places.map(([x, y], at) => (
                <circle key={at} cx={x} cy={y} r={5} className="handle" data-handle={at} onPointerDown={(event) => { event.stopPropagation(); grab(item, at)(event); }}><title>{texts.measurements.handle}</title></circle>
              )) : null}
            </g>
          );
        })}
        {drawn === null || sketch === null ? null : (
          <g className="measurement sketch"><MeasurementShape kind={sketch.kind} places={drawn.map(toPane)} lines={drawnNumbers === null ? [] : measurementLines(drawnNumbers)} label="" width={size.width} /></g>
        )}
      </svg>
      {lens === null ? null : <Magnifier pane={pane} at={lens} />}
    </>
  );
}
