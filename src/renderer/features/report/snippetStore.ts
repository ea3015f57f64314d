/** Templates and macros of this workstation. */
import { create } from 'zustand';
import { reportSections } from '../../../shared/choices.ts';
import type { ReportMacro, ReportTemplate } from '../../../shared/contract.ts';
import { bridge } from '../../bridge.ts';
import { sentencesIn } from './sentences.ts';
import { useReport } from './reportStore.ts';

/** The element with the list of templates. */
export const templateListId = 'report-templates';

interface SnippetState {
  readonly templates: readonly ReportTemplate[];
  readonly macros: readonly ReportMacro[];
  readonly load: () => Promise<void>;
  /** @throws what the engine says of it */
  readonly save: (templates: readonly ReportTemplate[], macros: readonly ReportMacro[]) => Promise<void>;
}

export const useSnippets = create<SnippetState>()((set) => ({
  templates: [],
  macros: [],
  async load() { set(await bridge().call('report.snippets', {})); },
  async save(templates, macros) {
    await bridge().call('report.setSnippets', { templates: [...templates], macros: [...macros] });
    set({ templates, macros });
  },
}));

/** Puts a template's sentences into their sections. */
export function insertTemplate({ sections }: ReportTemplate): void {
  useReport.getState().insert(reportSections.flatMap((section) => sentencesIn(sections[section]).map((text) => ({ section, text, origin: 'template' as const }))));
}
