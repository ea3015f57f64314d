/** What is known of the study in answers rather than sentences. */
import type { ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { useReading } from '../reading/readingStore.ts';
import { FindingsPanel } from './FindingsPanel.tsx';

export function FindingsTab(): ReactNode {
  const { findings } = useReading((state) => state.progress);
  const phase = useReading((state) => state.phase);
  const nothing = findings === null || (findings.findings === null && findings.lesions === null);
  if (nothing) return <div className="tab-body"><p className="note">{phase === 'done' ? texts.findings.noHeads : texts.findings.notRead}</p></div>;
  return <div className="tab-body"><FindingsPanel found={findings} /></div>;
}
