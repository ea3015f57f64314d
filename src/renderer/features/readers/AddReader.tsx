/** The form that makes a reader: name, role with what it may do, passphrase twice. */
import { useState } from 'react';
import type { ReactNode, SubmitEvent } from 'react';
import type { ReaderRole } from '../../../shared/contract.ts';
import { passphraseLength } from '../../../shared/choices.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { bridge, failureOf } from '../../bridge.ts';
import { texts } from '../../texts.ts';
import { Button } from '../../ui/Button.tsx';
import { Failure } from '../../ui/Failure.tsx';
import { Field } from '../../ui/Field.tsx';
import { isWhole, NewPassphrase, nothingTyped } from './NewPassphrase.tsx';
import { applySession } from './sessionStore.ts';

/** The first reader manages readers, which a resident may not. */
const firstRoles = ['radiologist', 'administrator'] as const satisfies readonly ReaderRole[];
const allRoles = ['radiologist', 'resident', 'administrator'] as const satisfies readonly ReaderRole[];

export function AddReader({ first, onAdded }: { readonly first: boolean; readonly onAdded: () => void }): ReactNode {
  const [name, setName] = useState('');
  const [role, setRole] = useState<ReaderRole>('radiologist');
  const [typed, setTyped] = useState(nothingTyped);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<ErrorData | null>(null);
  const whole = name.trim() !== '' && isWhole(typed);
  const add = async (): Promise<void> => {
    setBusy(true);
    setFailure(null);
    try {
      const session = await bridge().call('readers.add', { name, role, passphrase: typed.first });
      setName('');
      setTyped(nothingTyped);
      applySession(session);
      onAdded();
    } catch (error) {
      setFailure(failureOf(error, texts.readers.add));
    } finally {
      setBusy(false);
    }
  };
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (whole && !busy) void add();
  };
  return (
    <form className="add-reader" onSubmit={submit} aria-label={first ? texts.readers.firstTitle : texts.readers.addTitle}>
      <div className="columns">
        <div>
          <Field label={texts.readers.name} value={name} onChange={setName} autoComplete="off" maxLength={100} autoFocus={first} />
          <fieldset className="roles">
            <legend>{texts.readers.role}</legend>
            {(first ? firstRoles : allRoles).map((option) => (
              <label key={option}>
                <input type="radio" name="role" checked={option === role} onChange={() => { setRole(option); }} />
                <span><b>{texts.readers.roles[option]}</b><span className="hint">{texts.readers.roleHints[option]}</span></span>
              </label>
            ))}
          </fieldset>
        </div>
        <div>
          <NewPassphrase typed={typed} onChange={setTyped} />
          <p className="hint">{texts.readers.passphraseHint(passphraseLength.least)}</p>
        </div>
      </div>
      {failure === null ? null : <Failure error={failure} />}
      <Button kind="primary" type="submit" disabled={!whole || busy}>{first ? texts.readers.addFirst : texts.readers.add}</Button>
    </form>
  );
}
