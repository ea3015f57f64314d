/** What is processed in the background: how far it is, what comes next, what failed and why. */
import { RotateCw, TriangleAlert, X } from 'lucide-react';
import type { ReactNode } from 'react';
import type { ProcessingItem } from '../../../shared/contract.ts';
import { texts } from '../../texts.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { Failure } from '../../ui/Failure.tsx';
import { shownName } from '../../ui/format.ts';
import { analysisSteps } from '../reading/analysis.ts';
import { StateMark } from '../studies/StateMark.tsx';
import { useStudies } from '../studies/studiesStore.ts';
import { cancelProcessing, enqueueStudies, useProcessing } from './processingStore.ts';
import { rowAt, useWorklist } from './worklistStore.ts';

function Item({ item: { study, patientName, description, state, step, failure } }: { readonly item: ProcessingItem }): ReactNode {
  const name = shownName(patientName) || texts.studies.noName;
  const done = step === null ? 0 : analysisSteps.indexOf(step);
  return (
    <li className={`queue-item ${state}`} data-queued={study}>
      <div className="line"><b>{name}</b><StateMark state={state === 'running' ? 'processing' : state === 'waiting' ? 'queued' : 'failed'} /></div>
      <div className="line second">
        <span>{state === 'running' && step !== null ? texts.reading.steps[step] : description}</span>
        {state === 'failed' ? <IconButton label={texts.worklist.retry(name)} icon={<RotateCw size={13} />} onClick={() => { enqueueStudies([study]); }} /> : null}
        <IconButton label={state === 'failed' ? texts.worklist.forget(name) : texts.worklist.cancel(name)} icon={<X size={13} />} onClick={() => { cancelProcessing([study]); }} />
      </div>
      {state === 'running' ? <div className="bar" role="progressbar" aria-label={texts.worklist.progress(name)} aria-valuemin={0} aria-valuemax={analysisSteps.length} aria-valuenow={done}><span style={{ width: `${(100 * done) / analysisSteps.length}%` }} /></div> : null}
      {failure === null ? null : <p className="why selectable"><TriangleAlert size={12} aria-hidden /><span>{failure.message}. {failure.advice}. <code className="code">{failure.code}</code></span></p>}
    </li>
  );
}

/** Buttons for the row the keyboard is at. */
function Chosen(): ReactNode {
  const { pages, at, openAt } = useWorklist();
  const row = rowAt(pages, at);
  if (row === undefined) return null;
  const busy = row.state === 'queued' || row.state === 'processing';
  return (
    <div className="chosen">
      <Button kind="primary" onClick={() => { openAt(at); }}>{texts.worklist.open}</Button>
      {busy ? null : <Button onClick={() => { enqueueStudies([row.study]); }}>{texts.worklist.process}</Button>}
      <Button kind="quiet" onClick={() => { useStudies.getState().askRemoval(row); }}>{texts.worklist.remove}</Button>
    </div>
  );
}

export function QueuePanel(): ReactNode {
  const state = useProcessing((held) => held.state);
  return (
    <aside className="queue" aria-label={texts.worklist.queue}>
      <Chosen />
      <header className="panel-head"><h2 className="panel-title">{texts.worklist.queue}</h2><span className="count">{state === null ? '' : texts.worklist.queueCount(state.waiting, state.failed)}</span></header>
      {state === null ? null : (
        <>
          {state.held === null ? null : <Failure error={state.held} />}
          {state.on ? null : <p className="queue-off">{texts.worklist.off}</p>}
          {state.items.length === 0 ? <p className="empty">{state.on ? texts.worklist.idle : texts.worklist.idleOff}</p> : null}
          <ul className="queue-items" tabIndex={0} aria-label={texts.worklist.queue}>{state.items.map((item) => <Item key={item.study} item={item} />)}</ul>
          {state.waiting > 1 ? <Button kind="quiet" onClick={() => { cancelProcessing(); }}>{texts.worklist.cancelAll}</Button> : null}
        </>
      )}
    </aside>
  );
}
