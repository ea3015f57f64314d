/** What opens the draft: looking at every slice, or a first impression in the reader's own words. Of the draft itself nothing is here. */
import { EyeOff } from 'lucide-react';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { Button } from '../../ui/Button.tsx';
import { useReading } from '../reading/readingStore.ts';
import { useReport } from './reportStore.ts';

const words = texts.report.readFirst;

export function ReadFirst(): ReactNode {
  const { looked, setFirstImpression } = useReport();
  const analysed = useReading(({ phase, progress }) => phase === 'running' || progress.draft !== null);
  const [text, setText] = useState('');
  const note = (): void => { if (text.trim() !== '') setFirstImpression(text.trim()); };
  return (
    <section className="read-first" aria-label={words.title}>
      <h3><EyeOff size={13} aria-hidden />{words.title}</h3>
      {looked.of === 0 ? <p>{words.noSlices}</p> : (
        <p>
          <span role="status">{words.slices(looked.seen, looked.of)}</span>
          <span className="bar" aria-hidden><span style={{ width: `${(100 * looked.seen) / looked.of}%` }} /></span>
        </p>
      )}
      <p className="hint">{words.or}</p>
      <div className="first-impression">
        <textarea
          rows={2} aria-label={words.label} placeholder={words.label} maxLength={4000} value={text} onChange={({ target }) => { setText(target.value); }}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || event.shiftKey) return;
            event.preventDefault();
            event.stopPropagation();
            note();
          }}
        />
        <Button disabled={text.trim() === ''} onClick={note}>{words.note}</Button>
      </div>
      {analysed ? null : <p className="hint">{words.analyse}</p>}
    </section>
  );
}
