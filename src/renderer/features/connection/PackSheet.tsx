/** What the installed pack is for, its limits, and how each provider did in its self-test. */
import type { ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { Failure } from '../../ui/Failure.tsx';
import { Sheet } from '../../ui/Sheet.tsx';
import type { AppStatus } from './connectionStore.ts';
import { TrainingLabel } from './TrainingLabel.tsx';

export function PackSheet({ status, onClose }: { readonly status: AppStatus; readonly onClose: () => void }): ReactNode {
  return (
    <Sheet title={texts.status.packDetails} onClose={onClose}>
      <div className="pack-sheet selectable">
        {status.packs.map((pack) => (
          <section key={`${pack.id}@${pack.version}`}>
            <h3>{pack.name} <span className="code">{pack.id} {pack.version}</span> <TrainingLabel pack={pack} /></h3>
            {pack.problem === null ? null : <Failure error={pack.problem} />}
            <dl>
              <dt>{texts.status.intendedUse}</dt><dd>{pack.intendedUse}</dd>
              <dt>{texts.status.limits}</dt><dd><ul>{pack.limits.map((limit) => <li key={limit}>{limit}</li>)}</ul></dd>
              <dt>{texts.status.licence}</dt><dd>{pack.licence}</dd>
            </dl>
          </section>
        ))}
        <section>
          <h3>{texts.status.providers}</h3>
          <p>{status.provider.message}</p>
          <ul className="providers">
            {status.providers.map(({ provider, state, goldenDifference, message }) => (
              <li key={provider}>
                <b>{provider.toUpperCase()}</b>
                <span className={`chip ${state === 'failed' ? 'danger' : state === 'used' || state === 'passed' ? 'good' : ''}`}>{texts.status.providerStates[state]}</span>
                <span>{goldenDifference === null ? message : `${texts.status.difference(goldenDifference.toExponential(1))}. ${message}`}</span>
              </li>
            ))}
          </ul>
        </section>
      </div>
    </Sheet>
  );
}
