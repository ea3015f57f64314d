import { Cpu, Database, Keyboard, Package, RotateCw, Settings, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { reconnectNow, useConnection } from './connectionStore.ts';
import { useModelImport } from '../models/modelImportStore.ts';
import { ProcessingStatus } from '../worklist/ProcessingStatus.tsx';
import { ReaderStatus } from '../readers/ReaderStatus.tsx';
import { useSheet } from '../sheets/sheetStore.ts';
import { TrainingLabel } from './TrainingLabel.tsx';
import './connection.css';

export function StatusBar(): ReactNode {
  const { state, status } = useConnection();
  const { show } = useSheet.getState();
  const importing = useModelImport(({ phase }) => phase === 'sending' || phase === 'making');
  const pack = status?.pack ?? null;
  return (
    <footer className="status-bar" role="contentinfo" aria-label={texts.status.region}>
      <span className={`connection ${state}`} role="status"><i aria-hidden />{texts.status.connection[state]}</span>
      {state === 'lost' ? (
        <>
          <span className="lost-text">{texts.status.lostText}</span>
          <button type="button" className="status-item" onClick={reconnectNow}><RotateCw size={12} aria-hidden />{texts.status.reconnect}</button>
        </>
      ) : null}
      {status === null ? null : (
        <>
          <button type="button" className="status-item" aria-label={texts.status.packDetails} title={texts.status.packDetails} onClick={() => { show('models'); }}>
            <Package size={12} aria-hidden />
            {pack === null ? <span className="bad">{texts.status.noPack}</span> : <>{pack.name} {pack.version}</>}
            {importing ? <span className="chip accent">{texts.models.importing}</span> : null}
            {pack?.problem == null ? null : <TriangleAlert size={12} className="bad" aria-label={pack.problem.message} />}
          </button>
          {pack === null ? null : <TrainingLabel pack={pack} />}
          <span className="status-item" title={status.provider.message}>
            <Cpu size={12} aria-hidden />{texts.status.provider} {status.provider.name === '' ? '…' : status.provider.name.toUpperCase()}
            {status.provider.fallback ? <span className="chip warning"><TriangleAlert size={10} aria-hidden />{texts.status.fallback}</span> : null}
          </span>
          <span className="status-item"><Database size={12} aria-hidden />{texts.status.cases(status.caseCount)}</span>
        </>
      )}
      <ProcessingStatus />
      <span className="spacer" />
      <ReaderStatus />
      <span className="reminder">{texts.app.notForDiagnosis}</span>
      <button type="button" className="status-item" onClick={() => { show('help'); }} title={`${texts.keyboard.title} (?)`}><Keyboard size={13} aria-hidden />{texts.status.help}</button>
      <button type="button" className="status-item" onClick={() => { show('settings'); }}><Settings size={13} aria-hidden />{texts.status.settings}</button>
      {status === null ? null : <span className="version">{status.version}</span>}
    </footer>
  );
}
