/** One flag: what kind, why it was raised, and setting it aside with a reason or taking that back. */
import { Flag, Undo2 } from 'lucide-react';
import { useState } from 'react';
import type { KeyboardEvent, ReactNode } from 'react';
import type { ReportFlag } from '../../../shared/contract.ts';
import { texts } from '../../texts.ts';
import { Button } from '../../ui/Button.tsx';
import { inBackground } from '../notices/noticesStore.ts';
import { dismissFlag, restoreFlag } from './checking.ts';

const words = texts.report.flags;

function Reason({ flag, onDone }: { readonly flag: ReportFlag; readonly onDone: () => void }): ReactNode {
  const [why, setWhy] = useState('');
  const keep = (): void => {
    if (why.trim() === '') return;
    inBackground(dismissFlag(flag.id, why.trim()), words.title);
    onDone();
  };
  const press = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') keep();
    else if (event.key === 'Escape') onDone();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <span className="flag-reason">
      <input aria-label={words.why} placeholder={words.whyHint} maxLength={500} value={why} autoFocus onChange={({ target }) => { setWhy(target.value); }} onKeyDown={press} />
      <Button disabled={why.trim() === ''} onClick={keep}>{words.dismiss}</Button>
    </span>
  );
}

export function FlagRow({ flag }: { readonly flag: ReportFlag }): ReactNode {
  const [asking, setAsking] = useState(false);
  const { id, kind, reason, dismissed } = flag;
  return (
    <div className={`flag-row ${dismissed === null ? '' : 'dismissed'}`} data-flag={id} data-kind={kind}>
      <Flag size={12} aria-hidden />
      <span className="flag-words"><b>{words.kinds[kind]}</b> {reason}{dismissed === null ? null : <em>{words.dismissedBy(dismissed.by, dismissed.why)}</em>}</span>
      {dismissed !== null ? <Button kind="quiet" aria-label={words.undoOf(reason)} onClick={() => { inBackground(restoreFlag(id), words.title); }}><Undo2 size={12} aria-hidden />{words.undo}</Button> : null}
      {dismissed === null && !asking ? <Button kind="quiet" aria-label={words.dismissOf(reason)} onClick={() => { setAsking(true); }}>{words.dismiss}</Button> : null}
      {dismissed === null && asking ? <Reason flag={flag} onDone={() => { setAsking(false); }} /> : null}
    </div>
  );
}
