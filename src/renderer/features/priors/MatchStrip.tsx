/** What the match of two studies rests on, a switch to turn registration off, and a picture to judge the fit by. */
import { Columns2, Eye, X } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { voxelToPatient } from '../../../shared/geometry.ts';
import { bridge } from '../../bridge.ts';
import { texts } from '../../texts.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { Failure } from '../../ui/Failure.tsx';
import { pngUrl } from '../../ui/pngUrl.ts';
import { Sheet } from '../../ui/Sheet.tsx';
import { tellError } from '../notices/noticesStore.ts';
import { useViewer } from '../viewer/viewerStore.ts';
import { useBeside, type Beside } from './besideStore.ts';
import './priors.css';

const words = texts.similar.match;

function FitSheet({ beside, onClose }: { readonly beside: Beside; readonly onClose: () => void }): ReactNode {
  const [url, setUrl] = useState<string | null | undefined>(undefined);
  useEffect(() => {
    const { volume, location } = useViewer.getState();
    if (volume === null) return;
    const [x, y, z] = voxelToPatient(volume.voxelToLps, location);
    bridge().call('volumes.fitPicture', { here: beside.here, there: beside.there, kind: beside.kind, at: [x, y, z] }).then(
      (picture) => { setUrl(picture && pngUrl(picture.png)); },
      (error: unknown) => { tellError(error, beside.name); },
    );
  }, [beside]);
  return (
    <Sheet title={words.show} onClose={onClose}>
      {url ? <img className="fit-picture" src={url} alt={words.picture} draggable={false} /> : null}
      <p className="note">{url === null ? words.pictureNone : words.picture} {words.pictureOff}</p>
    </Sheet>
  );
}

export function MatchStrip(): ReactNode {
  const [checking, setChecking] = useState(false);
  const { beside, phase, match, failure, register, setRegister, close } = useBeside();
  const companion = useViewer((state) => state.companion);
  const open = useViewer((state) => state.study);
  // The viewer may have closed it, or another study was opened.
  if (beside === null || companion?.target.study !== beside.study || open === null) return null;
  const by = match?.by ?? null;
  return (
    <section className={`match-strip ${by ?? ''}`} aria-label={words.title}>
      <p className="match-line"><Columns2 size={13} aria-hidden /><b>{beside.name}</b><IconButton label={words.close} icon={<X size={13} />} onClick={close} /></p>
      {failure === null ? null : <Failure error={failure} />}
      <p className="match-by" role="status" data-match={by ?? phase}>
        {match === null ? (phase === 'matching' ? words.working : '') : words.by[match.by]}
        {match?.by === 'registration' && match.quality !== null ? <> · <b>{words.fit(match.quality.toFixed(2))}</b> · {words.moved((match.movedMm ?? 0).toFixed(0), (match.turnedDeg ?? 0).toFixed(0))}</> : null}
      </p>
      {match === null || match.note === '' ? null : <p className="note">{match.note}.</p>}
      <div className="match-tools">
        {beside.kind === 'prior' ? <label><input type="checkbox" checked={register} onChange={(event) => { setRegister(event.target.checked); }} />{words.register}</label> : null}
        {by === null || by === 'none' ? null : <Button kind="quiet" onClick={() => { setChecking(true); }}><Eye size={13} aria-hidden />{words.show}</Button>}
      </div>
      {checking ? <FitSheet beside={beside} onClose={() => { setChecking(false); }} /> : null}
    </section>
  );
}
