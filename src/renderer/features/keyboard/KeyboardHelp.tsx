import type { ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { Key } from '../../ui/Button.tsx';
import { Sheet } from '../../ui/Sheet.tsx';
import { keyActions, keyLabel } from './actions.ts';
import './keyboard.css';

const groups = ['viewer', 'reading', 'general'] as const;

export function KeyboardHelp({ onClose }: { readonly onClose: () => void }): ReactNode {
  return (
    <Sheet title={texts.keyboard.title} onClose={onClose}>
      <div className="keyboard-help">
        {groups.map((group) => (
          <section key={group} className={`keys-${group}`}>
            <h3>{texts.keyboard.groups[group]}</h3>
            <dl>
              {group === 'general' ? <div><dt><Key>?</Key></dt><dd>{texts.keyboard.actions.help}</dd></div> : null}
              {keyActions.filter((action) => action.group === group).map(({ name, keys }) => (
                <div key={name}><dt>{keys.map((key) => <Key key={key}>{keyLabel(key)}</Key>)}</dt><dd>{texts.keyboard.actions[name]}</dd></div>
              ))}
            </dl>
          </section>
        ))}
        <section className="keys-mouse">
          <h3>{texts.keyboard.groups.mouse}</h3>
          <dl>{texts.keyboard.mouse.map(([gesture, effect]) => <div key={gesture}><dt>{gesture}</dt><dd>{effect}</dd></div>)}</dl>
        </section>
      </div>
    </Sheet>
  );
}
