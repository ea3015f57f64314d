/**
 * Who reads in this window. The engine decides; every window follows it. Once there are readers, nothing is shown before
 * somebody signed in, and while the window is locked nothing of a patient is on the page at all.
 */
import { create } from 'zustand';
import type { Session } from '../../../shared/contract.ts';
import { bridge } from '../../bridge.ts';
import { texts } from '../../texts.ts';
import { inBackground, tell, useNotices } from '../notices/noticesStore.ts';
import { useReport } from '../report/reportStore.ts';
import { useSheet } from '../sheets/sheetStore.ts';

interface SessionState {
  /** Null until the engine answered. */
  readonly session: Session | null;
  /** The reader asked for the lock: the window is covered before the engine has answered. */
  readonly leaving: boolean;
}

export const useSession = create<SessionState>()(() => ({ session: null, leaving: false }));

/** Whether nothing may be shown: it is not known yet who reads, or nobody does. */
export const isCovered = ({ session, leaving }: SessionState): boolean => session === null || leaving || (session.hasReaders && session.reader === null);

/** How long a text that is being written may hold up the lock, ms; it stays in the window in any case. */
const flushPatienceMs = 3000;

export function applySession(session: Session): void {
  const before = useSession.getState();
  useSession.setState({ session });
  useReport.getState().sessionChanged(session);
  if (isCovered(useSession.getState()) && !isCovered(before)) clear();
}

/** Sheets and messages name patients, and must not come back with the next reader. */
function clear(): void {
  useSheet.getState().close();
  useNotices.setState({ notices: [] });
}

/** Follows who reads until the signal fires or the engine is lost; whoever reconnects calls it again. */
export async function followSession(signal: AbortSignal): Promise<void> {
  try {
    for await (const session of bridge().stream('session.watch', {}, signal)) applySession(session);
  } catch {
    // The connection's own life sign breaks with it, and says so.
  }
}

export function lock(): void {
  const { session } = useSession.getState();
  if (session?.reader == null) {
    tell(texts.readers.nobodyToLock);
    useSheet.getState().show('readers');
    return;
  }
  useSession.setState({ leaving: true });
  clear();
  inBackground(leave(), texts.readers.lock);
}

async function leave(): Promise<void> {
  try {
    await Promise.race([useReport.getState().flush(), new Promise((resolve) => { window.setTimeout(resolve, flushPatienceMs); })]);
    applySession(await bridge().call('session.lock', {}));
  } finally {
    useSession.setState({ leaving: false });
  }
}

/** So often is the engine told that the reader moved, ms. */
const touchEveryMs = 10_000;
let touchedAt = 0;
let touching = 0;

/** The reader moved or typed. The last movement of a burst is told, too: the time until the lock runs from it. */
export function touch(): void {
  if (useSession.getState().session?.reader == null || touching !== 0) return;
  touching = window.setTimeout(() => {
    touching = 0;
    touchedAt = performance.now();
    if (useSession.getState().session?.reader != null) bridge().call('session.touch', {}).then(applySession, () => undefined); // a lost engine is told elsewhere
  }, Math.max(0, touchEveryMs - (performance.now() - touchedAt)));
}

/** Tells the engine of the reader's movements for as long as the room is shown. @returns the way to end that */
export function watchMovement(): () => void {
  const kinds = ['pointermove', 'pointerdown', 'wheel', 'keydown'] as const;
  for (const kind of kinds) window.addEventListener(kind, touch, { capture: true, passive: true });
  return () => { for (const kind of kinds) window.removeEventListener(kind, touch, { capture: true }); };
}
