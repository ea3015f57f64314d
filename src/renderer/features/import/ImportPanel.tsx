import { CircleCheck, X } from 'lucide-react';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { Failure } from '../../ui/Failure.tsx';
import { useImport } from './importStore.ts';
import { ProblemsSheet } from './ProblemsSheet.tsx';
import './import.css';

export function ImportPanel(): ReactNode {
  const { phase, files, sent, share, seen, current, problems, outcome, failure, cancel, dismiss } = useImport();
  const [listing, setListing] = useState(false);
  if (phase === 'idle') return null;
  const busy = phase === 'collecting' || phase === 'sending' || phase === 'reading';
  return (
    <section className="import-panel" aria-label={texts.import.progress} aria-busy={busy}>
      {phase === 'collecting' ? <p role="status">{texts.import.collecting}</p> : null}
      {phase === 'sending' ? <p role="status">{texts.import.sending(sent, files)}</p> : null}
      {phase === 'reading' ? <><p role="status">{texts.import.reading(seen)}</p><p className="current">{current}</p></> : null}
      {busy ? (
        <>
          <div className={`bar ${phase === 'sending' ? '' : 'unknown'}`} role="progressbar" aria-label={texts.import.progress} aria-valuenow={phase === 'sending' ? Math.round(share * 100) : undefined}>
            <span style={phase === 'sending' ? { width: `${share * 100}%` } : undefined} />
          </div>
          <Button kind="quiet" onClick={cancel}>{texts.import.cancel}</Button>
        </>
      ) : null}
      {phase === 'done' && outcome !== null ? (
        <div className="outcome" role="status">
          <CircleCheck size={15} aria-hidden />
          <p>
            {texts.import.done(outcome.studies.length, outcome.added)}
            <small>{texts.import.details(outcome.duplicates, outcome.skipped, outcome.failed)}</small>
          </p>
          <IconButton label={texts.import.dismiss} icon={<X size={13} />} onClick={dismiss} />
        </div>
      ) : null}
      {phase === 'failed' && failure !== null ? <Failure error={failure}><Button kind="quiet" onClick={dismiss}>{texts.import.dismiss}</Button></Failure> : null}
      {problems.length === 0 ? null : <Button className="problems" onClick={() => { setListing(true); }}>{texts.import.problems(problems.length)}</Button>}
      {listing ? <ProblemsSheet problems={problems} onClose={() => { setListing(false); }} /> : null}
    </section>
  );
}
