/** Layouts of the reader's own, by sequence and plane, so that they fit any study. */
import { Bookmark } from 'lucide-react';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { SavedLayout } from '../../../shared/contract.ts';
import { bridge } from '../../bridge.ts';
import { texts } from '../../texts.ts';
import { inBackground } from '../notices/noticesStore.ts';
import { useStudies } from '../studies/studiesStore.ts';
import { hungBy, savedOf } from './hangingProtocol.ts';
import { useViewer } from './viewerStore.ts';

const t = texts.viewer;

export function SavedLayouts(): ReactNode {
  const [layouts, setLayouts] = useState<readonly SavedLayout[]>([]);
  const [naming, setNaming] = useState(false);
  const detail = useStudies((state) => state.detail);
  const refresh = async (): Promise<void> => { setLayouts(await bridge().call('layouts.list', {})); };
  const save = async (name: string): Promise<void> => {
    const { layout, panes } = useViewer.getState();
    setNaming(false);
    if (detail !== null && name.trim() !== '') setLayouts(await bridge().call('layouts.put', { layout: { name: name.trim(), layout, panes: [...savedOf(detail, panes)] } }));
  };
  const choose = (value: string): void => {
    const [kind, at] = [value.charAt(0), layouts[Number(value.slice(1))]];
    if (kind === 's') setNaming(true);
    else if (kind === 'r' && at !== undefined) inBackground(bridge().call('layouts.remove', { name: at.name }).then(setLayouts), t.savedLayouts);
    else if (at !== undefined && detail !== null) useViewer.getState().hang(detail, at.layout, hungBy(detail, at));
  };
  if (naming) return <span className="saved-layouts"><input autoFocus aria-label={t.layoutName} placeholder={t.layoutName} maxLength={60} onBlur={() => { setNaming(false); }} onKeyDown={(event) => { if (event.key === 'Enter') inBackground(save(event.currentTarget.value), t.savedLayouts); else if (event.key === 'Escape') setNaming(false); }} /></span>;
  return (
    <span className="saved-layouts">
      <Bookmark size={14} aria-hidden />
      <select className="select" aria-label={t.savedLayouts} title={t.savedLayouts} value="" disabled={detail === null} onFocus={() => { inBackground(refresh(), t.savedLayouts); }} onChange={({ target }) => { choose(target.value); }}>
        <option value="" hidden>{t.savedLayouts}</option>
        {layouts.length === 0 ? <option disabled>{t.noLayouts}</option> : layouts.map(({ name }, at) => <option key={name} value={`o${at}`}>{name}</option>)}
        <option value="s">{t.saveLayout}</option>
        {layouts.map(({ name }, at) => <option key={`remove ${name}`} value={`r${at}`}>{t.removeLayout(name)}</option>)}
      </select>
    </span>
  );
}
