/** What leaves the workstation: a signed report in the forms other systems take, or a copy of a draft that says what it is. */
import { Printer } from 'lucide-react';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { DraftCopyFormat, ExportFormat } from '../../../shared/contract.ts';
import { draftCopyFormats, exportFormats } from '../../../shared/choices.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { bridge, failureOf } from '../../bridge.ts';
import { texts } from '../../texts.ts';
import { IconButton } from '../../ui/Button.tsx';
import { Failure } from '../../ui/Failure.tsx';
import { saveFile } from '../../ui/saveFile.ts';
import { tell } from '../notices/noticesStore.ts';
import { useReport } from '../report/reportStore.ts';
import { usePrinting } from './printStore.ts';
import './export.css';

interface ExportMenuProps {
  /** Whether what is signed goes out, with its addenda, or a copy of what is being written. */
  readonly signed: boolean;
}

async function filesOf(study: string, signed: boolean, format: ExportFormat): Promise<void> {
  const files = signed ? await bridge().call('report.export', { study, format }) : [await bridge().call('report.draftCopy', { study, format: format as DraftCopyFormat })];
  for (const file of files) saveFile(file);
  tell(texts.exporting.saved(files.map(({ name }) => name)));
}

export function ExportMenu({ signed }: ExportMenuProps): ReactNode {
  const study = useReport((state) => state.study);
  const [failure, setFailure] = useState<ErrorData | null>(null);
  const fail = (error: unknown): void => { setFailure(failureOf(error, texts.exporting.title)); };
  const formats: readonly ExportFormat[] = signed ? exportFormats : draftCopyFormats;
  const choose = (chosen: string): void => {
    const format = formats.find((name) => name === chosen);
    if (format === undefined || study === null) return;
    setFailure(null);
    filesOf(study, signed, format).catch(fail);
  };
  const print = (): void => {
    if (study === null) return;
    setFailure(null);
    bridge().call('report.print', { study, signed }).then(usePrinting.getState().print, fail);
  };
  return (
    <div className="export-menu">
      {failure === null ? null : <Failure error={failure} />}
      <select className="select" aria-label={signed ? texts.exporting.title : texts.exporting.draftTitle} value="" onChange={(event) => { choose(event.target.value); }}>
        <option value="">{signed ? texts.exporting.title : texts.exporting.draftTitle}</option>
        {formats.map((format) => <option key={format} value={format}>{signed ? texts.exporting.formats[format] : texts.exporting.draftFormats[format as DraftCopyFormat]}</option>)}
      </select>
      <IconButton label={signed ? texts.exporting.print : texts.exporting.printDraft} icon={<Printer size={14} />} onClick={print} />
    </div>
  );
}
