/** A similarity or probability as a short bar: below zero it is empty. */
import type { ReactNode } from 'react';

export function Meter({ value }: { readonly value: number }): ReactNode {
  return <i className="meter" aria-hidden><span style={{ width: `${Math.max(0, Math.min(1, value)) * 100}%` }} /></i>;
}
