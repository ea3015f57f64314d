/** What stands in place of the room until somebody signed in: a name, a passphrase, and nothing of any patient. */
import { Brain, LoaderCircle, LockKeyhole } from 'lucide-react';
import { useState } from 'react';
import type { ReactNode, SubmitEvent } from 'react';
import type { ErrorData } from '../../../shared/errors.ts';
import { bridge, failureOf } from '../../bridge.ts';
import { texts } from '../../texts.ts';
import { Button } from '../../ui/Button.tsx';
import { Failure } from '../../ui/Failure.tsx';
import { Field } from '../../ui/Field.tsx';
import { reconnectNow, useConnection } from '../connection/connectionStore.ts';
import { applySession, useSession } from './sessionStore.ts';
import './readers.css';

/** Who read here last, so that the next sign-in is a passphrase. */
const lastKey = 'brat.lastReader';

function SignInForm(): ReactNode {
  const [name, setName] = useState(() => localStorage.getItem(lastKey) ?? '');
  const [known] = useState(name !== '');
  const [passphrase, setPassphrase] = useState('');
  const [checking, setChecking] = useState(false);
  const [failure, setFailure] = useState<ErrorData | null>(null);
  const enter = async (): Promise<void> => {
    setChecking(true);
    setFailure(null);
    try {
      const session = await bridge().call('session.enter', { name, passphrase });
      localStorage.setItem(lastKey, session.reader?.name ?? '');
      applySession(session);
    } catch (error) {
      setFailure(failureOf(error, texts.readers.signIn));
      setPassphrase('');
      setChecking(false);
    }
  };
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (!checking && name.trim() !== '') void enter();
  };
  return (
    <form onSubmit={submit}>
      <h1><LockKeyhole size={17} aria-hidden />{texts.readers.signInTitle}</h1>
      <p className="hint">{texts.readers.signInText}</p>
      <Field label={texts.readers.name} value={name} onChange={setName} autoComplete="username" maxLength={100} autoFocus={!known} />
      <Field label={texts.readers.passphrase} type="password" value={passphrase} onChange={setPassphrase} autoComplete="current-password" maxLength={200} autoFocus={known} />
      {failure === null ? null : <Failure error={failure} />}
      <Button kind="primary" type="submit" disabled={checking || name.trim() === ''}>{checking ? <LoaderCircle size={13} className="spin" aria-hidden /> : null}{checking ? texts.readers.signingIn : texts.readers.signIn}</Button>
    </form>
  );
}

export function SignIn(): ReactNode {
  const { session, leaving } = useSession();
  const connection = useConnection((state) => state.state);
  return (
    <main className="sign-in">
      <p className="sign-in-app"><Brain size={20} strokeWidth={1.3} aria-hidden />{texts.app.name}</p>
      {session === null || leaving ? null : <SignInForm />}
      <p className={`sign-in-state ${connection}`} role="status">
        {connection === 'ready' ? null : connection === 'lost' ? texts.status.lostText : texts.status.connection.connecting}
        {connection === 'lost' ? <Button kind="quiet" onClick={reconnectNow}>{texts.status.reconnect}</Button> : null}
      </p>
      <p className="reminder">{texts.app.notForDiagnosis}</p>
    </main>
  );
}
