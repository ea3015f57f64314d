/** The rows of the worklist: only those in sight are in the page, however many there are. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, ArrowUp, FolderOpen } from 'lucide-react';
import { useEffect, useRef } from 'react';
import type { KeyboardEvent, ReactNode } from 'react';
import type { WorklistRow, WorklistSort } from '../../../shared/contract.ts';
import { texts } from '../../texts.ts';
import { shownDate, shownName } from '../../ui/format.ts';
import { StateMark } from '../studies/StateMark.tsx';
import { useStudies } from '../studies/studiesStore.ts';
import { rowAt, useWorklist } from './worklistStore.ts';

const rowHeight = 30;

const columns: readonly { readonly name: WorklistSort; readonly show: (row: WorklistRow) => ReactNode }[] = [
  { name: 'state', show: ({ state, failure }) => <span title={failure?.message}><StateMark state={state} /></span> },
  { name: 'name', show: ({ patientName, demo }) => <><b>{shownName(patientName) || texts.studies.noName}</b>{demo ? <span className="chip accent" title={texts.studies.demoHint}>{texts.studies.demo}</span> : null}</> },
  { name: 'patient', show: ({ patientId }) => patientId },
  { name: 'age', show: ({ ageYears, sex }) => texts.worklist.ageSex(ageYears, sex) },
  { name: 'date', show: ({ studyDate }) => (studyDate === '' ? texts.studies.noDate : shownDate(studyDate)) },
  { name: 'description', show: ({ description }) => description || texts.studies.noDescription },
  { name: 'series', show: ({ seriesCount, instanceCount }) => texts.worklist.series(seriesCount, instanceCount) },
  { name: 'added', show: ({ addedAt }) => shownDate(addedAt) },
];

function Head(): ReactNode {
  const { sort, descending, sortBy } = useWorklist();
  return (
    <div role="row" aria-rowindex={1} className="worklist-row worklist-columns">
      {columns.map(({ name }) => (
        <span key={name} role="columnheader" aria-sort={sort !== name ? 'none' : descending ? 'descending' : 'ascending'}>
          <button type="button" onClick={() => { sortBy(name); }}>
            {texts.worklist.columns[name]}
            {sort !== name ? null : descending ? <ArrowDown size={11} aria-hidden /> : <ArrowUp size={11} aria-hidden />}
          </button>
        </span>
      ))}
    </div>
  );
}

function Empty(): ReactNode {
  const { counts } = useWorklist();
  if (counts === null) return null;
  return counts.total === 0
    ? <div className="empty"><FolderOpen size={30} strokeWidth={1.3} aria-hidden /><h3>{texts.studies.emptyTitle}</h3><p>{texts.studies.emptyText}</p></div>
    : <div className="empty"><h3>{texts.studies.noMatch}</h3><p>{texts.worklist.noMatchText}</p></div>;
}

export function WorklistTable(): ReactNode {
  const { total, pages, at, ensure, moveTo, openAt } = useWorklist();
  const openStudy = useStudies((state) => state.openStudy);
  const room = useRef<HTMLDivElement>(null);
  // eslint-disable-next-line react-hooks/incompatible-library -- the compiler leaves this component alone, which is what the library needs
  const rows = useVirtualizer({ count: total ?? 0, getScrollElement: () => room.current, estimateSize: () => rowHeight, overscan: 12 });
  const shown = rows.getVirtualItems();
  const [first, last] = [shown[0]?.index ?? 0, shown.at(-1)?.index ?? 0];
  useEffect(() => { if (total !== null && total > 0) ensure(first, last); }, [ensure, first, last, total, pages]);
  useEffect(() => { if (total !== null && total > 0) rows.scrollToIndex(at); }, [rows, at, total]);

  const press = (event: KeyboardEvent): void => {
    const page = Math.max(1, Math.floor((room.current?.clientHeight ?? rowHeight) / rowHeight) - 2);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: (total ?? 1) - 1 }[event.key];
    if (to !== undefined) moveTo(to);
    else if (event.key === 'Enter' && event.target === event.currentTarget) openAt(at);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className="worklist-table">
      <div role="grid" aria-label={texts.worklist.title} aria-rowcount={(total ?? 0) + 1} aria-colcount={columns.length} tabIndex={0} aria-activedescendant={rowAt(pages, at) === undefined ? undefined : `worklist-${at}`} onKeyDown={press} ref={room}>
        <Head />
        <div role="rowgroup" style={{ height: rows.getTotalSize(), position: 'relative' }}>
          {shown.map(({ index, start }) => {
            const row = rowAt(pages, index);
            return (
              <div
                key={index} id={`worklist-${index}`} role="row" aria-rowindex={index + 2} aria-selected={index === at} data-study={row?.study}
                className={`worklist-row ${index === at ? 'at' : ''} ${row !== undefined && row.study === openStudy ? 'open' : ''}`} style={{ transform: `translateY(${start}px)` }}
                onClick={() => { moveTo(index); }} onDoubleClick={() => { openAt(index); }}
              >
                {columns.map(({ name, show }) => <span key={name} role="gridcell">{row === undefined ? <i className="coming" aria-hidden /> : show(row)}</span>)}
              </div>
            );
          })}
        </div>
      </div>
      {total === 0 ? <Empty /> : null}
    </div>
  );
}
