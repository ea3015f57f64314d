import { Eye, EyeOff, Info, LoaderCircle } from 'lucide-react';
import type { ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { IconButton } from '../../ui/Button.tsx';
import { isNearlyEven } from './attentionSampling.ts';
import { useAttention } from './attentionStore.ts';
import { attentionGradient } from './colourMap.ts';
import './attention.css';

export function AttentionControls(): ReactNode {
  const { grid, view, visible, opacity, toggle, setOpacity } = useAttention();
  if (view === null) return null;
  return (
    <section className="attention-controls" aria-label={texts.attention.region}>
      <IconButton label={texts.attention.toggle} keys="O" aria-pressed={visible} icon={visible ? <Eye size={14} /> : <EyeOff size={14} />} onClick={toggle} />
      <span className="name">{texts.attention.of(view)}</span>
      {grid === null ? <LoaderCircle size={13} className="spin" aria-label={texts.attention.loading} /> : null}
      {grid?.hasDepth === false ? <span className="no-depth" title={texts.attention.noDepth}><Info size={13} aria-label={texts.attention.noDepth} /></span> : null}
      {grid !== null && isNearlyEven(grid) ? <span className="chip warning" title={texts.attention.evenHint}>{texts.attention.even}</span> : null}
      <span className="legend" aria-hidden>{texts.attention.low}<i style={{ background: attentionGradient }} />{texts.attention.high}</span>
      <input type="range" min={0.1} max={1} step={0.05} value={opacity} aria-label={texts.attention.opacity} title={`${texts.attention.opacity} ([ ])`} onChange={({ target }) => { setOpacity(Number(target.value)); }} />
    </section>
  );
}
