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

/** The action of a key, or undefined. */
export const actionOf = (key: string): KeyAction | undefined => useRegistry.getState().actions.find(({ keys }) => keys.includes(key));
