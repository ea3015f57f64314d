import type { ReactNode } from 'react';
import type { ReportSection } from '../../../shared/contract.ts';
import { texts } from '../../texts.ts';
import { countsOf } from './flagging.ts';
import { useReport } from './reportStore.ts';

/** Name of a section, and what is left to do in it. */
export function SectionHead({ section }: { readonly section: ReportSection }): ReactNode {
  const undecided = useReport(({ content, flags }) => countsOf(section, content.sentences, flags).undecided);
  const flagged = useReport(({ content, flags }) => countsOf(section, content.sentences, flags).flags);
  return (
    <h3>
      {texts.report.sections[section]}
      {undecided === 0 ? null : <span className="chip accent">{texts.report.undecided(undecided)}</span>}
      {flagged === 0 ? null : <span className="chip warning">{texts.report.flagged(flagged)}</span>}
    </h3>
  );
}
