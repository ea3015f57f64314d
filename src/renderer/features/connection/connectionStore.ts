/**
 * Whether the engine answers, and what it says of itself. One long stream doubles as the life sign: when it breaks, the
 * window says so, keeps everything typed, and tries again until the engine is back.
 */
import { create } from 'zustand';
import type { z } from 'zod';
import type { appStatus } from '../../../shared/contract.ts';
import { bridge } from '../../bridge.ts';
import { texts } from '../../texts.ts';
import { tell } from '../notices/noticesStore.ts';

export type AppStatus = z.output<typeof appStatus>;

interface ConnectionState {
  readonly state: 'connecting' | 'ready' | 'lost';
  readonly status: AppStatus | null;
}

export const useConnection = create<ConnectionState>()(() => ({ state: 'connecting', status: null }));

/** Listeners to stored data changing; null means anything may have. */
const listeners = new Set<(study: string | null) => void>();

export function onChanged(listener: (study: string | null) => void): () => void {
  listeners.add(listener);
  return () => { listeners.delete(listener); };
}

/** Has everything that is shown asked for again: what came while it was not on the page was missed. */
export const announceAll = (): void => { announce(null); };

const announce = (study: string | null): void => { for (const listener of listeners) listener(study); };

const pausesMs = [250, 500, 1000, 2000];
let wakeUp: (() => void) | null = null;

const pause = (ms: number, signal: AbortSignal): Promise<void> => new Promise((resolve) => {
  const done = (): void => {
    window.clearTimeout(timer);
    signal.removeEventListener('abort', done);
    wakeUp = null;
    resolve();
  };
  const timer = window.setTimeout(done, ms);
  signal.addEventListener('abort', done);
  wakeUp = done;
});

let asked = 0;

export async function refreshStatus(): Promise<void> {
  const own = ++asked;
  const status = await bridge().call('app.status', {});
  // An answer that was overtaken by a later one's question is out of date.
  if (own === asked) useConnection.setState({ status });
}

/** Ends the pause before the next attempt. */
export function reconnectNow(): void {
  wakeUp?.();
}

/** Keeps the window connected until `signal` aborts. */
export async function stayConnected(signal: AbortSignal): Promise<void> {
  const left = (): boolean => signal.aborted;
  for (let attempt = 0; !left(); attempt++) {
    try {
      await refreshStatus();
      if (useConnection.getState().state === 'lost') tell(texts.status.backText);
      useConnection.setState({ state: 'ready' });
      attempt = 0;
      for await (const { study } of bridge().stream('events.changed', {}, signal)) {
        announce(study);
        refreshStatus().catch(() => undefined); // a broken pipe ends the stream too, which is where it is handled
      }
    } catch {
      // Whatever it was, the answer is the same: say so and try again.
    }
    if (left()) return;
    useConnection.setState({ state: 'lost' });
    await pause(pausesMs[Math.min(attempt, pausesMs.length - 1)]!, signal);
  }
}
