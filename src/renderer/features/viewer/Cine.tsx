import { Pause, Play } from 'lucide-react';
import type { ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { IconButton } from '../../ui/Button.tsx';
import { cineRates, useCine } from './cineStore.ts';
import { useViewer } from './viewerStore.ts';

export function Cine(): ReactNode {
  const { pane, rate, toggle, setRate } = useCine();
  const none = useViewer((state) => state.volume === null);
  const playing = pane !== null;
  return (
    <>
      <IconButton label={playing ? texts.measurements.cineStop : texts.measurements.cine} keys="P" aria-pressed={playing} disabled={none && !playing} icon={playing ? <Pause size={15} /> : <Play size={15} />} onClick={toggle} />
      {playing ? (
        <select className="select" aria-label={texts.measurements.cineRate} value={rate} onChange={({ target }) => { setRate(Number(target.value)); }}>
          {cineRates.map((one) => <option key={one} value={one}>{texts.measurements.rate(one)}</option>)}
        </select>
      ) : null}
    </>
  );
}
