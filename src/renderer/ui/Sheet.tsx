/** A modal sheet on the page's own dialog element, which keeps the focus inside and closes on Escape. */
import { X } from 'lucide-react';
import { useLayoutEffect, useRef } from 'react';
import type { ReactNode } from 'react';
import { texts } from '../texts.ts';
import { IconButton } from './Button.tsx';

interface SheetProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly foot?: ReactNode;
  readonly children: ReactNode;
}

export function Sheet({ title, onClose, foot, children }: SheetProps): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null);
  // Before the effects of what is in it, which may give the focus to something else than the first button.
  useLayoutEffect(() => {
    const element = dialog.current;
    if (element !== null && !element.open) element.showModal();
  }, []);
  return (
    <dialog ref={dialog} className="sheet" aria-label={title} onClose={onClose} onClick={(event) => { if (event.target === dialog.current) onClose(); }}>
      <header className="sheet-head">
        <h2>{title}</h2>
        <IconButton label={texts.status.close} keys="Esc" icon={<X size={16} />} onClick={onClose} />
      </header>
      <div className="sheet-body">{children}</div>
      {foot === undefined ? null : <footer className="sheet-foot">{foot}</footer>}
    </dialog>
  );
}
