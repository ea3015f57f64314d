/** What is put into the report with one key or one choice. */
import { Ruler, Settings2 } from 'lucide-react';
import type { ReactNode } from 'react';
import { texts } from '../../texts.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { useMeasurements } from '../measurements/measurementStore.ts';
import { useSheet } from '../sheets/sheetStore.ts';
import { insertMeasurement } from './insertMeasurement.ts';
import { insertTemplate, templateListId, useSnippets } from './snippetStore.ts';

const words = texts.report.insert;

export function InsertTools(): ReactNode {
  const templates = useSnippets((state) => state.templates);
  const measured = useMeasurements(({ items }) => items.length > 0);
  return (
    <div className="insert-tools">
      <select
        id={templateListId} className="select" aria-label={words.templateLabel} value=""
        onChange={({ target }) => {
          const chosen = templates.find(({ name }) => name === target.value);
          if (chosen !== undefined) insertTemplate(chosen);
        }}
      >
        <option value="" disabled>{words.template}</option>
        {templates.map(({ name }) => <option key={name} value={name}>{name}</option>)}
      </select>
      <Button kind="quiet" title={words.measurementHint} disabled={!measured} onMouseDown={(event) => { event.preventDefault(); }} onClick={() => { insertMeasurement(); }}><Ruler size={13} aria-hidden />{words.measurement}</Button>
      <IconButton label={texts.report.snippets.manage} icon={<Settings2 size={14} />} onClick={() => { useSheet.getState().show('snippets'); }} />
    </div>
  );
}
