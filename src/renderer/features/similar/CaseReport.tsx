/** A case's report as it is, with the sentences that carried the match marked, each to be copied with its source. */
import { Copy } from 'lucide-react';
import type { ReactNode } from 'react';
import type { FoundCase } from '../../../shared/contract.ts';
import { texts } from '../../texts.ts';
import { IconButton } from '../../ui/Button.tsx';
import { copyCited } from './citing.ts';

export function Report({ found }: { readonly found: FoundCase }): ReactNode {
  if (found.sentences.length === 0) return <p className="report selectable">{found.report}</p>;
  return (
    <div className="report selectable">
      {found.sentences.map((sentence, at) => (
        <p key={at} className="report-sentence">
          {found.matched.includes(at) ? <mark title={texts.reading.matched}>{sentence}</mark> : sentence}
          <span className="sentence-tools">
            <IconButton label={`${texts.similar.copy}: ${sentence}`} icon={<Copy size={12} />} onClick={() => { copyCited(found, at); }} />
          </span>
        </p>
      ))}
    </div>
  );
}
