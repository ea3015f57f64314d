/** One installed pack: what it is, what may be done with it, and what it is made of. */
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { InstalledPack, ProviderState } from '../../../shared/contract.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { bridge, failureOf } from '../../bridge.ts';
import { texts } from '../../texts.ts';
import { Button } from '../../ui/Button.tsx';
import { Failure } from '../../ui/Failure.tsx';
import { TrainingLabel } from '../connection/TrainingLabel.tsx';
import { inBackground } from '../notices/noticesStore.ts';
import { ProviderList } from './ProviderList.tsx';

interface Checked {
  readonly providers: readonly ProviderState[];
}

export function PackCard({ pack }: { readonly pack: InstalledPack }): ReactNode {
  const { key, name, version, inUse, shipped, problem } = pack;
  const [busy, setBusy] = useState(false);
  const [asking, setAsking] = useState(false);
  const [checked, setChecked] = useState<Checked | null>(null);
  const [failure, setFailure] = useState<ErrorData | null>(null);
  const act = (work: () => Promise<void>): void => {
    setBusy(true);
    setFailure(null);
    inBackground(work().catch((error: unknown) => { setFailure(failureOf(error, name)); }).finally(() => { setBusy(false); }), name);
  };
  const check = async (): Promise<void> => {
    setChecked(null);
    const found = await bridge().call('models.check', { pack: key });
    if (found.problem) setFailure(found.problem);
    else setChecked(found);
  };
  return (
    <li className={`pack-card ${inUse ? 'used' : ''}`} data-pack={key}>
      <h3>
        {name} <span className="code" title={key}>{version}</span>
        {inUse ? <span className="chip accent">{texts.models.inUse}</span> : null}
        <span className="chip">{shipped ? texts.models.shipped : texts.models.imported}</span>
        {problem === null ? <TrainingLabel pack={pack} /> : null}
        {pack.nonCommercial === true ? <span className="chip warning" title={texts.models.nonCommercialHint}>{texts.models.nonCommercial}</span> : null}
        {pack.uncalibrated === true ? <span className="chip warning" title={texts.models.uncalibratedHint}>{texts.models.uncalibrated}</span> : null}
      </h3>
      {problem === null ? <Facts pack={pack} /> : <Failure error={problem} />}
      <div className="actions">
        {problem === null ? <Button disabled={busy || inUse} onClick={() => { act(async () => { await bridge().call('settings.set', { pack: key }); }); }}>{texts.models.use}</Button> : null}
        <Button disabled={busy} onClick={() => { act(check); }}>{texts.models.check}</Button>
        {shipped ? null : <Button kind="danger" disabled={busy} onClick={() => { setAsking(true); }}>{texts.models.remove}</Button>}
        {busy ? <span role="status">{texts.models.checking}</span> : null}
      </div>
      {asking ? (
        <div className="question" role="alertdialog" aria-label={texts.models.removeQuestion(name)}>
          <p>{texts.models.removeQuestion(name)}</p>
          <Button kind="danger" disabled={busy} onClick={() => { act(async () => { await bridge().call('models.remove', { pack: key }); }); }}>{texts.models.removeConfirm}</Button>
          <Button onClick={() => { setAsking(false); }}>{texts.models.keep}</Button>
        </div>
      ) : null}
      {checked === null ? null : <div role="status"><p>{texts.models.checked}</p><ProviderList providers={checked.providers} /></div>}
      {failure === null ? null : <Failure error={failure} />}
    </li>
  );
}

function Facts({ pack }: { readonly pack: InstalledPack }): ReactNode {
  const { facts } = texts.models;
  const roles = pack.channels.map((channel) => texts.series.roles[channel]).join(', ');
  return (
    <>
      <dl>
        <dt>{facts.use}</dt><dd>{pack.intendedUse}</dd>
        <dt>{facts.limits}</dt><dd><ul>{pack.limits.map((limit) => <li key={limit}>{limit}</li>)}</ul></dd>
        <dt>{facts.data}</dt><dd>{pack.trainingData}</dd>
        <dt>{facts.reads}</dt><dd>{texts.models.reads(pack.architecture, roles)}</dd>
        <dt>{facts.can}</dt><dd>{texts.models.can(pack.hasLanguageModel, pack.hasTextEncoder)}</dd>
        <dt>{facts.licence}</dt>
        <dd>{pack.accepted.length === 0 ? pack.licence : <ul>{pack.accepted.map(({ licence, by, at }) => <li key={licence}>{texts.models.acceptedBy(licence, by, at.slice(0, 10))}</li>)}</ul>}</dd>
      </dl>
      <details>
        <summary>{texts.models.files(pack.files.length, texts.models.size(pack.bytes))}</summary>
        <table>
          <thead><tr><th>{texts.models.columns.name}</th><th>{texts.models.columns.size}</th><th>{texts.models.columns.hash}</th></tr></thead>
          <tbody>{pack.files.map(({ name, bytes, sha256 }) => <tr key={name}><td>{name}</td><td>{texts.models.size(bytes)}</td><td className="code">{sha256}</td></tr>)}</tbody>
        </table>
      </details>
    </>
  );
}
