import { FilePenLine, TriangleAlert } from 'lucide-react';
import { useRef } from 'react';
import type { KeyboardEvent, ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { useConnection } from '../connection/connectionStore.ts';
import { useStudies } from '../studies/studiesStore.ts';
import { useReading } from '../reading/readingStore.ts';
import { SentenceRow } from './SentenceRow.tsx';

export function DraftView(): ReactNode {
  const { phase, progress, focus, focusSentence, stepSentence } = useReading();
  const chosen = useStudies((state) => state.detail?.chosen ?? null);
  const list = useRef<HTMLOListElement>(null);
  const { sentences, tail, draft } = progress;
  const writing = phase === 'running';
  const packInUse = useConnection(({ status }) => status?.pack ?? null);
  const pack = draft?.pack ?? packInUse;
  const outdated = draft !== null && chosen !== null && (draft.series !== chosen.series || draft.stack !== chosen.stack);
  if (writing && sentences.length === 0 && tail === '') return null;
  if (!writing && draft === null && sentences.length === 0) return phase === 'done' ? <p className="note">{texts.reading.noDraft}</p> : null;
  const step = (event: KeyboardEvent): void => {
    const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : null;
    if (by === null) return;
    event.preventDefault();
    event.stopPropagation();
    stepSentence(by);
    const now = useReading.getState().focus;
    list.current?.querySelector<HTMLElement>(`[data-sentence="${now ?? ''}"]`)?.focus();
  };
  return (
    <section className="draft" aria-label={texts.reading.draft} aria-busy={writing}>
      <p className="draft-banner"><FilePenLine size={14} aria-hidden /><b>{texts.reading.draftBanner}</b></p>
      {(draft?.outside ?? null) === null ? null : <p className="note outside-mark"><TriangleAlert size={13} aria-hidden />{texts.findings.draftOutside}</p>}
      {draft?.origin === 'composed' ? <p className="note">{texts.reading.composed}</p> : null}
      {pack?.nonCommercial === true ? <p className="note">{texts.reading.nonCommercial}</p> : null}
      {outdated ? <p className="note warning" role="alert"><TriangleAlert size={13} aria-hidden />{texts.reading.outdated}</p> : null}
      <ol ref={list} className="sentences" onKeyDown={step}>
        {sentences.map((sentence) => <SentenceRow key={sentence.index} sentence={sentence} focused={sentence.index === focus} uncalibrated={pack?.uncalibrated === true} onFocus={() => { focusSentence(sentence); }} />)}
        {tail === '' ? null : <li className="tail selectable" aria-live="off">{tail}<i aria-hidden /></li>}
      </ol>
      {draft !== null && draft.sentences.length === 0 ? <p className="note">{texts.reading.noSentences}</p> : null}
      {draft === null || draft.stop === 'complete' ? null : <p className="note">{texts.reading.stops[draft.stop]}</p>}
    </section>
  );
}
