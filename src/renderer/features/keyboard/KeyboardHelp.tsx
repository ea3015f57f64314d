import type { ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { Key } from '../../ui/Button.tsx';
import { Sheet } from '../../ui/Sheet.tsx';
import { keyLabel } from './keyNames.ts';
import { keysOf, useRegistry, useShortcuts } from './registry.ts';
import type { KeyAction, KeyGroup } from './registry.ts';
import './keyboard.css';

const groups = ['viewer', 'report', 'reading', 'general'] as const satisfies readonly KeyGroup[];

/** A group's keys by line: actions that share a line show their keys one after the other. */
function linesOf(actions: readonly KeyAction[], own: Readonly<Record<string, readonly string[]>>, group: KeyGroup): readonly (readonly [string, readonly string[]])[] {
  const lines = new Map<string, string[]>();
  for (const action of actions) {
    const { label, line = label } = action;
    const keys = keysOf(action, own);
    if (action.group === group && keys.length > 0) lines.set(line, [...(lines.get(line) ?? []), ...keys]);
  }
  return [...lines];
}

export function KeyboardHelp({ onClose }: { readonly onClose: () => void }): ReactNode {
  const actions = useRegistry((state) => state.actions);
  const own = useShortcuts((state) => state.own);
  return (
    <Sheet title={texts.keyboard.title} onClose={onClose}>
      <div className="keyboard-help">
        {groups.map((group) => (
          <section key={group} className={`keys-${group}`}>
            <h3>{texts.keyboard.groups[group]}</h3>
            <dl>{linesOf(actions, own, group).map(([line, keys]) => <div key={line}><dt>{keys.map((key) => <Key key={key}>{keyLabel(key)}</Key>)}</dt><dd>{line}</dd></div>)}</dl>
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
