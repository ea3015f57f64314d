/** The sentence in focus: where it comes from, what the images say of it, its original, and what can be done with it. */
import { Eye } from 'lucide-react';
import type { ReactNode } from 'react';
import type { ReportSentence } from '../../../shared/contract.ts';
import { isMachine } from '../../../shared/reportContent.ts';
import { texts } from '../../texts.ts';
import { Button, Key } from '../../ui/Button.tsx';
import { shownSimilarity } from '../../ui/format.ts';
import { Meter } from '../../ui/Meter.tsx';
import { keyLabel } from '../keyboard/keyNames.ts';
import { keysOf, useRegistry, useShortcuts } from '../keyboard/registry.ts';
import { editorHandle } from './editorHandle.ts';
import { useLit } from './litStore.ts';
import { useOriginal } from './originalStore.ts';
import { useReport } from './reportStore.ts';
import { isStanding } from './sentences.ts';

const words = texts.report;

/** The first key of an action, as the reader has it. */
function KeyOf({ action }: { readonly action: string }): ReactNode {
  const found = useRegistry(({ actions }) => actions.find(({ id }) => id === action));
  const own = useShortcuts((state) => state.own);
  const key = found === undefined ? undefined : keysOf(found, own)[0];
  return key === undefined ? null : <Key>{keyLabel(key)}</Key>;
}

function Facts({ sentence }: { readonly sentence: ReportSentence }): ReactNode {
  const { origin, state, grounding, sourceCase } = sentence;
  const uncalibrated = useReport(({ report }) => report?.pack?.uncalibrated === true);
  return (
    <p className="sentence-facts">
      <b>{origin === 'reader' ? words.origins.reader : `${words.origins[origin]}, ${words.states[state]}`}</b>
      {sourceCase === null ? null : <span className="fact source">{texts.reading.from(sourceCase)}</span>}
      {grounding === null ? <span className="fact">{words.notGrounded}</span> : (
        <>
          <span className="fact"><Eye size={11} aria-hidden />{texts.reading.view(grounding.view)}</span>
          <span className="fact" title={texts.reading.similarity(grounding.similarity.toFixed(3))}><Meter value={grounding.similarity} />{shownSimilarity(grounding.similarity)}</span>
          {grounding.slice === null ? null : <span className="fact">{texts.reading.slice(grounding.slice + 1)}</span>}
          {uncalibrated ? <span className="fact" title={texts.reading.uncalibratedHint}>{texts.reading.uncalibrated}</span> : null}
        </>
      )}
    </p>
  );
}

function Original({ sentence }: { readonly sentence: ReportSentence }): ReactNode {
  const { shown } = useOriginal();
  const restoreOriginal = useReport((state) => state.restoreOriginal);
  if (!shown || sentence.original === null || sentence.original === sentence.text) return null;
  return (
    <p className="sentence-original selectable">
      <span>{words.originalOf}</span>{sentence.original}
      {isStanding(sentence) ? <Button kind="quiet" onClick={() => { restoreOriginal(sentence.id); }}>{words.restore}</Button> : null}
    </p>
  );
}

/** How many sentences look at the place that was clicked; none is worth saying, too. */
function Lit(): ReactNode {
  const views = useLit((state) => state.views);
  const count = useReport(({ content }) => (views === null ? 0 : content.sentences.filter(({ grounding }) => grounding !== null && views.has(grounding.view)).length));
  return views === null ? null : <p className="lit-count" role="status">{words.lit(count)}</p>;
}

export function SentenceBar(): ReactNode {
  const sentence = useReport(({ content, focus }) => content.sentences.find(({ id }) => id === focus));
  const decided = useReport(({ content }) => content.sentences.some(isMachine) && content.sentences.every(({ state }) => state !== 'proposed'));
  const { accept, reject } = useReport();
  const { shown, toggle } = useOriginal();
  if (sentence === undefined || (sentence.text === '' && sentence.original === null)) return <footer className="sentence-bar"><Lit /><p className="note">{decided ? words.allDecided : words.nobody}</p></footer>;
  const { id, state, original, text } = sentence;
  // The caret stays in the text while buttons are pressed.
  const press = (run: () => void) => ({ onMouseDown: (event: { preventDefault: () => void }) => { event.preventDefault(); }, onClick: run });
  return (
    <footer className="sentence-bar" aria-label={words.bar}>
      <Lit />
      <Facts sentence={sentence} />
      <Original sentence={sentence} />
      <div className="sentence-actions">
        <Button disabled={original === null || state === 'accepted' || state === 'edited'} {...press(() => { accept(id); })}>{words.accept}<KeyOf action="report.accept" /></Button>
        <Button {...press(() => { reject(id); })}>{isStanding(sentence) ? words.reject : words.takeBack}<KeyOf action="report.reject" /></Button>
        <Button disabled={!isStanding(sentence)} onClick={() => { editorHandle()?.writeIn(id); }}>{words.edit}<KeyOf action="report.edit" /></Button>
        <Button kind="quiet" disabled={original === null || original === text} aria-pressed={shown} {...press(toggle)}>{words.original}</Button>
      </div>
    </footer>
  );
}
