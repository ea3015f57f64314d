/** Short messages over the window. Errors stay until dismissed; plain news goes by itself. */
import { create } from 'zustand';
import type { ErrorData } from '../../../shared/errors.ts';
import { failureOf } from '../../bridge.ts';

export interface Notice {
  readonly id: number;
  readonly text: string;
  readonly error: ErrorData | null;
}

interface NoticesState {
  readonly notices: readonly Notice[];
  readonly dismiss: (id: number) => void;
}

/** How long news stays, ms. */
const newsMs = 5000;
/** More than this would hide the picture; the oldest goes. */
const shownAtOnce = 4;
let lastId = 0;

export const useNotices = create<NoticesState>()((set) => ({
  notices: [],
  dismiss(id) { set(({ notices }) => ({ notices: notices.filter((notice) => notice.id !== id) })); },
}));

function add(text: string, error: ErrorData | null): number {
  const id = ++lastId;
  useNotices.setState(({ notices }) => ({
    notices: [...notices.filter((notice) => notice.text !== text || notice.error?.code !== error?.code), { id, text, error }].slice(-shownAtOnce),
  }));
  return id;
}

export function tell(text: string): void {
  const id = add(text, null);
  window.setTimeout(() => { useNotices.getState().dismiss(id); }, newsMs);
}

/** Shows an error, unless it only says that the reader cancelled. */
export function tellError(error: unknown, subject: string): void {
  const failure = failureOf(error, subject);
  if (failure !== null) add(failure.message, failure);
}

/** Runs work nobody waits for; what goes wrong is told. */
export function inBackground(work: Promise<unknown>, subject: string): void {
  work.catch((error: unknown) => { tellError(error, subject); });
}
