/** Two cases beside each other: pictures, findings and reports. */
import type { ReactNode } from 'react';
import type { FoundCase } from '../../../shared/contract.ts';
import { texts } from '../../texts.ts';
import { findingName } from '../../ui/findingName.ts';
import { shownAgeSex, shownDate, shownSimilarity } from '../../ui/format.ts';
import { Sheet } from '../../ui/Sheet.tsx';
import { Thumbnail } from '../../ui/Thumbnail.tsx';
import { pictureOf } from './CaseCard.tsx';
import { Report } from './CaseReport.tsx';

export function CompareSheet({ cases, onClose }: { readonly cases: readonly FoundCase[]; readonly onClose: () => void }): ReactNode {
  const shared = new Set(cases[0]?.findings.filter((one) => cases[1]?.findings.some((other) => other.question === one.question && other.answer === one.answer)).map((one) => `${one.question} ${one.answer}`));
  return (
    <Sheet title={texts.similar.compareTwo} onClose={onClose}>
      <div className="compare-two">
        {cases.map((found) => (
          <article key={found.case} className="case" aria-label={found.case}>
            <Thumbnail name={`case ${found.case} ${found.bestView ?? ''}`} fetchPicture={() => pictureOf(found)} />
            <h3>{found.case}<span>{shownSimilarity(found.similarity)}</span></h3>
            <p className="facts">{[shownAgeSex(found.patientAge, found.sex), shownDate(found.studyDate)].filter(Boolean).join(' · ')}</p>
            <p className="chips">{found.findings.map((one) => <span key={`${one.question} ${one.answer}`} className={`chip ${shared.has(`${one.question} ${one.answer}`) ? 'good' : ''}`}>{findingName(one)}</span>)}</p>
            <Report found={found} />
          </article>
        ))}
      </div>
    </Sheet>
  );
}
