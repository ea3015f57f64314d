/** One similar case: its matching slice, how alike, who, findings, and its report with the matching sentences marked. */
import { ChevronRight, Columns2, Copy, Pin, PinOff, Scale } from 'lucide-react';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { FoundCase } from '../../../shared/contract.ts';
import { bridge } from '../../bridge.ts';
import { texts } from '../../texts.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { findingName } from '../../ui/findingName.ts';
import { shownAgeSex, shownDate, shownSimilarity } from '../../ui/format.ts';
import { Meter } from '../../ui/Meter.tsx';
import { Thumbnail } from '../../ui/Thumbnail.tsx';
import { openCaseBeside } from '../priors/besideStore.ts';
import { Report } from './CaseReport.tsx';
import { copyCited } from './citing.ts';
import { useSimilar } from './similarStore.ts';

/** The slice the case's best view looked at, or what picture there is. */
export async function pictureOf({ case: id, study, bestView }: FoundCase): Promise<Uint8Array | null> {
  const seen = study === null || bestView === null ? null : await bridge().call('view.picture', { study, view: bestView });
  return seen?.png ?? (await bridge().call('case.thumbnail', { case: id })).png;
}

const shownFindings = 3;

export function CaseCard({ found, rank, unfolded, onWhy }: { readonly found: FoundCase; readonly rank: number | null; readonly unfolded: boolean; readonly onWhy: (found: FoundCase) => void }): ReactNode {
  const [open, setOpen] = useState(unfolded);
  const { setPinned, tick, ticked, study, readable } = useSimilar();
  const best = found.matched[0];
  const words = texts.similar;
  return (
    <li className={`case ${open ? 'open' : ''}`} data-case={found.case}>
      <button type="button" className="case-head" aria-expanded={open} aria-label={texts.reading.showReport(found.case)} onClick={() => { setOpen(!open); }}>
        <Thumbnail key={`${found.bestView ?? ''}`} name={`case ${found.case} ${found.bestView ?? ''}`} fetchPicture={() => pictureOf(found)} />
        <span className="case-about">
          <span className="line">
            <b>{rank === null ? '' : `${texts.reading.rank(rank)}. `}{found.case}</b>
            {found.demo ? <span className="chip accent" title={texts.studies.demoHint}>{texts.studies.demo}</span> : null}
            {found.samePatient ? <span className="chip good">{words.samePatient}</span> : null}
          </span>
          <span className="facts">{[shownAgeSex(found.patientAge, found.sex), shownDate(found.studyDate)].filter(Boolean).join(' · ')}</span>
          {found.findings.length === 0 ? null : <span className="chips">{found.findings.slice(0, open ? undefined : shownFindings).map((one) => <span key={`${one.question} ${one.answer}`} className="chip">{findingName(one)}</span>)}</span>}
          {open || best === undefined ? null : <span className="excerpt">{found.sentences[best]}</span>}
        </span>
        {rank === null ? <span /> : <span className="case-score" title={`${texts.reading.similarity(found.similarity.toFixed(4))} ${texts.reading.by[found.by]}`}>{shownSimilarity(found.similarity)}<Meter value={found.similarity} /><small>{texts.reading.by[found.by]}</small></span>}
        <ChevronRight size={14} className="chevron" aria-hidden />
      </button>
      {open ? (
        <>
          <Report found={found} />
          <div className="case-actions">
            <Button kind="quiet" disabled={found.study === null || study === null} title={found.study === null ? words.openBesideNone : words.openBeside} onClick={() => { openCaseBeside(found); }}><Columns2 size={13} aria-hidden />{words.openBeside}</Button>
            {readable ? <Button kind="quiet" onClick={() => { onWhy(found); }}><Scale size={13} aria-hidden />{words.why}</Button> : null}
            <span className="spacer" />
            <IconButton label={words.copy} icon={<Copy size={13} />} onClick={() => { copyCited(found, best ?? null); }} />
            {study === null ? null : <IconButton label={found.pinned ? words.unpin : words.pin} aria-pressed={found.pinned} icon={found.pinned ? <PinOff size={13} /> : <Pin size={13} />} onClick={() => { void setPinned(found, !found.pinned); }} />}
            <label className="case-tick" title={words.compareTick(found.case)}><input type="checkbox" aria-label={words.compareTick(found.case)} checked={ticked.includes(found.case)} onChange={() => { tick(found.case); }} />{words.compare}</label>
          </div>
        </>
      ) : null}
    </li>
  );
}
