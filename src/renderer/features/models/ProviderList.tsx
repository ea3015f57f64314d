/** How each provider did in a pack's self-test. */
import type { ReactNode } from 'react';
import type { ProviderState } from '../../../shared/contract.ts';
import { texts } from '../../texts.ts';

export function ProviderList({ providers }: { readonly providers: readonly ProviderState[] }): ReactNode {
  return (
    <ul className="providers">
      {providers.map(({ provider, state, goldenDifference, message }) => (
        <li key={provider}>
          <b>{provider.toUpperCase()}</b>
          <span className={`chip ${state === 'failed' ? 'danger' : state === 'used' || state === 'passed' ? 'good' : ''}`}>{texts.status.providerStates[state]}</span>
          <span>{goldenDifference === null ? message : `${texts.status.difference(goldenDifference.toExponential(1))}. ${message}`}</span>
        </li>
      ))}
    </ul>
  );
}
