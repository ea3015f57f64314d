import { ChevronRight, TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { SimilarCase } from '../../../shared/contract.ts';
import { bridge } from '../../bridge.ts';
import { texts } from '../../texts.ts';
import { shownAgeSex, shownDate, shownSimilarity } from '../../ui/format.ts';
import { Meter } from '../../ui/Meter.tsx';
import { Thumbnail } from '../../ui/Thumbnail.tsx';

/** The report as it is, with the sentences that carried the match marked. */
function Report({ found }: { readonly found: SimilarCase }): ReactNode {
  if (found.sentences.length === 0) return <p className="report selectable">{found.report}</p>;
  return (
    <p className="report selectable">
      {found.sentences.map((sentence, at) => (found.matched.includes(at)
        ? <mark key={at} title={texts.reading.matched}>{sentence} </mark>
        : <span key={at}>{sentence} </span>))}
    </p>
  );
}

function CaseCard({ found, rank, unfolded }: { readonly found: SimilarCase; readonly rank: number; readonly unfolded: boolean }): ReactNode {
  const [open, setOpen] = useState(unfolded);
  const best = found.matched[0];
  return (
    <li className={`case ${open ? 'open' : ''}`} data-case={found.case}>
      <button type="button" className="case-head" aria-expanded={open} aria-label={texts.reading.showReport(found.case)} onClick={() => { setOpen(!open); }}>
        <Thumbnail name={`case ${found.case}`} fetchPicture={async () => (await bridge().call('case.thumbnail', { case: found.case })).png} />
        <span className="case-about">
          <span className="line"><b>{texts.reading.rank(rank)}. {found.case}</b>{found.demo ? <span className="chip accent" title={texts.studies.demoHint}>{texts.studies.demo}</span> : null}</span>
          <span className="facts">{[shownAgeSex(found.patientAge, found.sex), shownDate(found.studyDate)].filter(Boolean).join(' · ')}</span>
          {open || best === undefined ? null : <span className="excerpt">{found.sentences[best]}</span>}
        </span>
        <span className="case-score" title={`${texts.reading.similarity(found.similarity.toFixed(4))} ${texts.reading.by[found.by]}`}>{shownSimilarity(found.similarity)}<Meter value={found.similarity} /><small>{texts.reading.by[found.by]}</small></span>
        <ChevronRight size={14} className="chevron" aria-hidden />
      </button>
      {open ? <Report found={found} /> : null}
    </li>
  );
}

interface CaseListProps {
  readonly title: string;
  readonly cases: readonly SimilarCase[];
  readonly empty: string;
  /** What they were searched by is outside of what the pack was made for. */
  readonly outside?: boolean;
}

export function CaseList({ title, cases, empty, outside = false }: CaseListProps): ReactNode {
  return (
    <section className="cases" aria-label={title}>
      <h3 className="section-title">{title}<span>{texts.reading.similarOf(cases.length)}</span></h3>
      {outside && cases.length > 0 ? <p className="note outside-mark"><TriangleAlert size={13} aria-hidden />{texts.findings.similarOutside}</p> : null}
      {cases.length === 0 ? <p className="note">{empty}</p> : null}
      <ol>{cases.map((found, at) => <CaseCard key={found.case} found={found} rank={at + 1} unfolded={at === 0} />)}</ol>
    </section>
  );
}
