/** What each key does, as one list: the window listens by it and the help sheet shows it. */
import { texts } from '../../texts.ts';
import { useAttention } from '../attention/attentionStore.ts';
import { useImport } from '../import/importStore.ts';
import { inBackground } from '../notices/noticesStore.ts';
import { useReading } from '../reading/readingStore.ts';
import { useStudies } from '../studies/studiesStore.ts';
import { useViewer } from '../viewer/viewerStore.ts';
import { presetNames } from '../viewer/windowing.ts';

export interface KeyAction {
  readonly group: 'general' | 'viewer' | 'reading';
  readonly name: keyof typeof texts.keyboard.actions;
  /** KeyboardEvent.key values, lower case for letters; `Shift+` before those that need it. */
  readonly keys: readonly string[];
  readonly run: (key: string) => void;
}

const viewer = useViewer.getState;
const reading = useReading.getState;
const attention = useAttention.getState;
const focusOn = (id: string): void => { document.getElementById(id)?.focus(); };
const scrollActive = (slices: number): void => { viewer().scroll(viewer().active, slices); };

function zoomBy(factor: number): void {
  const { active, views, setView } = viewer();
  setView(active, { ...views[active], zoom: views[active].zoom * factor });
}

/** Pan keys move the content a little, mm on the screen's axes. */
const panSteps: Readonly<Record<string, readonly [number, number]>> = { ArrowLeft: [-8, 0], ArrowRight: [8, 0], ArrowUp: [0, 8], ArrowDown: [0, -8] };

function panBy(key: string): void {
  const { active, views, setView } = viewer();
  const step = panSteps[key];
  if (step !== undefined) setView(active, { zoom: views[active].zoom, pan: [views[active].pan[0] + step[0], views[active].pan[1] + step[1]] });
}

function stepSeries(by: 1 | -1): void {
  const { detail, openSeries } = useStudies.getState();
  const shown = viewer().target;
  const list = (detail?.series ?? []).flatMap(({ series, stacks }) => {
    const stack = stacks.find(({ dims }) => dims !== null);
    return stack === undefined ? [] : [{ series, stack: stack.index }];
  });
  const at = list.findIndex(({ series }) => series === shown?.series);
  const next = list[at + by];
  if (next !== undefined) openSeries(next.series, next.stack);
}

function escape(): void {
  const focused = document.activeElement;
  if (focused instanceof HTMLInputElement) focused.blur();
  else if (reading().phase === 'running') reading().cancel();
  else if (reading().search !== null) reading().clearSearch();
  else useImport.getState().cancel();
}

export const helpAction = 'help';

export const keyActions: readonly KeyAction[] = [
  { group: 'general', name: 'studySearch', keys: ['f'], run: () => { focusOn('study-search'); } },
  { group: 'general', name: 'search', keys: ['/'], run: () => { focusOn('case-search'); } },
  { group: 'general', name: 'escape', keys: ['Escape'], run: escape },
  { group: 'viewer', name: 'previousSlice', keys: ['ArrowUp'], run: () => { scrollActive(-1); } },
  { group: 'viewer', name: 'nextSlice', keys: ['ArrowDown'], run: () => { scrollActive(1); } },
  { group: 'viewer', name: 'previousTen', keys: ['PageUp'], run: () => { scrollActive(-10); } },
  { group: 'viewer', name: 'nextTen', keys: ['PageDown'], run: () => { scrollActive(10); } },
  { group: 'viewer', name: 'firstSlice', keys: ['Home'], run: () => { viewer().scrollTo(viewer().active, 'first'); } },
  { group: 'viewer', name: 'lastSlice', keys: ['End'], run: () => { viewer().scrollTo(viewer().active, 'last'); } },
  { group: 'viewer', name: 'zoomIn', keys: ['+', '='], run: () => { zoomBy(1.15); } },
  { group: 'viewer', name: 'zoomOut', keys: ['-'], run: () => { zoomBy(1 / 1.15); } },
  { group: 'viewer', name: 'pan', keys: Object.keys(panSteps).map((key) => `Shift+${key}`), run: panBy },
  { group: 'viewer', name: 'preset', keys: presetNames.map((_, at) => String(at + 1)), run: (key) => { viewer().usePreset(presetNames[Number(key) - 1] ?? 'auto'); } },
  { group: 'viewer', name: 'invert', keys: ['i'], run: () => { viewer().toggle('inverted'); } },
  { group: 'viewer', name: 'reset', keys: ['r'], run: () => { viewer().resetViews(); } },
  { group: 'viewer', name: 'crosshair', keys: ['x'], run: () => { viewer().toggle('crosshair'); } },
  { group: 'viewer', name: 'overlayText', keys: ['t'], run: () => { viewer().toggle('overlayText'); } },
  { group: 'viewer', name: 'main', keys: ['a', 'c', 's'], run: (key) => { viewer().setMain(key === 'a' ? 'axial' : key === 'c' ? 'coronal' : 'sagittal'); } },
  { group: 'viewer', name: 'maximise', keys: ['m'], run: () => { viewer().toggle('single'); } },
  { group: 'viewer', name: 'interpolate', keys: ['b'], run: () => { viewer().toggle('smooth'); } },
  { group: 'viewer', name: 'previousSeries', keys: [','], run: () => { stepSeries(-1); } },
  { group: 'viewer', name: 'nextSeries', keys: ['.'], run: () => { stepSeries(1); } },
  { group: 'reading', name: 'analyse', keys: ['d'], run: () => { inBackground(reading().analyse(), texts.reading.title); } },
  { group: 'reading', name: 'previousSentence', keys: ['ArrowLeft'], run: () => { reading().stepSentence(-1); } },
  { group: 'reading', name: 'nextSentence', keys: ['ArrowRight'], run: () => { reading().stepSentence(1); } },
  { group: 'reading', name: 'attention', keys: ['o'], run: () => { attention().toggle(); } },
  { group: 'reading', name: 'opacity', keys: ['[', ']'], run: (key) => { attention().setOpacity(attention().opacity + (key === ']' ? 0.1 : -0.1)); } },
];

/** How a key is written in the list. */
export function keyLabel(key: string): string {
  const arrows: Readonly<Record<string, string>> = { ArrowUp: '↑', ArrowDown: '↓', ArrowLeft: '←', ArrowRight: '→', Escape: 'Esc', PageUp: 'Page ↑', PageDown: 'Page ↓' };
  const plain = key.replace('Shift+', '');
  const label = arrows[plain] ?? (plain.length === 1 ? plain.toUpperCase() : plain);
  return key.startsWith('Shift+') ? `Shift ${label}` : label;
}
