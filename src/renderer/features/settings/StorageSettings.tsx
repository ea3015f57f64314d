/** Where everything is kept, and how much of the disk it takes. */
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import type { StorageSizes } from '../../../shared/contract.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { bridge, failureOf } from '../../bridge.ts';
import { texts } from '../../texts.ts';
import { Failure } from '../../ui/Failure.tsx';

const inUnits = (bytes: number): string => {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const step = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${(bytes / 1000 ** step).toFixed(step === 0 ? 0 : 1)} ${units[step]!}`;
};

export function StorageSettings(): ReactNode {
  const [sizes, setSizes] = useState<StorageSizes | null>(null);
  const [failure, setFailure] = useState<ErrorData | null>(null);
  useEffect(() => { bridge().call('storage.sizes', {}).then(setSizes, (error: unknown) => { setFailure(failureOf(error, texts.settings.parts.storage)); }); }, []);
  if (failure !== null) return <Failure error={failure} />;
  if (sizes === null) return <p role="status">{texts.settings.measuring}</p>;
  return (
    <>
      <p className="selectable"><code>{sizes.folder}</code></p>
      <dl className="sizes">
        {(['images', 'database', 'index', 'models', 'free'] as const).map((name) => <div key={name}><dt>{texts.settings.sizes[name]}</dt><dd>{inUnits(sizes[name])}</dd></div>)}
      </dl>
      <p className="hint">{texts.settings.storageHint}</p>
    </>
  );
}
