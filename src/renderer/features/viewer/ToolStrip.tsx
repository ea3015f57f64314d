/** Tools beside the pictures: measuring, marking, playing, and how several pictures go together. */
import { Link2, Link2Off, SeparatorHorizontal, ZoomIn } from 'lucide-react';
import type { ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { IconButton } from '../../ui/Button.tsx';
import { MeasurementTools } from '../measurements/MeasurementTools.tsx';
import { Cine } from './Cine.tsx';
import { useViewer } from './viewerStore.ts';

export function ToolStrip(): ReactNode {
  const { layout, referenceLines, linked, linkedViews, toggle } = useViewer();
  return (
    <div className="tool-strip" role="toolbar" aria-orientation="vertical" aria-label={texts.measurements.tools}>
      <MeasurementTools />
      <Cine />
      {layout === 'mpr' ? null : (
        <>
          <span className="rule" />
          <IconButton label={texts.viewer.referenceLines} keys="L" aria-pressed={referenceLines} icon={<SeparatorHorizontal size={15} />} onClick={() => { toggle('referenceLines'); }} />
          <IconButton label={texts.viewer.linked} keys="K" aria-pressed={linked} icon={linked ? <Link2 size={15} /> : <Link2Off size={15} />} onClick={() => { toggle('linked'); }} />
          <IconButton label={texts.viewer.linkedViews} keys="Z" aria-pressed={linkedViews} icon={<ZoomIn size={15} />} onClick={() => { toggle('linkedViews'); }} />
        </>
      )}
    </div>
  );
}
