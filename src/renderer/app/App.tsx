/** The window: studies and series on the left, pictures in the middle, reading assistance on the right. */
import { useEffect } from 'react';
import type { ReactNode } from 'react';
import { announceAll, stayConnected, useConnection } from '../features/connection/connectionStore.ts';
import { StatusBar } from '../features/connection/StatusBar.tsx';
import { DropTarget } from '../features/import/DropTarget.tsx';
import { useKeys } from '../features/keyboard/useKeys.ts';
import { inBackground } from '../features/notices/noticesStore.ts';
import { Notices } from '../features/notices/Notices.tsx';
import { followSession, isCovered, useSession, watchMovement } from '../features/readers/sessionStore.ts';
import { ReadingPanel } from '../features/reading/ReadingPanel.tsx';
import { SeriesList } from '../features/series/SeriesList.tsx';
import { StudyList } from '../features/studies/StudyList.tsx';
import { Viewer } from '../features/viewer/Viewer.tsx';
import { followPreferences } from '../features/settings/preferencesStore.ts';
import { useWorklist } from '../features/worklist/worklistStore.ts';
import { texts } from '../texts.ts';
import { lazyPart } from '../ui/lazyPart.tsx';
import { Sheets } from './Sheets.tsx';
import './actions.ts';
import './app.css';

const PrintSheet = lazyPart(async () => (await import('../features/export/PrintSheet.tsx')).PrintSheet);
const RemovalSheet = lazyPart(async () => (await import('../features/studies/RemovalSheet.tsx')).RemovalSheet);
const SignIn = lazyPart(async () => (await import('../features/readers/SignIn.tsx')).SignIn);
const Worklist = lazyPart(async () => (await import('../features/worklist/Worklist.tsx')).Worklist);

/** The window itself; before somebody signed in none of it is on the page. */
function Room(): ReactNode {
  useKeys();
  const listing = useWorklist((state) => state.open);
  useEffect(watchMovement, []);
  useEffect(announceAll, []);
  return (
    <div className="app">
      <nav className="left-column" aria-label={texts.studies.title}><StudyList /><SeriesList /></nav>
      <Viewer />
      <ReadingPanel />
      {listing ? <Worklist /> : null}
      <StatusBar />
      <Notices />
      <DropTarget />
      <Sheets />
      <RemovalSheet />
      <PrintSheet />
    </div>
  );
}

export function App(): ReactNode {
  const covered = useSession(isCovered);
  const connected = useConnection(({ state }) => state === 'ready');
  useEffect(followPreferences, []);
  useEffect(() => {
    const living = new AbortController();
    inBackground(stayConnected(living.signal), texts.status.region);
    return () => { living.abort(); };
  }, []);
  useEffect(() => {
    if (!connected) return undefined;
    const living = new AbortController();
    void followSession(living.signal);
    return () => { living.abort(); };
  }, [connected]);
  return covered ? <SignIn /> : <Room />;
}
