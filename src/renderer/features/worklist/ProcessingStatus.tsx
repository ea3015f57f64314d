import { ListTodo, LoaderCircle, TriangleAlert } from 'lucide-react';
import { useEffect } from 'react';
import type { ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { useConnection } from '../connection/connectionStore.ts';
import { followProcessing, useProcessing } from './processingStore.ts';
import { useWorklist } from './worklistStore.ts';

/** The queue in the status bar; opens the worklist, where it is told in full. */
export function ProcessingStatus(): ReactNode {
  const connected = useConnection((held) => held.state === 'ready');
  const state = useProcessing((held) => held.state);
  useEffect(() => {
    if (!connected) return undefined;
    const living = new AbortController();
    void followProcessing(living.signal);
    return () => { living.abort(); };
  }, [connected]);
  const { waiting = 0, failed = 0, held = null } = state ?? {};
  const Icon = held !== null || (waiting === 0 && failed > 0) ? TriangleAlert : waiting > 0 ? LoaderCircle : ListTodo;
  return (
    <button type="button" className="status-item" title={held?.message} onClick={() => { useWorklist.getState().show(); }}>
      <Icon size={12} className={Icon === LoaderCircle ? 'spin' : ''} aria-hidden />
      {waiting > 0 ? texts.worklist.working(waiting) : failed > 0 ? texts.worklist.failedCount(failed) : texts.worklist.title}
    </button>
  );
}
