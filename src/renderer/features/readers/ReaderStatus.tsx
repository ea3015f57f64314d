/** Who reads, in the status bar, with the lock. */
import { LockKeyhole, UserRound } from 'lucide-react';
import type { ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { keyLabel } from '../keyboard/keyNames.ts';
import { useSheet } from '../sheets/sheetStore.ts';
import { lock, useSession } from './sessionStore.ts';

export function ReaderStatus(): ReactNode {
  const session = useSession((state) => state.session);
  const reader = session?.reader ?? null;
  const open = (): void => { useSheet.getState().show('readers'); };
  if (session === null) return null;
  if (reader === null) return <button type="button" className="status-item" title={texts.readers.nobodyHint} onClick={open}><UserRound size={12} aria-hidden />{texts.readers.nobody}</button>;
  return (
    <>
      <button type="button" className="status-item reader" title={texts.readers.title} aria-label={texts.readers.who(reader.name, texts.readers.roles[reader.role])} onClick={open}>
        <UserRound size={12} aria-hidden /><span className="reader-name">{reader.name}</span><span className="reader-role">{texts.readers.roles[reader.role]}</span>
      </button>
      <button type="button" className="status-item" aria-label={texts.readers.lockAction} title={`${texts.readers.lockAction} (${keyLabel('Ctrl+l')})`} onClick={lock}><LockKeyhole size={12} aria-hidden /></button>
    </>
  );
}
