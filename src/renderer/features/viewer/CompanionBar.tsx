/** Says that another examination hangs beside the open study, how it follows, and ends that. */
import { Columns2, X } from 'lucide-react';
import type { ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { IconButton } from '../../ui/Button.tsx';
import { useCompare } from './compareStore.ts';
import { useViewer } from './viewerStore.ts';

export function CompanionBar(): ReactNode {
  const link = useViewer((state) => state.companion?.link ?? null);
  const linked = useViewer((state) => state.linked);
  const { title, close } = useCompare();
  if (link === null) return null;
  return (
    <div className="companion-bar" role="status" aria-label={texts.viewer.companion}>
      <Columns2 size={14} aria-hidden />
      <b>{title}</b>
      <span>{texts.viewer.companionLinks[linked ? link.kind : 'none']}</span>
      <IconButton label={texts.viewer.closeCompanion} icon={<X size={14} />} onClick={close} />
    </div>
  );
}
