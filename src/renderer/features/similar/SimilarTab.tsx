/** Earlier studies of the patient, then cases like the open study or those that a search found; it fills by itself. */
import { TriangleAlert } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import type { FoundCase } from '../../../shared/contract.ts';
import { texts } from '../../texts.ts';
import { Button } from '../../ui/Button.tsx';
import { Failure } from '../../ui/Failure.tsx';
import { TrainingLabel } from '../connection/TrainingLabel.tsx';
import { MatchStrip } from '../priors/MatchStrip.tsx';
import { Priors } from '../priors/Priors.tsx';
import { outsideOf } from '../reading/analysis.ts';
import { useReading } from '../reading/readingStore.ts';
import { CaseCard } from './CaseCard.tsx';
import { CompareSheet } from './CompareSheet.tsx';
import { Filters } from './Filters.tsx';
import { RegionSearch } from './RegionSearch.tsx';
import { SearchBar } from './SearchBar.tsx';
import { filterCount, useSimilar } from './similarStore.ts';
import { WhySimilar } from './WhySimilar.tsx';
import './similar.css';

const words = texts.similar;

function titleOf({ query }: Pick<ReturnType<typeof useSimilar.getState>, 'query'>): string {
  return query.by === 'text' ? texts.reading.searchResults(query.text) : words.results[query.by];
}

function Pinned({ onWhy }: { readonly onWhy: (found: FoundCase) => void }): ReactNode {
  const pins = useSimilar((state) => state.pins);
  const found = pins.flatMap((pin) => pin.found ?? []);
  if (found.length === 0) return null;
  return (
    <section className="cases" aria-label={words.pinned}>
      <h3 className="section-title">{words.pinned}<span>{words.pinnedCount(found.length)}</span></h3>
      <ol>{found.map((item) => <CaseCard key={item.case} found={item} rank={null} unfolded={false} onWhy={onWhy} />)}</ol>
    </section>
  );
}

function Results({ onWhy }: { readonly onWhy: (found: FoundCase) => void }): ReactNode {
  const { answer, phase, failure, query, filter, readable } = useSimilar();
  const outside = useReading((state) => outsideOf(state.progress) !== null);
  if (failure !== null) return <Failure error={failure} />;
  if (answer === null) return <p className="note" role="status">{phase === 'searching' ? words.working : readable || query.by === 'text' ? '' : texts.reading.notSearched}</p>;
  const { cases, pack, searched } = answer;
  const title = titleOf({ query });
  const empty = filterCount(filter) > 0 ? words.noneWithFilter : query.by === 'text' ? texts.reading.noResults : texts.reading.noSimilar;
  return (
    <section className="cases" aria-label={title} aria-busy={phase === 'searching'}>
      <h3 className="section-title">{title}<span>{texts.reading.similarOf(cases.length)}</span></h3>
      <p className="made-by"><TrainingLabel pack={pack} /><span>{words.madeBy(pack.id, pack.version, searched)}</span></p>
      <p className="meaning">{words.meaning}</p>
      {outside && cases.length > 0 && query.by !== 'text' ? <p className="note outside-mark"><TriangleAlert size={13} aria-hidden />{texts.findings.similarOutside}</p> : null}
      {cases.length === 0 && (answer.region?.note ?? '') === '' ? <p className="note">{empty}</p> : null}
      <ol>{cases.map((found, at) => <CaseCard key={found.case} found={found} rank={at + 1} unfolded={at === 0} onWhy={onWhy} />)}</ol>
    </section>
  );
}

export function SimilarTab(): ReactNode {
  const [why, setWhy] = useState<FoundCase | null>(null);
  const [comparing, setComparing] = useState(false);
  const study = useReading((state) => state.study);
  const similar = useReading((state) => state.progress.similar);
  const { mode, answer, pins, ticked, enter } = useSimilar();
  useEffect(() => { enter(study, study !== null && similar !== null); }, [study, similar, enter]);
  const known = [...(answer?.cases ?? []), ...pins.flatMap((pin) => pin.found ?? [])];
  const chosen = ticked.flatMap((id) => known.find((found) => found.case === id) ?? []);
  return (
    <div className="similar">
      <SearchBar />
      <div className="tab-body">
        <MatchStrip />
        {study === null ? null : <Priors study={study} />}
        {mode === 'region' ? <RegionSearch /> : null}
        <Filters />
        {ticked.length === 0 ? null : <p className="compare-line">{chosen.length < 2 ? words.compareChoose(chosen.length) : <Button onClick={() => { setComparing(true); }}>{words.compareTwo}</Button>}</p>}
        <Pinned onWhy={setWhy} />
        <Results onWhy={setWhy} />
      </div>
      {why === null || study === null ? null : <WhySimilar key={why.case} study={study} found={why} onClose={() => { setWhy(null); }} />}
      {comparing && chosen.length === 2 ? <CompareSheet cases={chosen} onClose={() => { setComparing(false); }} /> : null}
    </div>
  );
}
