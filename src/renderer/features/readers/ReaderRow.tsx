/** One reader in the list, and what whoever sits here may change of them. */
import { KeyRound, PencilLine, UserRoundX } from 'lucide-react';
import { useState } from 'react';
import type { ReactNode, SubmitEvent } from 'react';
import type { ListedReader, ReaderRole, Session } from '../../../shared/contract.ts';
import { readerRoles } from '../../../shared/choices.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { bridge, failureOf } from '../../bridge.ts';
import { texts } from '../../texts.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { Failure } from '../../ui/Failure.tsx';
import { Field } from '../../ui/Field.tsx';
import { tell } from '../notices/noticesStore.ts';
import { isWhole, NewPassphrase, nothingTyped } from './NewPassphrase.tsx';
import { applySession } from './sessionStore.ts';

interface FormProps {
  readonly reader: ListedReader;
  readonly own: boolean;
  readonly run: (work: Promise<Session>) => Promise<boolean>;
  readonly close: () => void;
}

/** What is being changed: a small form with its own button, closed by either. */
function RowForm({ label, action, kind = 'primary', ready, onSubmit, close, children }: { readonly label: string; readonly action: string; readonly kind?: 'primary' | 'danger'; readonly ready: boolean; readonly onSubmit: () => Promise<boolean>; readonly close: () => void; readonly children: ReactNode }): ReactNode {
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (ready) void onSubmit().then((done) => { if (done) close(); });
  };
  return (
    <form className="reader-form" aria-label={label} onSubmit={submit}>
      {children}
      <div className="buttons"><Button kind={kind} type="submit" disabled={!ready}>{action}</Button><Button onClick={close}>{texts.readers.cancel}</Button></div>
    </form>
  );
}

function Rename({ reader, run, close }: FormProps): ReactNode {
  const [name, setName] = useState(reader.name);
  const ready = name.trim() !== '' && name.trim() !== reader.name;
  return (
    <RowForm label={texts.readers.renameOf(reader.name)} action={texts.readers.save} ready={ready} close={close} onSubmit={() => run(bridge().call('readers.change', { id: reader.id, name }))}>
      <Field label={texts.readers.name} value={name} onChange={setName} maxLength={100} autoComplete="off" autoFocus />
    </RowForm>
  );
}

function Passphrase({ reader, own, run, close }: FormProps): ReactNode {
  const [mine, setMine] = useState('');
  const [typed, setTyped] = useState(nothingTyped);
  const save = async (): Promise<boolean> => {
    const done = await run(bridge().call('readers.setPassphrase', { id: reader.id, own: mine, passphrase: typed.first }));
    if (done) tell(texts.readers.changed);
    return done;
  };
  return (
    <RowForm label={texts.readers.newPassphraseOf(reader.name)} action={texts.readers.save} ready={mine !== '' && isWhole(typed)} close={close} onSubmit={save}>
      <Field label={texts.readers.ownPassphrase} type="password" value={mine} onChange={setMine} autoComplete="current-password" maxLength={200} autoFocus />
      <NewPassphrase label={own ? texts.readers.newPassphrase : texts.readers.newPassphraseOf(reader.name)} typed={typed} onChange={setTyped} />
    </RowForm>
  );
}

function Removal({ reader, run, close }: FormProps): ReactNode {
  return (
    <RowForm label={texts.readers.removeOf(reader.name)} action={texts.readers.remove} kind="danger" ready close={close} onSubmit={() => run(bridge().call('readers.remove', { id: reader.id }))}>
      <p>{texts.readers.removeText(reader.name)}</p>
    </RowForm>
  );
}

const forms = { rename: Rename, passphrase: Passphrase, removal: Removal } as const;

export function ReaderRow({ reader, session, onChanged }: { readonly reader: ListedReader; readonly session: Session; readonly onChanged: () => void }): ReactNode {
  const [open, setOpen] = useState<keyof typeof forms | null>(null);
  const [failure, setFailure] = useState<ErrorData | null>(null);
  const own = session.reader?.id === reader.id;
  const run = async (work: Promise<Session>): Promise<boolean> => {
    setFailure(null);
    try {
      applySession(await work);
      onChanged();
      return true;
    } catch (error) {
      setFailure(failureOf(error, reader.name));
      return false;
    }
  };
  const Form = open === null ? null : forms[open];
  const toggle = (form: keyof typeof forms): void => { setFailure(null); setOpen(open === form ? null : form); };
  return (
    <li data-reader={reader.id}>
      <div className="reader-row">
        <b>{reader.name}</b>
        {own ? <span className="chip accent">{texts.readers.you}</span> : null}
        <span className="spacer" />
        {session.manages ? (
          <select className="select" aria-label={texts.readers.roleOf(reader.name)} value={reader.role} disabled={own} title={own ? texts.readers.ownRole : undefined} onChange={(event) => { void run(bridge().call('readers.change', { id: reader.id, role: event.target.value as ReaderRole })); }}>
            {readerRoles.map((role) => <option key={role} value={role}>{texts.readers.roles[role]}</option>)}
          </select>
        ) : <span className="role">{texts.readers.roles[reader.role]}</span>}
        {session.manages ? <IconButton label={texts.readers.renameOf(reader.name)} icon={<PencilLine size={14} />} aria-expanded={open === 'rename'} onClick={() => { toggle('rename'); }} /> : null}
        {session.manages || own ? <IconButton label={texts.readers.newPassphraseOf(reader.name)} icon={<KeyRound size={14} />} aria-expanded={open === 'passphrase'} onClick={() => { toggle('passphrase'); }} /> : null}
        {session.manages && !own ? <IconButton label={texts.readers.removeOf(reader.name)} icon={<UserRoundX size={14} />} aria-expanded={open === 'removal'} onClick={() => { toggle('removal'); }} /> : null}
      </div>
      {Form === null ? null : <Form reader={reader} own={own} run={run} close={() => { setOpen(null); }} />}
      {failure === null ? null : <Failure error={failure} />}
    </li>
  );
}
