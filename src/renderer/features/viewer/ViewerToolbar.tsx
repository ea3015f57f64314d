import { Blend, Columns2, Contrast, Crosshair, Grid2x2, Maximize, Minimize, PanelsTopLeft, Rotate3d, RotateCcw, Square, TextQuote } from 'lucide-react';
import type { ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { IconButton } from '../../ui/Button.tsx';
import { lazyPart } from '../../ui/lazyPart.tsx';
import { AttentionControls } from '../attention/AttentionControls.tsx';
import { layoutNames } from './panes.ts';
import type { LayoutName } from './panes.ts';
import { planeNames } from './planes.ts';
import { paneOf, seriesIn, useViewer } from './viewerStore.ts';
import { presetNames } from './windowing.ts';
import type { PresetName } from './windowing.ts';

const SavedLayouts = lazyPart(async () => (await import('./SavedLayouts.tsx')).SavedLayouts);

const icons: Readonly<Record<LayoutName, ReactNode>> = {
  mpr: <Rotate3d size={15} />, protocol: <PanelsTopLeft size={15} />, one: <Square size={15} />, two: <Columns2 size={15} />, four: <Grid2x2 size={15} />,
};

function Layouts(): ReactNode {
  const { layout, setLayout } = useViewer();
  return (
    <div className="segments icons" role="group" aria-label={texts.viewer.layouts}>
      {layoutNames.map((name) => (
        <button key={name} type="button" aria-pressed={layout === name} aria-label={texts.viewer.layoutNames[name]} title={`${texts.viewer.layoutNames[name]} (${texts.viewer.layoutKeys[name]})`} onClick={() => { setLayout(name); }}>{icons[name]}</button>
      ))}
    </div>
  );
}

/** The large plane of the three, or the plane of the active pane. */
function MainView(): ReactNode {
  const { layout, main, setMain } = useViewer();
  const plane = useViewer((state) => paneOf(state, state.active)?.plane ?? null);
  const chosen = layout === 'mpr' ? main : plane;
  return (
    <div className="segments" role="group" aria-label={texts.viewer.layout}>
      {planeNames.map((name) => (
        <button key={name} type="button" className={name} aria-pressed={chosen === name} aria-label={texts.viewer.planes[name]} title={`${texts.viewer.planes[name]} (${name.charAt(0).toUpperCase()})`} onClick={() => { setMain(name); }}>
          {texts.viewer.planes[name].charAt(0)}<span className="rest">{texts.viewer.planes[name].slice(1)}</span>
        </button>
      ))}
    </div>
  );
}

export function ViewerToolbar(): ReactNode {
  const { smooth, single, crosshair, overlayText, active, usePreset: choosePreset, invert, toggle, enlarge, resetViews } = useViewer();
  const series = useViewer((state) => seriesIn(state, state.active));
  const none = (series?.volume ?? null) === null;
  const preset = series?.preset ?? 'auto';
  return (
    <div className="viewer-toolbar" role="toolbar" aria-label={texts.viewer.toolbar}>
      <Layouts />
      <SavedLayouts />
      <MainView />
      <IconButton label={texts.viewer.maximise} keys="M" aria-pressed={single} icon={single ? <Minimize size={15} /> : <Maximize size={15} />} onClick={() => { enlarge(active); }} />
      <span className="divider" />
      <select className="select" aria-label={texts.viewer.presets} title={`${texts.viewer.presets} (1–5)`} disabled={none} value={preset} onChange={({ target }) => { choosePreset(target.value as PresetName); }}>
        {presetNames.map((name) => <option key={name} value={name}>{texts.viewer.presetNames[name]}</option>)}
        {preset === 'own' ? <option value="own">{texts.viewer.presetNames.own}</option> : null}
      </select>
      <IconButton label={texts.viewer.invert} keys="I" aria-pressed={series?.inverted ?? false} disabled={none} icon={<Contrast size={15} />} onClick={invert} />
      <IconButton label={texts.viewer.interpolate} keys="B" aria-pressed={smooth} disabled={none} icon={<Blend size={15} />} onClick={() => { toggle('smooth'); }} />
      <IconButton label={texts.viewer.crosshair} keys="X" aria-pressed={crosshair} icon={<Crosshair size={15} />} onClick={() => { toggle('crosshair'); }} />
      <IconButton label={texts.viewer.overlayText} keys="T" aria-pressed={overlayText} icon={<TextQuote size={15} />} onClick={() => { toggle('overlayText'); }} />
      <IconButton label={texts.viewer.reset} keys="R" disabled={none} icon={<RotateCcw size={15} />} onClick={resetViews} />
      <span className="spacer" />
      <AttentionControls />
    </div>
  );
}
