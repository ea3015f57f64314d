/** Who may read here: the first reader, the list, further ones, and the lock. */
import { LockKeyhole, ScrollText } from 'lucide-react';
import { useCallback, useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import type { ListedReader } from '../../../shared/contract.ts';
import { bridge } from '../../bridge.ts';
import { texts } from '../../texts.ts';
import { Button, Key } from '../../ui/Button.tsx';
import { Sheet } from '../../ui/Sheet.tsx';
import { keyLabel } from '../keyboard/keyNames.ts';
import { tellError } from '../notices/noticesStore.ts';
import { useSheet } from '../sheets/sheetStore.ts';
import { AddReader } from './AddReader.tsx';
import { ReaderRow } from './ReaderRow.tsx';
import { lock, useSession } from './sessionStore.ts';
import './readers.css';

export function ReadersSheet({ onClose }: { readonly onClose: () => void }): ReactNode {
  const session = useSession((state) => state.session);
  const [readers, setReaders] = useState<readonly ListedReader[] | null>(null);
  const load = useCallback(() => { bridge().call('readers.list', {}).then(setReaders, (error: unknown) => { tellError(error, texts.readers.title); }); }, []);
  useEffect(load, [load]);
  if (session === null || readers === null) return null;
  if (!session.hasReaders) {
    return (
      <Sheet title={texts.readers.firstTitle} onClose={onClose}>
        <div className="readers">
          <p className="lead">{texts.readers.firstText}</p>
          <AddReader first onAdded={onClose} />
        </div>
      </Sheet>
    );
  }
  const [active, removed] = [readers.filter((reader) => !reader.removed), readers.filter((reader) => reader.removed)];
  const manager = active.some(({ role }) => role === 'administrator') ? 'administrator' : 'radiologist';
  return (
    <Sheet title={texts.readers.title} onClose={onClose} foot={<><Button onClick={() => { useSheet.getState().show('audit'); }}><ScrollText size={13} aria-hidden />{texts.audit.action}</Button><Button onClick={lock}><LockKeyhole size={13} aria-hidden />{texts.readers.lock}<Key>{keyLabel('Ctrl+l')}</Key></Button></>}>
      <div className="readers">
        <ul className="reader-list">{active.map((reader) => <ReaderRow key={reader.id} reader={reader} session={session} onChanged={load} />)}</ul>
        {removed.length === 0 ? null : <p className="hint">{texts.readers.removedTitle}: {removed.map(({ name }) => name).join(', ')}</p>}
        {session.manages ? <><h3>{texts.readers.addTitle}</h3><AddReader first={false} onAdded={load} /></> : <p className="hint">{texts.readers.mayNotManage(texts.readers.managers[manager])}</p>}
      </div>
    </Sheet>
  );
}
