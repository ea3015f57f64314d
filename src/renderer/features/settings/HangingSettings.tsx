/** How a study hangs when it is opened: which sequences, in which order, in how many pictures; and the layouts the reader saved. */
import { ArrowDown, ArrowUp, Trash2 } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import type { HangingProtocol, SavedLayout } from '../../../shared/contract.ts';
import { usualHanging } from '../../../shared/hanging.ts';
import { bridge } from '../../bridge.ts';
import { texts } from '../../texts.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { inBackground, tellError } from '../notices/noticesStore.ts';

const words = texts.settings.hanging;
type HungRole = HangingProtocol['roles'][number];

const isUsual = ({ roles, panes, priorBeside }: HangingProtocol): boolean => roles.join() === usualHanging.roles.join() && panes === usualHanging.panes && priorBeside === usualHanging.priorBeside;

function swapped(roles: readonly HungRole[], at: number, by: 1 | -1): HungRole[] {
  const moved = [...roles];
  [moved[at], moved[at + by]] = [moved[at + by]!, moved[at]!];
  return moved;
}

/** Sequences in the order of their pictures, and below those that do not hang. */
function Roles({ hanging, onChange }: { readonly hanging: HangingProtocol; readonly onChange: (changed: Partial<HangingProtocol>) => void }): ReactNode {
  const { roles, panes } = hanging;
  const left = usualHanging.roles.filter((role) => !roles.includes(role));
  return (
    <ol className="hanging-roles" aria-label={words.roles}>
      {[...roles, ...left].map((role, at) => {
        const name = texts.series.roles[role];
        const hangs = at < roles.length;
        return (
          <li key={role} data-role={role}>
            <label className="switch"><input type="checkbox" checked={hangs} disabled={hangs && roles.length === 1} onChange={() => { onChange({ roles: hangs ? roles.filter((other) => other !== role) : [...roles, role] }); }} />{name}</label>
            <span className="hint">{hangs ? (at === 0 ? words.large : at < panes ? words.beside : words.noRoom) : words.not}</span>
            <IconButton label={words.earlier(name)} icon={<ArrowUp size={13} />} disabled={!hangs || at === 0} onClick={() => { onChange({ roles: swapped(roles, at, -1) }); }} />
            <IconButton label={words.later(name)} icon={<ArrowDown size={13} />} disabled={!hangs || at >= roles.length - 1} onClick={() => { onChange({ roles: swapped(roles, at, 1) }); }} />
          </li>
        );
      })}
    </ol>
  );
}

function SavedLayouts(): ReactNode {
  const [layouts, setLayouts] = useState<readonly SavedLayout[] | null>(null);
  useEffect(() => { bridge().call('layouts.list', {}).then(setLayouts, (error: unknown) => { tellError(error, texts.viewer.savedLayouts); }); }, []);
  if (layouts === null) return null;
  const rename = async (layout: SavedLayout, wanted: string): Promise<void> => {
    const name = wanted.trim();
    if (name === '' || layouts.some((other) => other.name === name)) return;
    // Kept under the new name before the old one goes: an end between the two leaves both, never none.
    await bridge().call('layouts.put', { layout: { ...layout, name } });
    setLayouts(await bridge().call('layouts.remove', { name: layout.name }));
  };
  return (
    <>
      <h3>{texts.viewer.savedLayouts}</h3>
      {layouts.length === 0 ? <p className="hint">{words.noLayouts}</p> : (
        <ul className="saved-list">
          {layouts.map((layout) => (
            <li key={layout.name}>
              <input
                aria-label={words.nameOf(layout.name)} defaultValue={layout.name} maxLength={60}
                onKeyDown={(event) => { if (event.key === 'Enter') event.currentTarget.blur(); }}
                onBlur={({ currentTarget }) => {
                  const { value } = currentTarget;
                  currentTarget.value = layout.name; // a renamed one comes back as a row of its own; a name that is taken stays as it was
                  inBackground(rename(layout, value), texts.viewer.savedLayouts);
                }}
              />
              <span className="hint">{texts.viewer.layoutNames[layout.layout]}</span>
              <IconButton label={texts.viewer.removeLayout(layout.name)} icon={<Trash2 size={13} />} onClick={() => { inBackground(bridge().call('layouts.remove', { name: layout.name }).then(setLayouts), texts.viewer.savedLayouts); }} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

export function HangingSettings({ hanging, onChange }: { readonly hanging: HangingProtocol; readonly onChange: (hanging: HangingProtocol) => void }): ReactNode {
  const change = (changed: Partial<HangingProtocol>): void => { onChange({ ...hanging, ...changed }); };
  return (
    <div className="hanging">
      <p className="hint">{words.hint}</p>
      <Roles hanging={hanging} onChange={change} />
      <label className="labelled">
        {words.panes}
        <select className="select" value={hanging.panes} onChange={({ target }) => { change({ panes: Number(target.value) }); }}>{[1, 2, 3, 4].map((count) => <option key={count} value={count}>{count}</option>)}</select>
      </label>
      <label className="switch"><input type="checkbox" checked={hanging.priorBeside} onChange={({ target }) => { change({ priorBeside: target.checked }); }} />{words.priorBeside}</label>
      <p className="hint">{words.priorHint}</p>
      <Button kind="quiet" disabled={isUsual(hanging)} onClick={() => { onChange(usualHanging); }}>{words.reset}</Button>
      <SavedLayouts />
    </div>
  );
}
