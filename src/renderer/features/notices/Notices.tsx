import { Info, X } from 'lucide-react';
import type { ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { IconButton } from '../../ui/Button.tsx';
import { Failure } from '../../ui/Failure.tsx';
import { useNotices } from './noticesStore.ts';
import './notices.css';

export function Notices(): ReactNode {
  const { notices, dismiss } = useNotices();
  return (
    <section className="notices" aria-label={texts.notices.region} aria-live="polite">
      {notices.map(({ id, text, error }) => (
        <div key={id} className="notice">
          {error === null ? <p className="news"><Info size={15} aria-hidden /> {text}</p> : <Failure error={error} />}
          <IconButton className="dismiss" label={texts.notices.dismiss} icon={<X size={14} />} onClick={() => { dismiss(id); }} />
        </div>
      ))}
    </section>
  );
}
