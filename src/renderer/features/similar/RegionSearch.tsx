/** Search by a region: an ellipse drawn in the image or a ball around the crosshair, and which views look there. */
import { Circle, ScanSearch } from 'lucide-react';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { Region } from '../../../shared/contract.ts';
import { voxelToPatient } from '../../../shared/geometry.ts';
import { texts } from '../../texts.ts';
import { Button } from '../../ui/Button.tsx';
import { useMeasurements } from '../measurements/measurementStore.ts';
import { useStudies } from '../studies/studiesStore.ts';
import { useViewer } from '../viewer/viewerStore.ts';
import { ballAround, ellipseRegion } from './regions.ts';
import { useSimilar } from './similarStore.ts';

const radii = [8, 15, 25, 40] as const;
const words = texts.similar.region;

/** Frame of reference of the series the models read, if it is on the screen. */
function useReadFrame(): string | null {
  const read = useStudies((state) => state.detail?.chosen?.series);
  return useViewer(({ shown }) => Object.values(shown).find(({ target, volume }) => target.series === read && volume !== null)?.volume?.info.frameOfReference ?? null);
}

export function RegionSearch(): ReactNode {
  const [radius, setRadius] = useState<number>(15);
  const [ellipse, setEllipse] = useState('');
  const volume = useViewer((state) => state.volume);
  const { items, choose } = useMeasurements();
  const read = useStudies((state) => state.detail?.chosen?.series);
  const frame = useReadFrame();
  const { answer, query, phase, find } = useSimilar();
  // A place in another patient space says nothing of where the model looked.
  const ellipses = items.filter((item) => item.kind === 'ellipse' && (item.series === read || (frame !== null && item.frameOfReference === frame)));
  const chosen = ellipses.find(({ id }) => id === ellipse);
  const sameSpace = volume !== null && (volume.info.series === read || (frame !== null && volume.info.frameOfReference === frame));
  const regionOf = (): Region | null => {
    if (chosen !== undefined) return ellipseRegion(chosen);
    const { volume: shown, location } = useViewer.getState();
    return shown === null ? null : ballAround(voxelToPatient(shown.voxelToLps, location), radius);
  };
  const search = (anyway: boolean): void => {
    const region = regionOf();
    if (region !== null) void find({ by: 'region', region, anyway });
  };
  const found = query.by === 'region' && phase === 'done' ? (answer?.region ?? null) : null;
  return (
    <div className="region-search">
      <div className="region-line">
        <select className="select" aria-label={words.which} value={chosen === undefined ? '' : ellipse} onChange={(event) => { setEllipse(event.target.value); }}>
          <option value="">{words.around}</option>
          {ellipses.map(({ id, label, slice }, at) => <option key={id} value={id}>{words.ellipse(label === '' ? `${at + 1}` : label, slice)}</option>)}
        </select>
        {chosen === undefined ? (
          <select className="select" aria-label={words.radius} value={radius} onChange={(event) => { setRadius(Number(event.target.value)); }}>
            {radii.map((mm) => <option key={mm} value={mm}>{words.radiusMm(mm)}</option>)}
          </select>
        ) : null}
        <Button kind="quiet" onClick={() => { choose('ellipse'); }}><Circle size={13} aria-hidden />{words.draw}</Button>
        <Button disabled={chosen === undefined && !sameSpace} onClick={() => { search(false); }}><ScanSearch size={13} aria-hidden />{words.find}</Button>
      </div>
      {found === null ? <p className="note">{chosen === undefined && !sameSpace && volume !== null ? words.otherSpace : words.hint}</p> : (
        <p className="note" role="status">
          {found.note === '' ? '' : `${found.note} `}
          {found.used.length === 0 ? '' : words.used(found.used)}
          {found.used.length === 0 && found.views[0] !== undefined && found.views[0].density > 0 ? <Button kind="quiet" onClick={() => { search(true); }}>{words.anyway}</Button> : null}
        </p>
      )}
    </div>
  );
}
