/** What stands beside the words of a sentence: a mark of where it comes from and how it was decided, and its flags. */
import { Bot, Check, LayoutTemplate, MessageSquareQuote, PencilLine, Ruler, X } from 'lucide-react';
import { useEffect } from 'react';
import type { ReactNode } from 'react';
import { useShallow } from 'zustand/react/shallow';
import type { ReportSentence } from '../../../shared/contract.ts';
import { isMachine } from '../../../shared/reportContent.ts';
import { texts } from '../../texts.ts';
import { FlagRow } from './FlagRow.tsx';
import { useLit } from './litStore.ts';
import { useReport } from './reportStore.ts';

const look = { size: 13, 'aria-hidden': true } as const;
const sources: Readonly<Partial<Record<ReportSentence['origin'], ReactNode>>> = { template: <LayoutTemplate {...look} />, case: <MessageSquareQuote {...look} />, measurement: <Ruler {...look} /> };
const decided: Readonly<Record<ReportSentence['state'], ReactNode>> = { proposed: <Bot {...look} />, accepted: <Check {...look} />, edited: <PencilLine {...look} />, rejected: <X {...look} /> };

const iconOf = ({ state, origin }: ReportSentence): ReactNode => (state === 'rejected' || isMachine({ origin }) ? decided[state] : sources[origin]);

const sayingOf = ({ origin, state }: ReportSentence): string => (origin === 'reader' ? texts.report.origins.reader : `${texts.report.origins[origin]}, ${texts.report.states[state]}`);

export function SentenceNotes({ id, row }: { readonly id: string; readonly row: HTMLElement }): ReactNode {
  const sentence = useReport(({ content }) => content.sentences.find((one) => one.id === id));
  const flags = useReport(useShallow((state) => state.flags.filter((flag) => flag.sentence === id)));
  const focused = useReport(({ focus }) => focus === id);
  const view = sentence?.grounding?.view;
  const lit = useLit(({ views }) => view !== undefined && (views?.has(view) ?? false));
  useEffect(() => {
    row.toggleAttribute('data-focused', focused);
    // The words of the sentence stay where they are unless they are out of sight.
    if (focused) row.scrollIntoView({ block: 'nearest' });
  }, [row, focused]);
  useEffect(() => {
    row.toggleAttribute('data-lit', lit);
    if (lit) row.scrollIntoView({ block: 'nearest' });
  }, [row, lit]);
  if (sentence === undefined) return null;
  const icon = iconOf(sentence);
  const said = sayingOf(sentence);
  return (
    <>
      {icon === undefined ? null : <span className="sentence-mark" title={said}>{icon}<span className="sr-only">{said}</span></span>}
      {sentence.text === '' ? <span className="blank-hint" aria-hidden>{texts.report.blank[sentence.section]}</span> : null}
      {flags.map((flag) => <FlagRow key={flag.id} flag={flag} />)}
    </>
  );
}
