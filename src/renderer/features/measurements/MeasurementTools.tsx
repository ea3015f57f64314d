import { Circle, ListChecks, MoveUpRight, Pipette, Ruler, Search, Star, TriangleRight } from 'lucide-react';
import type { ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { IconButton } from '../../ui/Button.tsx';
import { inBackground } from '../notices/noticesStore.ts';
import { useViewer } from '../viewer/viewerStore.ts';
import { markKeyImage } from './markKeyImage.ts';
import { useMeasurements } from './measurementStore.ts';
import type { Tool } from './measurementStore.ts';

export const tools = ['length', 'ellipse', 'angle', 'probe', 'arrow', 'magnify'] as const satisfies readonly Tool[];

const icons: Readonly<Record<Tool, ReactNode>> = {
  length: <Ruler size={15} />, ellipse: <Circle size={15} />, angle: <TriangleRight size={15} />, probe: <Pipette size={15} />, arrow: <MoveUpRight size={15} />, magnify: <Search size={15} />,
};

export function MeasurementTools(): ReactNode {
  const { tool, choose, listed, toggle, items, keyImages } = useMeasurements();
  const none = useViewer((state) => state.volume === null);
  const t = texts.measurements;
  return (
    <>
      {tools.map((name) => <IconButton key={name} label={t.toolHints[name]} keys={t.toolKeys[name]} aria-pressed={tool === name} disabled={none} icon={icons[name]} onClick={() => { choose(name); }} />)}
      <IconButton label={t.keyImage} keys="V" disabled={none} icon={<Star size={15} />} onClick={() => { inBackground(markKeyImage(), t.keyImages); }} />
      <IconButton label={t.list} keys="Q" aria-pressed={listed} icon={<><ListChecks size={15} />{items.length + keyImages.length === 0 ? null : <small>{items.length + keyImages.length}</small>}</>} onClick={() => { toggle('listed'); }} />
    </>
  );
}
