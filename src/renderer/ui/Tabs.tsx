/** Tabs after the ARIA pattern: arrows, Home and End move between them, and a panel that is not shown keeps its state. */
import { useId, useRef } from 'react';
import type { KeyboardEvent, ReactNode } from 'react';

export interface Tab<Name extends string> {
  readonly name: Name;
  readonly label: string;
  /** A few characters after the label, such as a count. */
  readonly mark?: ReactNode;
  readonly keys?: string;
  readonly panel: ReactNode;
}

interface TabsProps<Name extends string> {
  readonly label: string;
  readonly tabs: readonly Tab<Name>[];
  readonly active: Name;
  readonly onChange: (name: Name) => void;
}

export function Tabs<Name extends string>({ label, tabs, active, onChange }: TabsProps<Name>): ReactNode {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent): void => {
    const at = tabs.findIndex(({ name }) => name === active);
    const to = { ArrowLeft: (at + tabs.length - 1) % tabs.length, ArrowRight: (at + 1) % tabs.length, Home: 0, End: tabs.length - 1 }[event.key];
    const next = to === undefined ? undefined : tabs[to];
    if (next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    onChange(next.name);
    list.current?.querySelector<HTMLElement>(`[data-tab="${next.name}"]`)?.focus();
  };
  return (
    <>
      <div ref={list} className="tabs" role="tablist" aria-label={label} onKeyDown={move}>
        {tabs.map(({ name, label: said, mark, keys }) => (
          <button
            key={name} type="button" role="tab" id={`${id}-${name}`} data-tab={name} aria-selected={name === active} aria-controls={`${id}-${name}-panel`} tabIndex={name === active ? 0 : -1}
            title={keys === undefined ? said : `${said} (${keys})`} onClick={() => { onChange(name); }}
          >
            {said}{mark === undefined ? null : <span className="tab-mark">{mark}</span>}
          </button>
        ))}
      </div>
      {tabs.map(({ name, panel }) => <div key={name} className="tab-panel" role="tabpanel" id={`${id}-${name}-panel`} aria-labelledby={`${id}-${name}`} hidden={name !== active}>{panel}</div>)}
    </>
  );
}
