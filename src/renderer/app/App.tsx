/** The window: studies and series on the left, pictures in the middle, reading assistance on the right. */
import { useCallback, useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { stayConnected } from '../features/connection/connectionStore.ts';
import { StatusBar } from '../features/connection/StatusBar.tsx';
import { DropTarget } from '../features/import/DropTarget.tsx';
import { KeyboardHelp } from '../features/keyboard/KeyboardHelp.tsx';
import { useKeys } from '../features/keyboard/useKeys.ts';
import { inBackground } from '../features/notices/noticesStore.ts';
import { Notices } from '../features/notices/Notices.tsx';
import { ReadingPanel } from '../features/reading/ReadingPanel.tsx';
import { SeriesList } from '../features/series/SeriesList.tsx';
import { StudyList } from '../features/studies/StudyList.tsx';
import { Viewer } from '../features/viewer/Viewer.tsx';
import { texts } from '../texts.ts';
import './app.css';

export function App(): ReactNode {
  const [helping, setHelping] = useState(false);
  const openHelp = useCallback(() => { setHelping(true); }, []);
  useKeys(openHelp);
  useEffect(() => {
    const living = new AbortController();
    inBackground(stayConnected(living.signal), texts.status.region);
    return () => { living.abort(); };
  }, []);
  return (
    <div className="app">
      <nav className="left-column" aria-label={texts.studies.title}><StudyList /><SeriesList /></nav>
      <Viewer />
      <ReadingPanel />
      <StatusBar onHelp={openHelp} />
      <Notices />
      <DropTarget />
      {helping ? <KeyboardHelp onClose={() => { setHelping(false); }} /> : null}
    </div>
  );
}
