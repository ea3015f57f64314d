/** Figure 14's questions beside the text: what holds, who says so, and what brings text and answer together where they differ. */
import { Check, ChevronDown, ChevronRight, LoaderCircle, Plus, TriangleAlert, Undo2 } from 'lucide-react';
import { useId, useState } from 'react';
import type { ReactNode } from 'react';
import type { QuestionAnswer, StructuredAnswer } from '../../../shared/contract.ts';
import { questionOf, type Question } from '../../../shared/figure14.ts';
import { texts } from '../../texts.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { useConnection } from '../connection/connectionStore.ts';
import { useReadingTab } from '../reading/tabStore.ts';
import { useDraftOpen, useReport } from '../report/reportStore.ts';
import { textSays, useStructured } from './structuredStore.ts';
import './structured.css';

const percent = (probability: number): string => texts.findings.percent(probability);

function goTo(sentence: string): void {
  useReadingTab.getState().showTab('report');
  useReport.getState().focusOn(sentence);
}

const textOf = (id: string): string => useReport.getState().content.sentences.find((sentence) => sentence.id === id)?.text ?? '';

/** An answer of several: each option on or off; the normal answer only alone. */
function Several({ question, chosen, label }: { readonly question: Question; readonly chosen: readonly string[]; readonly label: string }): ReactNode {
  const toggle = (option: string, on: boolean): void => {
    const held = question.options.filter((one) => one !== question.normal && (one === option ? on : chosen.includes(one)));
    useStructured.getState().answer(question.id, option === question.normal || held.length === 0 ? [question.normal] : held);
  };
  return (
    <fieldset className="several">
      <legend className="sr-only">{label}</legend>
      {question.options.map((option) => <label key={option}><input type="checkbox" checked={chosen.includes(option)} onChange={(event) => { toggle(option, event.target.checked); }} />{option}</label>)}
    </fieldset>
  );
}

function Evidence({ answer, one }: { readonly answer: QuestionAnswer; readonly one: StructuredAnswer }): ReactNode {
  return (
    <li className="evidence" data-source={one.source}>
      <span className="source">{texts.signing.sources[one.source]}</span>
      <span>{one.answers.join(', ')}{one.probability === null ? '' : ` (${percent(one.probability)})`}</span>
      {one.source === 'reader' ? null : <button type="button" className="link" aria-label={texts.structured.takeOf(one.answers.join(', '))} onClick={() => { useStructured.getState().answer(answer.question, one.answers); }}>{texts.structured.take}</button>}
    </li>
  );
}

/** Text and answer differ: sentences to put in, and those that say otherwise. */
function Differs({ answer }: { readonly answer: QuestionAnswer }): ReactNode {
  const proposal = useStructured(({ proposals }) => proposals.get(answer.question));
  const said = answer.evidence.find(({ source }) => source === 'text');
  if (proposal === undefined || textSays(answer)) return null;
  return (
    <div className="differs" role="note">
      <p><TriangleAlert size={13} aria-hidden />{said === undefined ? texts.structured.unsaid : texts.structured.saysOtherwise(said.answers.join(', '))}</p>
      {proposal.against.map((id) => (
        <p key={id} className="against">
          <button type="button" className="link" onClick={() => { goTo(id); }}>{textOf(id)}</button>
          <button type="button" className="link danger" aria-label={texts.structured.strikeOf(textOf(id))} onClick={() => { useReport.getState().reject(id); }}>{texts.structured.strike}</button>
        </p>
      ))}
      {proposal.texts.map((text) => <button key={text} type="button" className="link put" onClick={() => { useStructured.getState().insert(text); }}><Plus size={12} aria-hidden />{text}</button>)}
    </div>
  );
}

function Row({ answer }: { readonly answer: QuestionAnswer }): ReactNode {
  const [open, setOpen] = useState(false);
  const id = useId();
  const question = questionOf(answer.question);
  if (question === undefined) return null;
  const { chosen, evidence, sentences } = answer;
  const label = texts.structured.questions[question.id] ?? question.text;
  const own = chosen.source === 'reader';
  return (
    <li className={`question ${chosen.source}`} data-question={question.id} data-disagrees={answer.disagrees}>
      <div className="line">
        <button type="button" className="fold" aria-expanded={open} aria-controls={id} title={question.text} onClick={() => { setOpen(!open); }}>{open ? <ChevronDown size={13} aria-hidden /> : <ChevronRight size={13} aria-hidden />}{label}</button>
        {question.multiple
          ? <button type="button" className="chosen" aria-label={texts.structured.change(label)} onClick={() => { setOpen(!open); }}>{chosen.answers.join(', ')}</button>
          : (
            <select className="select" aria-label={label} value={chosen.answers[0]} onChange={(event) => { useStructured.getState().answer(question.id, [event.target.value]); }}>
              {question.options.map((option) => <option key={option} value={option}>{option}</option>)}
            </select>
          )}
        <span className="source" title={texts.structured.sourceHints[chosen.source]}>{texts.signing.sources[chosen.source]}{chosen.probability === null ? '' : ` ${percent(chosen.probability)}`}</span>
        {own
          ? <IconButton label={texts.structured.withdraw(label)} icon={<Undo2 size={13} />} onClick={() => { useStructured.getState().withdraw(question.id); }} />
          : <IconButton label={texts.structured.takeOf(`${label}: ${chosen.answers.join(', ')}`)} icon={<Check size={13} />} onClick={() => { useStructured.getState().answer(question.id, chosen.answers); }} />}
      </div>
      <Differs answer={answer} />
      <div id={id} hidden={!open} className="more">
        {question.multiple ? <Several question={question} chosen={chosen.answers} label={label} /> : null}
        <ul>{evidence.map((one, at) => <Evidence key={`${one.source} ${at}`} answer={answer} one={one} />)}</ul>
        {sentences.map((sentence) => <button key={sentence} type="button" className="link" onClick={() => { goTo(sentence); }}>{textOf(sentence)}</button>)}
      </div>
    </li>
  );
}

function AskModel(): ReactNode {
  const { asking, askModel, proposeImpression } = useStructured();
  const pack = useConnection(({ status }) => status?.pack ?? null);
  if (pack?.answersQuestions !== true) return null;
  const spin = <LoaderCircle size={12} className="spin" aria-hidden />;
  return (
    <div className="ask">
      <Button disabled={asking !== null} onClick={() => { void askModel(); }}>{asking === 'answers' ? spin : null}{texts.structured.ask}</Button>
      <Button disabled={asking !== null} onClick={() => { void proposeImpression(); }}>{asking === 'impression' ? spin : null}{texts.structured.impression}</Button>
      <p className="hint">{texts.structured.askHint}</p>
    </div>
  );
}

/** Nothing unless a report is being written; what a model answers opens with its draft. */
export function StructuredForm(): ReactNode {
  const writing = useReport(({ phase }) => phase === 'writing');
  const open = useDraftOpen();
  const answers = useStructured((state) => state.answers);
  if (!writing) return null;
  return (
    <section className="structured" aria-label={texts.structured.title}>
      <h3 className="section-title">{texts.structured.title}</h3>
      <p className="note">{open ? texts.structured.hint : texts.structured.readFirst}</p>
      {open ? <><ul>{answers.map((answer) => <Row key={answer.question} answer={answer} />)}</ul><AskModel /></> : null}
    </section>
  );
}
