/** Marks what the active pane shows as a key image, with the picture as it is: its canvas has neither lines nor words. */
import type { KeyImage } from '../../../shared/contract.ts';
import { texts } from '../../texts.ts';
import { useStudies } from '../studies/studiesStore.ts';
import { paneOf, planeOf, seriesIn, useViewer } from '../viewer/viewerStore.ts';
import { useMeasurements } from './measurementStore.ts';

export async function markKeyImage(): Promise<void> {
  const state = useViewer.getState();
  const [pane, series] = [paneOf(state, state.active), seriesIn(state, state.active)];
  const canvas = document.querySelector<HTMLCanvasElement>(`[data-testid="viewport-${state.active}"] .pane-host canvas`);
  if (pane === undefined || series === undefined || series.volume === null || canvas === null || series.target.study !== state.study) return;
  const blob = await new Promise<Blob | null>((done) => { canvas.toBlob(done, 'image/png'); });
  if (blob === null) return;
  const { volume, target, location, point, window, inverted } = series;
  const { name, axis } = planeOf(pane, volume);
  const description = useStudies.getState().detail?.series.find((known) => known.series === target.series)?.description ?? '';
  const item: KeyImage = {
    id: crypto.randomUUID(), ...target, frameOfReference: volume.info.frameOfReference, instance: null, slice: axis === 2 ? location[2] : null, plane: name,
    pointLps: [point[0], point[1], point[2]], window, inverted, label: texts.measurements.keyImageName(description || texts.series.unnamed, texts.viewer.planes[name], location[axis] + 1).slice(0, 200),
    createdAt: new Date().toISOString(),
  };
  await useMeasurements.getState().putKeyImage(item, new Uint8Array(await blob.arrayBuffer()));
}
