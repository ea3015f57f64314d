/** Policies of the place: set by who manages readers, shown to everybody with the reason why not. */
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import type { ReportPolicy } from '../../../shared/contract.ts';
import { bridge } from '../../bridge.ts';
import { texts } from '../../texts.ts';
import { tellError } from '../notices/noticesStore.ts';
import { useSession } from './sessionStore.ts';
import './readers.css';

const minutes = { least: 1, most: 240 } as const;

export function PolicySettings(): ReactNode {
  const session = useSession((state) => state.session);
  const [policy, setPolicy] = useState<ReportPolicy | null>(null);
  const [typed, setTyped] = useState('');
  const show = (known: ReportPolicy): void => { setPolicy(known); setTyped(String(known.lockAfterMinutes)); };
  const fail = (error: unknown): void => { tellError(error, texts.settings.parts.policies); };
  useEffect(() => { bridge().call('report.policy', {}).then(show, fail); }, []);
  if (policy === null || session === null) return null;
  const change = (changed: Partial<ReportPolicy>): void => { bridge().call('report.setPolicy', changed).then(show, (error: unknown) => { show(policy); fail(error); }); };
  const keep = (): void => {
    const wanted = Number(typed);
    if (Number.isInteger(wanted) && wanted >= minutes.least && wanted <= minutes.most && wanted !== policy.lockAfterMinutes) change({ lockAfterMinutes: wanted });
    else setTyped(String(policy.lockAfterMinutes));
  };
  return (
    <section className="policies">
      <h3>{texts.readers.policies.title}</h3>
      {session.manages ? null : <p className="hint" role="note">{texts.readers.policies.mayNot}</p>}
      <label className="switch"><input type="checkbox" checked={policy.readFirst} disabled={!session.manages} onChange={(event) => { change({ readFirst: event.target.checked }); }} />{texts.readers.policies.readFirst}</label>
      <p className="hint">{texts.readers.policies.readFirstHint}</p>
      <label className="labelled">
        {texts.readers.policies.lockAfter}
        <input type="number" className="select minutes" min={minutes.least} max={minutes.most} value={typed} disabled={!session.manages} onChange={(event) => { setTyped(event.target.value); }} onBlur={keep} onKeyDown={(event) => { if (event.key === 'Enter') keep(); }} />
      </label>
    </section>
  );
}
