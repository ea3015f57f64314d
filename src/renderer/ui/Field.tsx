/** A labelled text field, with what is wrong with its text told beneath it. */
import { useId } from 'react';
import type { InputHTMLAttributes, ReactNode } from 'react';

interface FieldProps extends Omit<InputHTMLAttributes<HTMLInputElement>, 'onChange' | 'value'> {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** What is wrong with it; empty for nothing. */
  readonly fault?: string;
}

export function Field({ label, value, onChange, fault = '', ...rest }: FieldProps): ReactNode {
  const id = useId();
  return (
    <div className="text-field">
      <label htmlFor={id}>{label}</label>
      <input id={id} value={value} onChange={(event) => { onChange(event.target.value); }} aria-invalid={fault !== ''} aria-describedby={fault === '' ? undefined : `${id}-fault`} {...rest} />
      {fault === '' ? null : <p id={`${id}-fault`} className="fault">{fault}</p>}
    </div>
  );
}
