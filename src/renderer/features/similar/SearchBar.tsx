/** What cases are searched by: the image, reports, a region, a sentence of the draft, or any words. */
import { Search, X } from 'lucide-react';
import type { ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { IconButton } from '../../ui/Button.tsx';
import { useReading } from '../reading/readingStore.ts';
import { useDraftOpen } from '../report/reportStore.ts';
import { useSimilar } from './similarStore.ts';

const modes = ['image', 'report', 'region'] as const;

function Sentences(): ReactNode {
  const sentences = useReading((state) => state.progress.sentences);
  const { query, find } = useSimilar();
  const open = useDraftOpen();
  if (!open || sentences.length === 0) return null;
  const chosen = query.by === 'text' ? sentences.find(({ text }) => text === query.text) : undefined;
  return (
    <select className="select sentence-choice" aria-label={texts.similar.sentence} value={chosen?.index ?? ''} onChange={(event) => {
      const sentence = sentences.find(({ index }) => String(index) === event.target.value);
      if (sentence !== undefined) void find({ by: 'text', text: sentence.text });
    }}>
      <option value="" disabled>{texts.similar.sentenceNone}</option>
      {sentences.map(({ index, text }) => <option key={index} value={index}>{text}</option>)}
    </select>
  );
}

export function SearchBar(): ReactNode {
  const { mode, query, typed, readable, type, find, clearText, chooseMode } = useSimilar();
  return (
    <div className="similar-search">
      <div className="modes" role="radiogroup" aria-label={texts.similar.modes.label}>
        {modes.map((name) => (
          <button key={name} type="button" role="radio" className="mode" aria-checked={mode === name} disabled={!readable} title={texts.similar.modeHints[name]} onClick={() => { chooseMode(name); }}>
            {texts.similar.modes[name]}
          </button>
        ))}
        <Sentences />
      </div>
      <form className="field case-search" role="search" onSubmit={(event) => { event.preventDefault(); if (typed.trim() !== '') void find({ by: 'text', text: typed.trim() }); }}>
        <Search size={13} aria-hidden />
        <input id="case-search" type="search" aria-label={texts.reading.search} placeholder={texts.reading.searchHint} maxLength={4000} value={typed} onChange={(event) => { type(event.target.value); }} />
        {typed === '' && query.by !== 'text' ? null : <IconButton className="end" label={texts.reading.clearSearch} icon={<X size={13} />} onClick={clearText} />}
      </form>
    </div>
  );
}
