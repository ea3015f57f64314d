/**
 * What keys do. Each feature contributes its own actions (`features/*\/keys.ts`) when it is loaded; the window listens by
 * this list, and the help sheet shows it.
 */
import { create } from 'zustand';
import type { texts } from '../../texts.ts';

export type KeyGroup = Exclude<keyof typeof texts.keyboard.groups, 'mouse'>;

export interface KeyAction {
  /** Stable, `feature.effect`: a reader's own keys are kept under it. */
  readonly id: string;
  readonly group: KeyGroup;
  readonly label: string;
  /** Actions with the same words here share one line of the help sheet: the four ways to pan, say. */
  readonly line?: string;
  /** Keys it has unless the reader chose others, as `keyOf` (keyNames.ts) names them. Any of them does it. */
  readonly keys: readonly string[];
  /** Works while a sheet lies over the window, too. */
  readonly overSheets?: boolean;
  readonly run: () => void;
}

/** Tries to leave something (a search, a running analysis); false when there was nothing to leave. */
export type Escape = () => boolean;

interface Registry {
  readonly actions: readonly KeyAction[];
  readonly escapes: readonly Escape[];
}

export const useRegistry = create<Registry>()(() => ({ actions: [], escapes: [] }));

/** Adds a feature's actions, in place of those with the same id. */
export function contributeActions(added: readonly KeyAction[]): void {
  const ids = new Set(added.map(({ id }) => id));
  useRegistry.setState(({ actions }) => ({ actions: [...actions.filter(({ id }) => !ids.has(id)), ...added] }));
}

/** Adds what Escape may leave; what was added first is tried first. */
export function contributeEscape(escape: Escape): void {
  useRegistry.setState(({ escapes }) => ({ escapes: [...escapes, escape] }));
}

/** A reader's own keys by action. */
export const useShortcuts = create<{ readonly own: Readonly<Record<string, readonly string[]>> }>()(() => ({ own: {} }));

/** The keys of an action: the reader's own where there are any. */
export const keysOf = ({ id, keys }: Pick<KeyAction, 'id' | 'keys'>, own: Readonly<Record<string, readonly string[]>>): readonly string[] => own[id] ?? keys;

/** Keys that several actions have, with these actions. */
export function conflictsOf(actions: readonly KeyAction[], own: Readonly<Record<string, readonly string[]>>): ReadonlyMap<string, readonly KeyAction[]> {
  const byKey = new Map<string, KeyAction[]>();
  for (const action of actions) for (const key of new Set(keysOf(action, own))) byKey.set(key, [...(byKey.get(key) ?? []), action]);
  return new Map([...byKey].filter(([, shared]) => shared.length > 1));
}

/** The action of a key, or undefined. A key that the reader gave an action is not another one's, whatever that came with. */
export function actionOf(key: string): KeyAction | undefined {
  const { own } = useShortcuts.getState();
  const having = useRegistry.getState().actions.filter((action) => keysOf(action, own).includes(key));
  return having.find(({ id }) => own[id] !== undefined) ?? having[0];
}
