/** Keys of the report. Those with a modifier work while text is written, too. */
import { flushSync } from 'react-dom';
import { texts } from '../../texts.ts';
import { contributeActions, contributeEscape, useRegistry } from '../keyboard/registry.ts';
import { inBackground, tell } from '../notices/noticesStore.ts';
import { useReading } from '../reading/readingStore.ts';
import { useReadingTab } from '../reading/tabStore.ts';
import { useWorklist } from '../worklist/worklistStore.ts';
import { editorHandle } from './editorHandle.ts';
import { nextFlag, openFlags } from './flagging.ts';
import { insertMeasurement } from './insertMeasurement.ts';
import { useLit } from './litStore.ts';
import { useOriginal } from './originalStore.ts';
import { useReport } from './reportStore.ts';
import { insertTemplate, templateListId, useSnippets } from './snippetStore.ts';

const report = useReport.getState;
const words = texts.report.keys;
const group = 'report';

const isWriting = (): boolean => report().phase === 'writing';

/** A field of its own (a reason, a search) keeps its keys. */
const inAnotherField = (): boolean => document.activeElement?.matches('input, textarea, select') ?? false;

/** Whether the report is on the screen. A key brings it there first: nothing is decided on unseen. */
function isSeen(): boolean {
  if (!isWriting() || useWorklist.getState().open || inAnotherField()) return false;
  if (useReadingTab.getState().tab === 'report') return true;
  flushSync(() => { useReadingTab.getState().showTab('report'); });
  return false;
}

function onFocused(run: (id: string) => void): () => void {
  return () => {
    if (!isSeen()) return;
    const { focus } = report();
    if (focus === null) return;
    run(focus);
    followCaret();
  };
}

/** The caret goes along while text is written. */
function followCaret(): void {
  const { focus } = report();
  if (focus !== null && editorHandle()?.isWriting() === true) editorHandle()?.writeIn(focus);
}

function step(by: 1 | -1): void {
  if (!isWriting()) useReading.getState().stepSentence(by);
  else if (isSeen()) {
    report().step(by);
    followCaret();
  }
}

function goToFlag(by: 1 | -1): void {
  if (!isWriting() || useWorklist.getState().open) return;
  flushSync(() => { useReadingTab.getState().showTab('report'); });
  const { flags, content, focus, focusOn } = report();
  const at = document.activeElement?.closest<HTMLElement>('[data-flag]')?.dataset['flag'] ?? null;
  const next = nextFlag(openFlags(flags, content.sentences), content.sentences, { flag: at, focus }, by);
  if (next === undefined) {
    tell(texts.report.flags.none);
    return;
  }
  if (next.sentence !== null) focusOn(next.sentence);
  const row = document.querySelector<HTMLElement>(`[data-flag="${CSS.escape(next.id)}"]`);
  row?.scrollIntoView({ block: 'nearest' });
  row?.querySelector('button')?.focus();
}

function chooseTemplate(): void {
  const list = document.getElementById(templateListId);
  if (!(list instanceof HTMLSelectElement)) return;
  list.focus();
  try {
    list.showPicker();
  } catch {
    // Where a list cannot be opened by the page, the focus is on it and its own keys open it.
  }
}

/** Cites the sentence of a case that is pointed at, or has the focus. */
function cite(): void {
  const button = document.querySelector<HTMLElement>('.report-sentence:is(:hover, :focus-within) [data-cite]');
  if (button === null) tell(texts.report.insert.noCase);
  else button.click();
}

contributeActions([
  { id: 'reading.previousSentence', group, label: texts.keyboard.actions.previousSentence, keys: ['ArrowLeft', 'Alt+ArrowUp'], run: () => { step(-1); } },
  { id: 'reading.nextSentence', group, label: texts.keyboard.actions.nextSentence, keys: ['ArrowRight', 'Alt+ArrowDown'], run: () => { step(1); } },
  { id: 'report.accept', group, label: words.accept, keys: ['j', 'Ctrl+Enter'], run: onFocused((id) => { report().accept(id); }) },
  { id: 'report.reject', group, label: words.reject, keys: ['n', 'Ctrl+Shift+Enter'], run: onFocused((id) => { report().reject(id); }) },
  { id: 'report.edit', group, label: words.edit, keys: ['Enter', 'Ctrl+e'], run: () => { if (isSeen()) editorHandle()?.writeIn(report().focus); } },
  { id: 'report.original', group, label: words.original, keys: ['Ctrl+o'], run: () => { if (isWriting()) useOriginal.getState().toggle(); } },
  { id: 'report.nextFlag', group, label: words.nextFlag, line: words.flags, keys: ['F8'], run: () => { goToFlag(1); } },
  { id: 'report.previousFlag', group, label: words.previousFlag, line: words.flags, keys: ['Shift+F8'], run: () => { goToFlag(-1); } },
  { id: 'report.template', group, label: words.template, keys: ['Ctrl+.'], run: chooseTemplate },
  { id: 'report.measurement', group, label: words.measurement, keys: ['Ctrl+m'], run: () => { insertMeasurement(); } },
  { id: 'report.cite', group, label: words.cite, keys: ['Ctrl+j'], run: cite },
  {
    id: 'report.takeDraft', group, label: words.takeDraft, keys: [],
    run: () => { if (isWriting() && useReading.getState().progress.draft !== null) inBackground(report().takeDraft(), texts.reading.draft); },
  },
]);

contributeEscape(() => {
  if (useLit.getState().views === null) return false;
  useLit.getState().clear();
  return true;
});

// Each template can be found by the command palette, and given a key of its own.
useSnippets.subscribe(({ templates }, before) => {
  if (templates === before.templates) return;
  const prefix = 'report.template.';
  useRegistry.setState(({ actions }) => ({ actions: actions.filter(({ id }) => !id.startsWith(prefix)) }));
  contributeActions(templates.map((template) => ({
    id: `${prefix}${template.name}`, group, label: texts.report.insert.templateOf(template.name), keys: [],
    run: () => { if (isWriting()) insertTemplate(template); },
  })));
});
