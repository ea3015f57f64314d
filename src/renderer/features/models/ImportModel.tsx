/** Brings a model in: its files, whose it is, and the licence that somebody accepts by name. */
import { ArrowLeft, CircleCheck } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import type { ModelLicence } from '../../../shared/contract.ts';
import { bridge } from '../../bridge.ts';
import { texts } from '../../texts.ts';
import { Button } from '../../ui/Button.tsx';
import { Failure } from '../../ui/Failure.tsx';
import { inBackground } from '../notices/noticesStore.ts';
import { modelParts, useModelImport, type ModelPart } from './modelImportStore.ts';

export function ImportModel({ onBack }: { readonly onBack: () => void }): ReactNode {
  const { phase, outcome, failure, dismiss } = useModelImport();
  const back = (): void => {
    if (phase === 'done' || phase === 'failed') dismiss();
    onBack();
  };
  return (
    <section className="import-model" aria-label={texts.models.import}>
      <h3><Button kind="quiet" onClick={back}><ArrowLeft size={14} aria-hidden />{texts.models.back}</Button></h3>
      {phase === 'sending' || phase === 'making' ? <Making /> : null}
      {phase === 'done' && outcome !== null ? (
        <div role="status">
          <p className="done"><CircleCheck size={15} aria-hidden />{texts.models.done(outcome.label)}</p>
          <ul className="notes">{outcome.notes.map((note) => <li key={note}>{note}</li>)}</ul>
          <Button
            kind="primary"
            onClick={() => { inBackground(bridge().call('settings.set', { pack: outcome.pack }).then(back), texts.models.use); }}
          >
            {texts.models.use}
          </Button>
        </div>
      ) : null}
      {phase === 'failed' && failure !== null ? <Failure error={failure} /> : null}
      {phase === 'idle' || phase === 'failed' ? <ImportForm /> : null}
    </section>
  );
}

function Making(): ReactNode {
  const { phase, step, share, cancel } = useModelImport();
  return (
    <div className="making" aria-busy>
      <p role="status">{phase === 'sending' || step === null ? texts.models.sending : texts.models.steps[step]}</p>
      <div className={`bar ${share === null ? 'unknown' : ''}`} role="progressbar" aria-label={texts.models.progress} aria-valuenow={share === null ? undefined : Math.round(share * 100)}>
        <span style={share === null ? undefined : { width: `${share * 100}%` }} />
      </div>
      <Button onClick={cancel}>{texts.models.cancel}</Button>
    </div>
  );
}

function ImportForm(): ReactNode {
  const [files, setFiles] = useState<Partial<Record<ModelPart, File>>>({});
  const [origin, setOrigin] = useState<'official' | 'own'>('official');
  const [name, setName] = useState('');
  const [accepted, setAccepted] = useState(false);
  const [acceptedBy, setAcceptedBy] = useState('');
  const [licences, setLicences] = useState<readonly ModelLicence[]>([]);
  useEffect(() => { inBackground(bridge().call('models.licences', {}).then(setLicences), texts.models.licences); }, []);
  const wanted = [origin === 'official' ? 'cc-by-nc-sa-4.0' : 'own', ...(files.llm ? ['llama-3.2'] : [])];
  const terms = licences.filter(({ id }) => wanted.includes(id));
  const { weights } = files;
  const ready = weights !== undefined && accepted && acceptedBy.trim() !== '' && terms.length === wanted.length && (files.bridge === undefined || files.llm !== undefined);
  const choose = (part: ModelPart, file: File | undefined): void => {
    setFiles((former) => {
      const others = Object.fromEntries(Object.entries(former).filter(([name]) => name !== part));
      return file ? { ...others, [part]: file } : others;
    });
    // Other terms than those that were read.
    if (part === 'llm') setAccepted(false);
  };
  const begin = (): void => {
    if (weights === undefined) return;
    inBackground(useModelImport.getState().run({ files: { ...files, weights }, name, origin, accepted: terms.map(({ id }) => id), acceptedBy: acceptedBy.trim() }), texts.models.failed);
  };
  return (
    <form onSubmit={(event) => { event.preventDefault(); if (ready) begin(); }}>
      <p className="hint">{texts.models.importText}</p>
      <label>
        <span>{texts.models.origin}</span>
        <select className="select" value={origin} onChange={(event) => { setOrigin(event.target.value === 'own' ? 'own' : 'official'); setAccepted(false); }}>
          {(['official', 'own'] as const).map((whose) => <option key={whose} value={whose}>{texts.models.origins[whose]}</option>)}
        </select>
      </label>
      {modelParts.map((part) => (
        <label key={part}>
          <span>{texts.models.parts[part]}</span>
          <input type="file" aria-label={texts.models.parts[part]} data-testid={`model-${part}`} onChange={(event) => { choose(part, event.target.files?.[0]); }} />
          <small>{texts.models.partHints[part]}</small>
        </label>
      ))}
      <label><span>{texts.models.name}</span><input type="text" maxLength={64} value={name} onChange={(event) => { setName(event.target.value); }} /></label>
      <fieldset>
        <legend>{texts.models.licences}</legend>
        {terms.map(({ id, name: licence, summary, url }) => (
          <div key={id} className="licence">
            <b>{licence}</b>
            <ul>{summary.map((line) => <li key={line}>{line}</li>)}</ul>
            {url === '' ? null : <p className="code">{texts.models.wholeText(url)}</p>}
          </div>
        ))}
        <label className="accept"><input type="checkbox" checked={accepted} onChange={(event) => { setAccepted(event.target.checked); }} />{texts.models.accept}</label>
        <label><span>{texts.models.acceptedName}</span><input type="text" maxLength={200} autoComplete="off" value={acceptedBy} onChange={(event) => { setAcceptedBy(event.target.value); }} /></label>
      </fieldset>
      <Button kind="primary" type="submit" disabled={!ready}>{texts.models.begin}</Button>
    </form>
  );
}
