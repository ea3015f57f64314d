/** A passphrase typed twice, with what is wrong with it. */
import type { ReactNode } from 'react';
import { passphraseLength } from '../../../shared/choices.ts';
import { texts } from '../../texts.ts';
import { Field } from '../../ui/Field.tsx';

export interface Typed {
  readonly first: string;
  readonly again: string;
}

export const nothingTyped: Typed = { first: '', again: '' };
export const isWhole = ({ first, again }: Typed): boolean => first.length >= passphraseLength.least && first === again;

export function NewPassphrase({ label = texts.readers.passphrase, typed, onChange }: { readonly label?: string; readonly typed: Typed; readonly onChange: (typed: Typed) => void }): ReactNode {
  const { first, again } = typed;
  const common = { type: 'password', autoComplete: 'new-password', maxLength: passphraseLength.most } as const;
  return (
    <>
      <Field label={label} value={first} onChange={(value) => { onChange({ first: value, again }); }} fault={first !== '' && first.length < passphraseLength.least ? texts.readers.tooShort(passphraseLength.least) : ''} {...common} />
      <Field label={texts.readers.passphraseAgain} value={again} onChange={(value) => { onChange({ first, again: value }); }} fault={again !== '' && !first.startsWith(again) ? texts.readers.notTheSame : ''} {...common} />
    </>
  );
}
