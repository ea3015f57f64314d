/** All studies as a table over the room, with search, filters and the queue; the pictures stay as they are beneath. */
import { FileInput, FolderOpen, Search, X } from 'lucide-react';
import { useEffect, useRef } from 'react';
import type { ReactNode } from 'react';
import { studyStates } from '../../../shared/choices.ts';
import { texts } from '../../texts.ts';
import { IconButton } from '../../ui/Button.tsx';
import { onChanged } from '../connection/connectionStore.ts';
import { ImportButtons } from '../import/ImportButtons.tsx';
import { QueuePanel } from './QueuePanel.tsx';
import { WorklistTable } from './WorklistTable.tsx';
import { useWorklist } from './worklistStore.ts';
import './worklist.css';

function Filters(): ReactNode {
  const { states, counts, withDemo, toggleState, setWithDemo } = useWorklist();
  return (
    <div className="filters" role="group" aria-label={texts.worklist.filters}>
      {studyStates.filter((state) => states.includes(state) || (counts?.states[state] ?? 0) > 0).map((state) => (
        <button key={state} type="button" className="filter" aria-pressed={states.includes(state)} title={texts.studies.stateHints[state]} onClick={() => { toggleState(state); }}>
          {texts.studies.states[state]} <span>{(counts?.states[state] ?? 0).toLocaleString('en-GB')}</span>
        </button>
      ))}
      <label className="filter"><input type="checkbox" checked={withDemo} onChange={(event) => { setWithDemo(event.target.checked); }} />{texts.worklist.withDemo}</label>
    </div>
  );
}

export function Worklist(): ReactNode {
  const { text, total, counts, setText, hide, changed, moveTo, openAt, at } = useWorklist();
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => onChanged(changed), [changed]);
  useEffect(() => { field.current?.focus(); }, []);
  return (
    <section className="worklist" aria-label={texts.worklist.title}>
      <header className="worklist-head">
        <h1>{texts.worklist.title}</h1>
        <span className="count" role="status">{total === null || counts === null ? '' : texts.studies.count(total, counts.total)}</span>
        <div className="field">
          <Search size={13} aria-hidden />
          <input
            ref={field} type="search" aria-label={texts.worklist.search} placeholder={texts.worklist.searchHint} value={text} maxLength={200}
            onChange={(event) => { setText(event.target.value); }}
            onKeyDown={(event) => {
              const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 20, PageUp: -20 }[event.key];
              if (step !== undefined) moveTo(at + step);
              else if (event.key === 'Enter') openAt(at);
              else return;
              event.preventDefault();
            }}
          />
          {text === '' ? null : <IconButton className="end" label={texts.worklist.clear} icon={<X size={13} />} onClick={() => { setText(''); field.current?.focus(); }} />}
        </div>
        <span className="spacer" />
        <ImportButtons filesIcon={<FileInput size={15} />} folderIcon={<FolderOpen size={15} />} marked={false} />
        <IconButton label={texts.worklist.close} keys="Esc" icon={<X size={16} />} onClick={hide} />
      </header>
      <Filters />
      <div className="worklist-body"><WorklistTable /><QueuePanel /></div>
    </section>
  );
}
