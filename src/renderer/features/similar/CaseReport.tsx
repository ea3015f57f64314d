/** A case's report as it is, with the sentences that carried the match marked, each to be copied with its source or cited in the report. */
import { Copy, TextQuote } from 'lucide-react';
import type { ReactNode } from 'react';
import type { FoundCase } from '../../../shared/contract.ts';
import { texts } from '../../texts.ts';
import { IconButton } from '../../ui/Button.tsx';
import { useReport } from '../report/reportStore.ts';
import { citeInReport, copyCited } from './citing.ts';

export function Report({ found }: { readonly found: FoundCase }): ReactNode {
  const writing = useReport(({ phase }) => phase === 'writing');
  if (found.sentences.length === 0) return <p className="report selectable">{found.report}</p>;
  return (
    <div className="report selectable">
      {found.sentences.map((sentence, at) => (
        <p key={at} className="report-sentence">
          {found.matched.includes(at) ? <mark title={texts.reading.matched}>{sentence}</mark> : sentence}
          <span className="sentence-tools">
            {writing ? <IconButton data-cite label={`${texts.similar.cite}: ${sentence}`} icon={<TextQuote size={12} />} onClick={() => { citeInReport(found, at); }} /> : null}
            <IconButton label={`${texts.similar.copy}: ${sentence}`} icon={<Copy size={12} />} onClick={() => { copyCited(found, at); }} />
          </span>
        </p>
      ))}
    </div>
  );
}
