import { Enums } from '@cornerstonejs/core';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { AttentionCanvas } from '../attention/AttentionCanvas.tsx';
import { LesionCanvas } from '../findings/LesionCanvas.tsx';
import { texts } from '../../texts.ts';
import { Crosshair } from './Crosshair.tsx';
import { edgeLetters } from './orientation.ts';
import type { EdgeLetters } from './orientation.ts';
import { PaneText } from './PaneText.tsx';
import { planeCamera } from './planes.ts';
import type { PlaneName } from './planes.ts';
import { ScaleBar } from './ScaleBar.tsx';
import { attachPane, cameraDirections, detachPane, resizeStage, setCamera } from './stage.ts';
import { usePanePointer } from './usePanePointer.ts';
import { useViewer } from './viewerStore.ts';

const edges = ['top', 'right', 'bottom', 'left'] as const;
const noLetters: EdgeLetters = { top: '', right: '', bottom: '', left: '' };

export function ViewportPane({ plane }: { readonly plane: PlaneName }): ReactNode {
  const host = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [letters, setLetters] = useState(noLetters);
  const { volume, location, main, active, toggle, setMain } = useViewer();
  const view = useViewer((state) => state.views[plane]);
  usePanePointer(plane, host);

  useLayoutEffect(() => {
    const element = host.current;
    if (element === null) return;
    attachPane(plane, element);
    const readLetters = (): void => {
      const directions = cameraDirections(plane);
      setLetters(directions === null ? noLetters : edgeLetters(directions.viewUp, directions.viewPlaneNormal));
    };
    const observer = new ResizeObserver(() => {
      resizeStage();
      setSize({ width: element.clientWidth, height: element.clientHeight });
    });
    observer.observe(element);
    element.addEventListener(Enums.Events.CAMERA_MODIFIED, readLetters);
    return () => {
      observer.disconnect();
      element.removeEventListener(Enums.Events.CAMERA_MODIFIED, readLetters);
      detachPane(plane);
    };
  }, [plane]);

  const axis = volume?.planes[plane].axis ?? 0;
  const slice = location[axis];
  const camera = useMemo(() => (volume === null || size.width === 0 ? null : planeCamera(volume.voxelToLps, volume.dims, volume.planes[plane], location, view, size)),
    // Only the slice of this plane moves its camera: the two other coordinates of the location do not.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [volume, slice, view, size, plane]);
  useEffect(() => { if (camera !== null) setCamera(plane, camera); }, [plane, camera]);

  const name = texts.viewer.planes[plane];
  const shown = volume !== null && camera !== null;
  return (
    <div
      className={`pane ${plane} ${main === plane ? 'main' : ''} ${active === plane ? 'active' : ''}`} role="group" aria-label={texts.viewer.viewport(name)} tabIndex={0}
      data-testid={`viewport-${plane}`} data-ready={shown} data-slice={slice} data-slice-count={volume?.dims[axis] ?? 0}
      data-top={letters.top} data-right={letters.right} data-bottom={letters.bottom} data-left={letters.left}
      onFocus={() => { useViewer.getState().activate(plane); }}
      onDoubleClick={() => { setMain(plane); toggle('single'); }}
    >
      <div ref={host} className="pane-host" />
      {shown ? (
        <>
          <AttentionCanvas camera={camera} plane={volume.planes[plane]} volume={volume} pane={size} />
          <LesionCanvas camera={camera} plane={volume.planes[plane]} pane={size} />
          <Crosshair plane={plane} camera={camera} pane={size} volume={volume} />
          {edges.map((edge) => <span key={edge} className={`letter ${edge}`} aria-label={`${texts.viewer.orientation[edge]} ${letters[edge]}`}>{letters[edge]}</span>)}
          <ScaleBar camera={camera} pane={size} />
          <PaneText plane={plane} main={main === plane} volume={volume} />
        </>
      ) : null}
    </div>
  );
}
