/** Why a case is similar: the pairs of views its similarity is the mean of, as slices of both studies, and what they share. */
import { useEffect, useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import type { Explanation, FoundCase } from '../../../shared/contract.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { bridge, failureOf } from '../../bridge.ts';
import { texts } from '../../texts.ts';
import { Button } from '../../ui/Button.tsx';
import { Failure } from '../../ui/Failure.tsx';
import { findingName } from '../../ui/findingName.ts';
import { shownSimilarity } from '../../ui/format.ts';
import { Meter } from '../../ui/Meter.tsx';
import { pngUrl } from '../../ui/pngUrl.ts';
import { Sheet } from '../../ui/Sheet.tsx';
import { Thumbnail } from '../../ui/Thumbnail.tsx';
import { useDraftOpen } from '../report/reportStore.ts';
import { TrainingLabel } from '../connection/TrainingLabel.tsx';

const words = texts.similar.explain;
const firstPairs = 4;

interface Seen {
  readonly url: string;
  readonly slice: number;
  readonly sliceCount: number;
  readonly mark: readonly [number, number] | null;
}

/** The slice a view looked at, with a ring where. */
function ViewPicture({ study, view, label }: { readonly study: string; readonly view: number; readonly label: string }): ReactNode {
  const [seen, setSeen] = useState<Seen | null | undefined>(undefined);
  useEffect(() => {
    let current = true;
    bridge().call('view.picture', { study, view, size: 256 }).then(
      (picture) => { if (current) setSeen(picture && { url: pngUrl(picture.png), slice: picture.slice, sliceCount: picture.sliceCount, mark: picture.mark }); },
      () => { if (current) setSeen(null); },
    );
    return () => { current = false; };
  }, [study, view]);
  return (
    <figure className="view-picture">
      <div className="view-frame">
        {seen ? <img src={seen.url} alt={label} draggable={false} /> : null}
        {seen?.mark ? <i className="view-mark" style={{ left: `${seen.mark[0] * 100}%`, top: `${seen.mark[1] * 100}%` }} aria-hidden /> : null}
      </div>
      <figcaption>{label}{seen ? ` · ${words.slice(seen.slice + 1, seen.sliceCount)}` : seen === null ? ` · ${words.noSlice}` : ''}</figcaption>
    </figure>
  );
}

function Pair({ explained, pair, found }: { readonly explained: Explanation; readonly pair: Explanation['pairs'][number]; readonly found: FoundCase }): ReactNode {
  const open = useDraftOpen();
  const draft = !open || pair.draftSentence === null ? undefined : explained.draft[pair.draftSentence];
  const said = pair.caseSentence === null ? undefined : explained.sentences[pair.caseSentence];
  return (
    <li className="view-pair" data-pair={`${pair.view}-${pair.caseView}`}>
      <div className="pair-score">{shownSimilarity(pair.similarity)}<Meter value={pair.similarity} /></div>
      <ViewPicture study={explained.study} view={pair.view} label={`${words.here}, ${words.view(pair.view)}`} />
      {explained.there === null
        ? <figure className="view-picture"><div className="view-frame"><Thumbnail name={`case ${found.case} whole`} fetchPicture={async () => (await bridge().call('case.thumbnail', { case: found.case })).png} /></div><figcaption>{`${words.there}, ${words.view(pair.caseView)}`}</figcaption></figure>
        : <ViewPicture study={explained.there.study} view={pair.caseView} label={`${words.there}, ${words.view(pair.caseView)}`} />}
      <div className="pair-words">
        {draft === undefined ? null : <p><small>{words.draftSays}</small>{draft}</p>}
        {said === undefined ? null : <p><small>{words.caseSays}</small>{said}</p>}
      </div>
    </li>
  );
}

export function WhySimilar({ study, found, onClose }: { readonly study: string; readonly found: FoundCase; readonly onClose: () => void }): ReactNode {
  const [explained, setExplained] = useState<Explanation | null>(null);
  const [failure, setFailure] = useState<ErrorData | null>(null);
  const [all, setAll] = useState(false);
  useEffect(() => {
    bridge().call('case.explain', { study, case: found.case }).then(setExplained, (error: unknown) => { setFailure(failureOf(error, found.case)); });
  }, [study, found.case]);
  const pairs = useMemo(() => (explained === null ? [] : all ? explained.pairs : explained.pairs.slice(0, firstPairs)), [explained, all]);
  return (
    <Sheet title={words.title(found.case)} onClose={onClose}>
      {failure === null ? null : <Failure error={failure} />}
      {explained === null ? null : (
        <div className="why">
          <p className="made-by"><TrainingLabel pack={explained.pack} /><span>{texts.reading.madeBy(explained.pack.id, explained.pack.version, '')}</span></p>
          {explained.missing === '' ? null : <p className="note warning-note">{explained.missing}</p>}
          <h3 className="section-title">{words.common}</h3>
          <p className="chips">{explained.commonFindings.length === 0 ? words.noCommon : explained.commonFindings.map((one) => <span key={`${one.question} ${one.answer}`} className="chip good">{findingName(one)}</span>)}</p>
          <h3 className="section-title">{words.pairs}<span>{words.mean(explained.similarity.toFixed(3), explained.pairs.length)}</span></h3>
          <p className="note">{words.pairsHint}</p>
          <ol className="view-pairs">{pairs.map((pair) => <Pair key={pair.view} explained={explained} pair={pair} found={found} />)}</ol>
          {all || explained.pairs.length <= firstPairs ? null : <Button onClick={() => { setAll(true); }}>{words.more(explained.pairs.length - firstPairs)}</Button>}
        </div>
      )}
    </Sheet>
  );
}
