import { FileInput, FolderOpen, Search, Table2, X } from 'lucide-react';
import { useEffect } from 'react';
import type { ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { IconButton } from '../../ui/Button.tsx';
import { lazyPart } from '../../ui/lazyPart.tsx';
import { onChanged } from '../connection/connectionStore.ts';
import { ImportButtons } from '../import/ImportButtons.tsx';
import { inBackground } from '../notices/noticesStore.ts';
import { useWorklist } from '../worklist/worklistStore.ts';
import { useStudies } from './studiesStore.ts';
import { StudyRow } from './StudyRow.tsx';
import './studies.css';

const ImportPanel = lazyPart(async () => (await import('../import/ImportPanel.tsx')).ImportPanel);

export function StudyList(): ReactNode {
  const { studies, total, query, setQuery, openStudy, refresh } = useStudies();
  const ask = (text: string): void => { inBackground(setQuery(text), texts.studies.title); };
  useEffect(() => onChanged((study) => { inBackground(refresh(study), texts.studies.title); }), [refresh]);
  return (
    <section className="studies" aria-label={texts.studies.title}>
      <header className="panel-head">
        <h2 className="panel-title">{texts.studies.title}</h2>
        {studies === null || total === 0 ? null : <span className="count">{texts.studies.count(studies.length, total)}</span>}
        <span className="spacer" />
        <IconButton label={texts.worklist.all} keys="W" icon={<Table2 size={15} />} onClick={() => { useWorklist.getState().toggle(); }} />
        <ImportButtons filesIcon={<FileInput size={15} />} folderIcon={<FolderOpen size={15} />} />
      </header>
      <div className="field study-search">
        <Search size={13} aria-hidden />
        <input id="study-search" type="search" aria-label={texts.studies.search} placeholder={texts.studies.searchHint} value={query} onChange={(event) => { ask(event.target.value); }} />
        {query === '' ? null : <IconButton className="end" label={texts.reading.clearSearch} icon={<X size={13} />} onClick={() => { ask(''); }} />}
      </div>
      <ImportPanel />
      <ul className="study-rows" aria-label={texts.studies.title}>
        {studies?.map((study) => <StudyRow key={study.study} study={study} open={study.study === openStudy} />)}
        {studies?.length === 0 && query === '' ? (
          <li className="empty"><FolderOpen size={26} strokeWidth={1.4} aria-hidden /><h3>{texts.studies.emptyTitle}</h3><p>{texts.studies.emptyText}</p></li>
        ) : studies?.length === 0 ? <li className="empty">{texts.studies.noMatch}</li> : null}
      </ul>
    </section>
  );
}
