/** What the app processes by itself, as the engine tells it. */
import { create } from 'zustand';
import type { ProcessingState } from '../../../shared/contract.ts';
import { bridge } from '../../bridge.ts';
import { texts } from '../../texts.ts';
import { inBackground } from '../notices/noticesStore.ts';

export const useProcessing = create<{ readonly state: ProcessingState | null }>()(() => ({ state: null }));

/** Follows the queue until the signal fires or the engine is lost; whoever reconnects calls it again. */
export async function followProcessing(signal: AbortSignal): Promise<void> {
  try {
    for await (const state of bridge().stream('processing.watch', {}, signal)) useProcessing.setState({ state });
  } catch {
    // The connection's own life sign breaks with it, and says so.
  }
}

export function enqueueStudies(studies: readonly string[]): void {
  if (studies.length > 0) inBackground(bridge().call('processing.enqueue', { studies: [...studies] }), texts.worklist.queue);
}

/** Without studies, all that wait. */
export function cancelProcessing(studies?: readonly string[]): void {
  inBackground(bridge().call('processing.cancel', studies === undefined ? {} : { studies: [...studies] }), texts.worklist.queue);
}
