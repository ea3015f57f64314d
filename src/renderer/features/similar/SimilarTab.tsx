/** Prior cases like the open study, or those that a search in words found. */
import type { ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { Failure } from '../../ui/Failure.tsx';
import { outsideOf } from '../reading/analysis.ts';
import { useReading } from '../reading/readingStore.ts';
import { CaseList } from './CaseList.tsx';
import { SearchBox } from './SearchBox.tsx';
import { useSearch } from './searchStore.ts';
import './similar.css';

function OfStudy(): ReactNode {
  const progress = useReading((state) => state.progress);
  const { similar } = progress;
  if (similar === null) return <p className="note">{texts.reading.notSearched}</p>;
  return <CaseList title={texts.reading.similar} cases={similar} empty={texts.reading.noSimilar} outside={outsideOf(progress) !== null} />;
}

export function SimilarTab(): ReactNode {
  const search = useSearch((state) => state.search);
  return (
    <div className="similar">
      <SearchBox />
      <div className="tab-body">
        {search === null ? <OfStudy /> : (
          <>
            {search.failure === null ? null : <Failure error={search.failure} />}
            {search.phase === 'searching' ? <p className="note" role="status">{texts.reading.searching}</p> : null}
            {search.phase === 'done' ? <CaseList title={texts.reading.searchResults(search.query)} cases={search.cases} empty={texts.reading.noResults} /> : null}
          </>
        )}
      </div>
    </div>
  );
}
