/** The text of a report as it is printed: sections that have sentences, without what was rejected. */
import type { ReactNode } from 'react';
import { reportSections } from '../../../shared/choices.ts';
import type { ReportSentence } from '../../../shared/contract.ts';
import { inSectionOrder } from '../../../shared/reportContent.ts';
import { texts } from '../../texts.ts';
import { isStanding } from '../report/sentences.ts';
import './signing.css';

export function PrintedReport({ sentences, beneath }: { readonly sentences: readonly ReportSentence[]; readonly beneath?: (sentence: ReportSentence) => ReactNode }): ReactNode {
  const shown = inSectionOrder(sentences).filter((sentence) => isStanding(sentence) && sentence.text.trim() !== '');
  if (shown.length === 0) return <p className="note">{texts.signing.empty}</p>;
  return (
    <div className="printed selectable">
      {reportSections.filter((section) => shown.some((sentence) => sentence.section === section)).map((section) => (
        <section key={section}>
          <h4>{texts.signing.sections[section]}</h4>
          {beneath === undefined
            ? <p>{shown.filter((sentence) => sentence.section === section).map(({ text }) => text.trim()).join(' ')}</p>
            : <ul>{shown.filter((sentence) => sentence.section === section).map((sentence) => <li key={sentence.id}>{sentence.text}{beneath(sentence)}</li>)}</ul>}
        </section>
      ))}
    </div>
  );
}
