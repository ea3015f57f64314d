/** Everything that can be done or opened, found by typing: actions by a fuzzy match of their words, studies by the worklist's search. */
import fuzzysort from 'fuzzysort';
import { Search } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import type { WorklistRow } from '../../../shared/contract.ts';
import { bridge } from '../../bridge.ts';
import { texts } from '../../texts.ts';
import { Key } from '../../ui/Button.tsx';
import { shownDate, shownName } from '../../ui/format.ts';
import { keyLabel } from '../keyboard/keyNames.ts';
import { keysOf, useRegistry, useShortcuts } from '../keyboard/registry.ts';
import { inBackground } from '../notices/noticesStore.ts';
import { useStudies } from '../studies/studiesStore.ts';
import './palette.css';

const shownActions = 8;
const shownStudies = 6;

interface Entry {
  readonly id: string;
  readonly label: string;
  readonly note: ReactNode;
  readonly run: () => void;
}

const studyEntry = (row: WorklistRow): Entry => ({
  id: row.study,
  label: shownName(row.patientName) || texts.studies.noName,
  note: [row.patientId, row.description, shownDate(row.studyDate)].filter(Boolean).join(' · '),
  run: () => { inBackground(useStudies.getState().open(row.study), row.patientName); },
});

export function CommandPalette({ onClose }: { readonly onClose: () => void }): ReactNode {
  const actions = useRegistry((state) => state.actions);
  const own = useShortcuts((state) => state.own);
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const [studies, setStudies] = useState<readonly WorklistRow[]>([]);
  useEffect(() => { if (dialog.current?.open === false) dialog.current.showModal(); }, []);
  useEffect(() => {
    let current = true;
    bridge().call('worklist.query', { text: text.slice(0, 200), limit: shownStudies }).then(({ rows }) => { if (current) setStudies(rows); }, () => undefined); // a lost engine leaves the actions
    return () => { current = false; };
  }, [text]);

  const entries = useMemo((): readonly Entry[] => {
    const found = text.trim() === '' ? actions.slice(0, shownActions) : fuzzysort.go(text, actions, { key: 'label', limit: shownActions, threshold: 0 }).map(({ obj }) => obj);
    return [
      ...found.map((action): Entry => ({ id: action.id, label: action.label, note: keysOf(action, own).map((key) => <Key key={key}>{keyLabel(key)}</Key>), run: action.run })),
      ...studies.map(studyEntry),
    ];
  }, [actions, own, studies, text]);
  const chosen = Math.min(at, entries.length - 1);
  const run = (entry: Entry | undefined): void => {
    if (entry === undefined) return;
    dialog.current?.close(); // the action finds the window as it was, with the focus where it was
    entry.run();
  };
  return (
    <dialog ref={dialog} className="sheet palette" aria-label={texts.palette.title} onClose={onClose} onClick={(event) => { if (event.target === dialog.current) dialog.current.close(); }}>
      <div className="field">
        <Search size={15} aria-hidden />
        <input
          type="text" role="combobox" aria-label={texts.palette.title} aria-expanded aria-controls="palette-list" aria-autocomplete="list" aria-activedescendant={chosen < 0 ? undefined : `palette-${chosen}`}
          placeholder={texts.palette.hint} value={text} onChange={(event) => { setText(event.target.value); setAt(0); }}
          onKeyDown={(event) => {
            if (event.key === 'ArrowDown') setAt(Math.min(chosen + 1, entries.length - 1));
            else if (event.key === 'ArrowUp') setAt(Math.max(chosen - 1, 0));
            else if (event.key === 'Enter') run(entries[chosen]);
            else return;
            event.preventDefault();
          }}
        />
      </div>
      <ul role="listbox" id="palette-list" aria-label={texts.palette.title}>
        {entries.map((entry, index) => (
          <li key={entry.id} id={`palette-${index}`} role="option" aria-selected={index === chosen} onMouseMove={() => { setAt(index); }} onClick={() => { run(entry); }}><span>{entry.label}</span><span className="note">{entry.note}</span></li>
        ))}
      </ul>
      {entries.length === 0 ? <p className="empty">{texts.palette.nothing}</p> : null}
    </dialog>
  );
}
