import { CircleDashed, Eye, ShieldQuestion } from 'lucide-react';
import type { ReactNode } from 'react';
import type { DraftSentence } from '../../../shared/contract.ts';
import { texts } from '../../texts.ts';
import { shownSimilarity } from '../../ui/format.ts';
import { Meter } from '../../ui/Meter.tsx';

function Support({ sentence, uncalibrated }: { readonly sentence: DraftSentence; readonly uncalibrated: boolean }): ReactNode {
  if (sentence.similarity === null) return <span className="chip"><CircleDashed size={10} aria-hidden />{texts.reading.ungrounded}</span>;
  if (uncalibrated) return <span className="chip" title={texts.reading.uncalibratedHint}><CircleDashed size={10} aria-hidden />{texts.reading.uncalibrated}</span>;
  return sentence.supported ? null : <span className="chip warning"><ShieldQuestion size={11} aria-hidden />{texts.reading.unsupported}</span>;
}

interface SentenceRowProps {
  readonly sentence: DraftSentence;
  readonly focused: boolean;
  /** The pack cannot tell whether a view supports a sentence. */
  readonly uncalibrated: boolean;
  readonly onFocus: () => void;
}

export function SentenceRow({ sentence, focused, uncalibrated, onFocus }: SentenceRowProps): ReactNode {
  const { index, text, similarity, view, slice, supported, sourceCase } = sentence;
  return (
    <li>
      <button
        type="button" className={`sentence ${focused ? 'focused' : ''} ${similarity !== null && !supported && !uncalibrated ? 'unsupported' : ''}`}
        data-sentence={index} data-supported={supported} aria-pressed={focused} onClick={onFocus}
      >
        <span className="sentence-text">{text}</span>
        <span className="sentence-facts">
          <Support sentence={sentence} uncalibrated={uncalibrated} />
          {view === null ? null : <span className="fact"><Eye size={11} aria-hidden />{texts.reading.view(view)}</span>}
          {similarity === null ? null : <span className="fact" title={texts.reading.similarity(similarity.toFixed(3))}><Meter value={similarity} />{shownSimilarity(similarity)}</span>}
          {slice === null ? null : <span className="fact">{texts.reading.slice(slice + 1)}</span>}
          {sourceCase === null ? null : <span className="fact source">{texts.reading.from(sourceCase)}</span>}
        </span>
      </button>
    </li>
  );
}
