import { Blend, Contrast, Crosshair, Grid2x2, Maximize, RotateCcw, TextQuote } from 'lucide-react';
import type { ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { IconButton } from '../../ui/Button.tsx';
import { AttentionControls } from '../attention/AttentionControls.tsx';
import { planeNames } from './planes.ts';
import { useViewer } from './viewerStore.ts';
import { presetNames } from './windowing.ts';
import type { PresetName } from './windowing.ts';

function MainView(): ReactNode {
  const { main, setMain } = useViewer();
  return (
    <div className="segments" role="group" aria-label={texts.viewer.layout}>
      {planeNames.map((plane) => (
        <button key={plane} type="button" className={plane} aria-pressed={main === plane} title={`${texts.viewer.planes[plane]} (${plane.charAt(0).toUpperCase()})`} onClick={() => { setMain(plane); }}>
          {texts.viewer.planes[plane]}
        </button>
      ))}
    </div>
  );
}

export function ViewerToolbar(): ReactNode {
  const { volume, preset, usePreset: choosePreset, inverted, smooth, single, crosshair, overlayText, toggle, resetViews } = useViewer();
  const none = volume === null;
  return (
    <div className="viewer-toolbar" role="toolbar" aria-label={texts.viewer.toolbar}>
      <MainView />
      <IconButton label={texts.viewer.maximise} keys="M" aria-pressed={single} icon={single ? <Grid2x2 size={15} /> : <Maximize size={15} />} onClick={() => { toggle('single'); }} />
      <span className="divider" />
      <select className="select" aria-label={texts.viewer.presets} title={`${texts.viewer.presets} (1–5)`} disabled={none} value={preset} onChange={({ target }) => { choosePreset(target.value as PresetName); }}>
        {presetNames.map((name) => <option key={name} value={name}>{texts.viewer.presetNames[name]}</option>)}
        {preset === 'own' ? <option value="own">{texts.viewer.presetNames.own}</option> : null}
      </select>
      <IconButton label={texts.viewer.invert} keys="I" aria-pressed={inverted} disabled={none} icon={<Contrast size={15} />} onClick={() => { toggle('inverted'); }} />
      <IconButton label={texts.viewer.interpolate} keys="B" aria-pressed={smooth} disabled={none} icon={<Blend size={15} />} onClick={() => { toggle('smooth'); }} />
      <IconButton label={texts.viewer.crosshair} keys="X" aria-pressed={crosshair} icon={<Crosshair size={15} />} onClick={() => { toggle('crosshair'); }} />
      <IconButton label={texts.viewer.overlayText} keys="T" aria-pressed={overlayText} icon={<TextQuote size={15} />} onClick={() => { toggle('overlayText'); }} />
      <IconButton label={texts.viewer.reset} keys="R" disabled={none} icon={<RotateCcw size={15} />} onClick={resetViews} />
      <span className="spacer" />
      <AttentionControls />
    </div>
  );
}
