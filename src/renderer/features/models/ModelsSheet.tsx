/** Installed packs and the providers they run on; from here a model is brought in. */
import { PackagePlus } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import type { InstalledPack } from '../../../shared/contract.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { bridge, failureOf } from '../../bridge.ts';
import { texts } from '../../texts.ts';
import { Button } from '../../ui/Button.tsx';
import { Failure } from '../../ui/Failure.tsx';
import { Sheet } from '../../ui/Sheet.tsx';
import { onChanged, type AppStatus } from '../connection/connectionStore.ts';
import { ImportModel } from './ImportModel.tsx';
import { useModelImport } from './modelImportStore.ts';
import { PackCard } from './PackCard.tsx';
import { ProviderList } from './ProviderList.tsx';
import './models.css';

export function ModelsSheet({ status, onClose }: { readonly status: AppStatus; readonly onClose: () => void }): ReactNode {
  const [packs, setPacks] = useState<readonly InstalledPack[] | null>(null);
  const [failure, setFailure] = useState<ErrorData | null>(null);
  const importPhase = useModelImport(({ phase }) => phase);
  const [adding, setAdding] = useState(importPhase !== 'idle');
  useEffect(() => {
    const load = (): void => {
      bridge().call('models.list', {}).then(
        (found) => { setPacks(found); setFailure(null); },
        (error: unknown) => { setFailure(failureOf(error, texts.models.failed)); },
      );
    };
    load();
    return onChanged(load);
  }, []);

  return (
    <Sheet title={texts.status.packDetails} onClose={onClose}>
      <div className="models selectable">
        {adding ? <ImportModel onBack={() => { setAdding(false); }} /> : (
          <>
            <Button kind="primary" className="add" onClick={() => { setAdding(true); }}><PackagePlus size={14} aria-hidden />{texts.models.import}</Button>
            {failure === null ? null : <Failure error={failure} />}
            {packs === null && failure === null ? <p role="status">{texts.models.loading}</p> : null}
            <ul className="packs">{packs?.map((pack) => <PackCard key={pack.key} pack={pack} />)}</ul>
            <section>
              <h3>{texts.status.providers}</h3>
              <p>{status.provider.message}</p>
              <ProviderList providers={status.providers} />
            </section>
          </>
        )}
      </div>
    </Sheet>
  );
}
