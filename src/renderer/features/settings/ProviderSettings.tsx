/** The pack in use and where it runs. Packs are brought in and removed on the Models page. */
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { bridge } from '../../bridge.ts';
import { texts } from '../../texts.ts';
import { Button } from '../../ui/Button.tsx';
import { useConnection } from '../connection/connectionStore.ts';
import { ProviderList } from '../models/ProviderList.tsx';
import { tellError } from '../notices/noticesStore.ts';
import { useSheet } from '../sheets/sheetStore.ts';

const automatic = 'auto';

export function ProviderSettings(): ReactNode {
  const status = useConnection((state) => state.status);
  const [provider, setProvider] = useState<string | null>(null);
  useEffect(() => { bridge().call('settings.get', {}).then((settings) => { setProvider(settings.provider); }, (error: unknown) => { tellError(error, texts.settings.provider); }); }, []);
  if (status === null) return null;
  const choose = (wanted: string): void => {
    setProvider(wanted);
    bridge().call('settings.set', { provider: wanted }).catch((error: unknown) => { tellError(error, texts.settings.provider); });
  };
  return (
    <>
      <p>{status.pack === null ? texts.status.noPack : `${status.pack.name} ${status.pack.version}`}</p>
      <Button onClick={() => { useSheet.getState().show('models'); }}>{texts.settings.openModels}</Button>
      <label className="labelled">
        {texts.settings.provider}
        <select className="select" value={provider ?? automatic} disabled={provider === null} onChange={(event) => { choose(event.target.value); }}>
          {[automatic, ...status.providers.map((known) => known.provider)].map((name) => <option key={name} value={name}>{name === automatic ? texts.settings.automatic : name.toUpperCase()}</option>)}
        </select>
      </label>
      <p className="hint">{status.provider.message}</p>
      <ProviderList providers={status.providers} />
    </>
  );
}
