/** Buttons: with words, or an icon whose name and key show on hover. */
import type { ButtonHTMLAttributes, ReactNode } from 'react';

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly kind?: 'plain' | 'primary' | 'quiet' | 'danger';
}

export function Button({ kind = 'plain', className = '', children, ...rest }: ButtonProps): ReactNode {
  return <button type="button" className={`button ${kind} ${className}`} {...rest}>{children}</button>;
}

interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly label: string;
  readonly keys?: string;
  readonly icon: ReactNode;
}

export function IconButton({ label, keys, icon, className = '', ...rest }: IconButtonProps): ReactNode {
  return (
    <button type="button" className={`button icon quiet ${className}`} aria-label={label} title={keys === undefined ? label : `${label} (${keys})`} {...rest}>
      {icon}
    </button>
  );
}

export function Key({ children }: { readonly children: ReactNode }): ReactNode {
  return <kbd className="key">{children}</kbd>;
}
