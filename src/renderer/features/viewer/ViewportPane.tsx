import { Enums } from '@cornerstonejs/core';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { AttentionCanvas } from '../attention/AttentionCanvas.tsx';
import { LesionCanvas } from '../findings/LesionCanvas.tsx';
import { MeasurementLayer } from '../measurements/MeasurementLayer.tsx';
import { inBackground } from '../notices/noticesStore.ts';
import { texts } from '../../texts.ts';
import { Crosshair } from './Crosshair.tsx';
import { edgeLetters } from './orientation.ts';
import type { EdgeLetters } from './orientation.ts';
import { PaneCover } from './PaneCover.tsx';
import { PaneMenu } from './PaneMenu.tsx';
import { PaneText } from './PaneText.tsx';
import { ReferenceLines } from './ReferenceLines.tsx';
import { ScaleBar } from './ScaleBar.tsx';
import { attachPane, cameraDirections, detachPane, drawPane, resizeStage } from './stage.ts';
import { usePaneDrop } from './usePaneDrop.ts';
import { usePanePointer } from './usePanePointer.ts';
import { usePaneScene } from './usePaneCamera.ts';
import { overlaysBelong, paneOf, seriesIn, useViewer } from './viewerStore.ts';

const edges = ['top', 'right', 'bottom', 'left'] as const;
const noLetters: EdgeLetters = { top: '', right: '', bottom: '', left: '' };

/** One picture with all that lies over it. */
export function ViewportPane({ id }: { readonly id: string }): ReactNode {
  const root = useRef<HTMLDivElement>(null);
  const host = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [letters, setLetters] = useState(noLetters);
  const layout = useViewer((state) => state.layout);
  const main = useViewer((state) => state.main === id);
  const active = useViewer((state) => state.active === id);
  const smooth = useViewer((state) => state.smooth);
  const ofStudy = useViewer((state) => state.study === paneOf(state, id)?.target?.study);
  const belongs = useViewer((state) => overlaysBelong(state, id));
  const shownSeries = useViewer((state) => seriesIn(state, id));
  const target = useViewer((state) => paneOf(state, id)?.target ?? null);
  const scene = usePaneScene(id, size);
  usePanePointer(id, root);
  const drop = usePaneDrop(id);

  useLayoutEffect(() => {
    const element = host.current;
    if (element === null) return;
    const readLetters = (): void => {
      const directions = cameraDirections(id);
      setLetters(directions === null ? noLetters : edgeLetters(directions.viewUp, directions.viewPlaneNormal));
    };
    attachPane(id, element, readLetters);
    const observer = new ResizeObserver(() => {
      resizeStage();
      setSize({ width: element.clientWidth, height: element.clientHeight });
    });
    observer.observe(element);
    element.addEventListener(Enums.Events.CAMERA_MODIFIED, readLetters);
    return () => {
      observer.disconnect();
      element.removeEventListener(Enums.Events.CAMERA_MODIFIED, readLetters);
      detachPane(id);
    };
  }, [id]);

  const camera = scene?.camera;
  const volume = scene?.volume;
  const window = shownSeries?.window;
  const inverted = shownSeries?.inverted ?? false;
  useEffect(() => {
    const look = volume === undefined || camera === undefined || window === undefined ? null : { volume, camera, window, inverted, smooth };
    inBackground(drawPane(id, look), texts.viewer.region);
  }, [id, volume, camera, window, inverted, smooth]);

  const isPlane = layout === 'mpr';
  const name = scene === null ? (isPlane ? id : '') : scene.plane.name;
  const at = scene === null ? 0 : scene.series.location[scene.plane.axis];
  const count = scene === null ? 0 : scene.volume.dims[scene.plane.axis];
  const number = Number(id.replace(/\D/g, ''));
  return (
    <div
      ref={root} className={`pane ${name} ${main ? 'main' : ''} ${active ? 'active' : ''} ${drop.over ? 'drop-here' : ''}`} role="group" tabIndex={0}
      aria-label={isPlane ? texts.viewer.viewport(texts.viewer.planes[id as keyof typeof texts.viewer.planes]) : texts.viewer.pane(number)}
      data-testid={`viewport-${id}`} data-ready={scene !== null && scene.series.phase === 'ready'} data-drawn={scene !== null} data-slice={at} data-slice-count={count}
      data-series={target?.series ?? ''} data-plane={name}
      data-top={letters.top} data-right={letters.right} data-bottom={letters.bottom} data-left={letters.left}
      onFocus={() => { useViewer.getState().activate(id); }}
      onDoubleClick={(event) => { if ((event.target as Element).closest('[data-grip], .with-tool') === null) useViewer.getState().enlarge(id); }}
      {...drop.handlers}
    >
      <div ref={host} className="pane-host" />
      {scene === null ? <PaneCover series={shownSeries} isPlane={isPlane} /> : (
        <>
          {belongs ? <AttentionCanvas camera={scene.camera} plane={scene.plane} volume={scene.volume} pane={size} /> : null}
          {belongs ? <LesionCanvas camera={scene.camera} plane={scene.plane} pane={size} /> : null}
          {isPlane ? <Crosshair plane={scene.plane} camera={scene.camera} pane={size} volume={scene.volume} at={scene.series.point} /> : <ReferenceLines pane={id} scene={scene} size={size} />}
          {ofStudy ? <MeasurementLayer pane={id} scene={scene} size={size} /> : null}
          {edges.map((edge) => <span key={edge} className={`letter ${edge}`} aria-label={`${texts.viewer.orientation[edge]} ${letters[edge]}`}>{letters[edge]}</span>)}
          <ScaleBar camera={scene.camera} pane={size} />
          <PaneText pane={id} plane={scene.plane} series={scene.series} volume={scene.volume} main={main} />
        </>
      )}
      {isPlane ? null : <PaneMenu pane={id} />}
    </div>
  );
}
