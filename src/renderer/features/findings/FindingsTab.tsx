/** What is known of the study in answers rather than sentences: those that are signed with the report, and those of the heads. */
import type { ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { useReading } from '../reading/readingStore.ts';
import { StructuredForm } from '../structured/StructuredForm.tsx';
import { FindingsPanel } from './FindingsPanel.tsx';

export function FindingsTab(): ReactNode {
  const { findings } = useReading((state) => state.progress);
  const phase = useReading((state) => state.phase);
  const nothing = findings === null || (findings.findings === null && findings.lesions === null);
  return (
    <div className="tab-body">
      <StructuredForm />
      {nothing ? <p className="note">{phase === 'done' ? texts.findings.noHeads : texts.findings.notRead}</p> : <FindingsPanel found={findings} />}
    </div>
  );
}
