/** Every action with its keys: press a button, then the key it shall have. Keys that two actions share are marked. */
import { RotateCcw, TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { Preferences } from '../../../shared/contract.ts';
import { texts } from '../../texts.ts';
import { Button, IconButton, Key } from '../../ui/Button.tsx';
import { keyLabel, keyOf } from '../keyboard/keyNames.ts';
import { conflictsOf, keysOf, useRegistry } from '../keyboard/registry.ts';

const modifiers = ['Shift', 'Control', 'Alt', 'Meta', 'CapsLock', 'AltGraph'];

export function ShortcutSettings({ shortcuts, onChange }: { readonly shortcuts: Preferences['shortcuts']; readonly onChange: (shortcuts: Preferences['shortcuts']) => void }): ReactNode {
  const actions = useRegistry((state) => state.actions);
  const [recording, setRecording] = useState<string | null>(null);
  const conflicts = conflictsOf(actions, shortcuts);
  const reset = (id: string): void => { onChange(Object.fromEntries(Object.entries(shortcuts).filter(([other]) => other !== id))); };
  return (
    <div className="shortcuts">
      <p className="hint">{texts.settings.shortcutsHint}</p>
      <Button kind="quiet" disabled={Object.keys(shortcuts).length === 0} onClick={() => { onChange({}); }}>{texts.settings.resetAll}</Button>
      <ul>
        {actions.map(({ id, label, keys }) => {
          const shown = keysOf({ id, keys }, shortcuts);
          const shared = [...new Set(shown.flatMap((key) => conflicts.get(key) ?? []).filter((other) => other.id !== id).map((other) => other.label))];
          return (
            <li key={id} data-action={id}>
              <span>{label}</span>
              {shared.length === 0 ? null : <span className="shared" title={texts.settings.shared(shared.join(', '))}><TriangleAlert size={13} aria-hidden />{texts.settings.shared(shared.join(', '))}</span>}
              <button
                type="button" className="record" aria-label={texts.settings.changeKey(label)} aria-pressed={recording === id}
                onClick={() => { setRecording(id); }} onBlur={() => { setRecording(null); }}
                onKeyDown={(event) => {
                  if (recording !== id || event.key === 'Tab' || modifiers.includes(event.key)) return;
                  event.preventDefault();
                  event.stopPropagation();
                  setRecording(null);
                  if (event.key !== 'Escape') onChange({ ...shortcuts, [id]: [keyOf(event.nativeEvent)] });
                }}
              >
                {recording === id ? texts.settings.pressKey : shown.map((key) => <Key key={key}>{keyLabel(key)}</Key>)}
              </button>
              <IconButton label={texts.settings.reset(label)} icon={<RotateCcw size={13} />} disabled={shortcuts[id] === undefined} onClick={() => { reset(id); }} />
            </li>
          );
        })}
      </ul>
    </div>
  );
}
