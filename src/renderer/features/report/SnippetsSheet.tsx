/** Templates and macros: names and texts, kept together when they are saved. */
import { Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { reportSections } from '../../../shared/choices.ts';
import type { ReportMacro, ReportTemplate } from '../../../shared/contract.ts';
import { macroName } from '../../../shared/choices.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { failureOf } from '../../bridge.ts';
import { texts } from '../../texts.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { Failure } from '../../ui/Failure.tsx';
import { Sheet } from '../../ui/Sheet.tsx';
import { useSnippets } from './snippetStore.ts';

const words = texts.report.snippets;

const replaced = <T,>(list: readonly T[], at: number, item: T): readonly T[] => list.map((one, index) => (index === at ? item : one));
const unlike = (names: readonly string[]): boolean => new Set(names.map((name) => name.trim())).size === names.length;

function TemplateFields({ template, onChange, onRemove }: { readonly template: ReportTemplate; readonly onChange: (template: ReportTemplate) => void; readonly onRemove: () => void }): ReactNode {
  const { name, sections } = template;
  return (
    <li>
      <div className="snippet-name">
        <input aria-label={words.name} placeholder={words.name} maxLength={60} value={name} onChange={({ target }) => { onChange({ ...template, name: target.value }); }} />
        <IconButton label={words.remove(name)} icon={<Trash2 size={13} />} onClick={onRemove} />
      </div>
      {reportSections.map((section) => (
        <textarea
          key={section} rows={section === 'findings' ? 4 : 1} aria-label={`${name}: ${texts.report.sections[section]}`} placeholder={texts.report.sections[section]} maxLength={section === 'findings' ? 8000 : 4000}
          value={sections[section]} onChange={({ target }) => { onChange({ ...template, sections: { ...sections, [section]: target.value } }); }}
        />
      ))}
    </li>
  );
}

function MacroFields({ macro, onChange, onRemove }: { readonly macro: ReportMacro; readonly onChange: (macro: ReportMacro) => void; readonly onRemove: () => void }): ReactNode {
  return (
    <li className="macro">
      <div className="snippet-name">
        <input aria-label={words.name} placeholder={words.name} maxLength={40} value={macro.name} onChange={({ target }) => { onChange({ ...macro, name: target.value }); }} />
        <IconButton label={words.remove(macro.name)} icon={<Trash2 size={13} />} onClick={onRemove} />
      </div>
      <textarea rows={2} aria-label={`${macro.name}: ${words.text}`} placeholder={words.text} maxLength={4000} value={macro.text} onChange={({ target }) => { onChange({ ...macro, text: target.value }); }} />
    </li>
  );
}

export function SnippetsSheet({ onClose }: { readonly onClose: () => void }): ReactNode {
  const stored = useSnippets();
  const [templates, setTemplates] = useState(stored.templates);
  const [macros, setMacros] = useState(stored.macros);
  const [failure, setFailure] = useState<ErrorData | null>(null);
  const named = templates.every(({ name }) => name.trim() !== '') && macros.every(({ name, text }) => macroName.test(name) && text !== '');
  const valid = named && unlike(templates.map(({ name }) => name)) && unlike(macros.map(({ name }) => name));
  const save = (): void => { stored.save(templates.map((template) => ({ ...template, name: template.name.trim() })), macros).then(onClose, (error: unknown) => { setFailure(failureOf(error, words.title)); }); };
  return (
    <Sheet title={words.title} onClose={onClose} foot={<><Button onClick={onClose}>{words.cancel}</Button><Button kind="primary" disabled={!valid} onClick={save}>{words.save}</Button></>}>
      <div className="snippets">
        {failure === null ? null : <Failure error={failure} />}
        <section>
          <h3>{words.templates}</h3>
          <p className="hint">{words.templatesHint}</p>
          <ul>{templates.map((template, at) => <TemplateFields key={at} template={template} onChange={(next) => { setTemplates(replaced(templates, at, next)); }} onRemove={() => { setTemplates(templates.toSpliced(at, 1)); }} />)}</ul>
          <Button kind="quiet" onClick={() => { setTemplates([...templates, { name: '', sections: { technique: '', findings: '', impression: '' } }]); }}><Plus size={13} aria-hidden />{words.newTemplate}</Button>
        </section>
        <section>
          <h3>{words.macros}</h3>
          <p className="hint">{words.macrosHint}</p>
          <ul>{macros.map((macro, at) => <MacroFields key={at} macro={macro} onChange={(next) => { setMacros(replaced(macros, at, next)); }} onRemove={() => { setMacros(macros.toSpliced(at, 1)); }} />)}</ul>
          <Button kind="quiet" onClick={() => { setMacros([...macros, { name: '', text: '' }]); }}><Plus size={13} aria-hidden />{words.newMacro}</Button>
        </section>
        {valid ? null : <p className="hint" role="status">{words.badName}</p>}
      </div>
    </Sheet>
  );
}
