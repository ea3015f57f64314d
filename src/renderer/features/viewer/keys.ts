/** Keys of the pictures. */
import { texts } from '../../texts.ts';
import { contributeActions } from '../keyboard/registry.ts';
import type { KeyAction } from '../keyboard/registry.ts';
import { layoutNames, viewOf } from './panes.ts';
import { planeNames } from './planes.ts';
import { useViewer } from './viewerStore.ts';
import { presetNames } from './windowing.ts';

const viewer = useViewer.getState;
const { actions } = texts.keyboard;
const scrollActive = (slices: number): void => { viewer().scroll(viewer().active, slices); };

function zoomBy(factor: number): void {
  const { active, views, setView } = viewer();
  const view = viewOf(views, active);
  setView(active, { ...view, zoom: view.zoom * factor });
}

/** Moves the content a little, mm on the screen's axes. */
function panBy(right: number, up: number): void {
  const { active, views, setView } = viewer();
  const { zoom, pan } = viewOf(views, active);
  setView(active, { zoom, pan: [pan[0] + right, pan[1] + up] });
}

const group = 'viewer';
const pans = { panLeft: ['ArrowLeft', -8, 0], panRight: ['ArrowRight', 8, 0], panUp: ['ArrowUp', 0, 8], panDown: ['ArrowDown', 0, -8] } as const;

contributeActions([
  { id: 'viewer.previousSlice', group, label: actions.previousSlice, keys: ['ArrowUp'], run: () => { scrollActive(-1); } },
  { id: 'viewer.nextSlice', group, label: actions.nextSlice, keys: ['ArrowDown'], run: () => { scrollActive(1); } },
  { id: 'viewer.previousTen', group, label: actions.previousTen, keys: ['PageUp'], run: () => { scrollActive(-10); } },
  { id: 'viewer.nextTen', group, label: actions.nextTen, keys: ['PageDown'], run: () => { scrollActive(10); } },
  { id: 'viewer.firstSlice', group, label: actions.firstSlice, keys: ['Home'], run: () => { viewer().scrollTo(viewer().active, 'first'); } },
  { id: 'viewer.lastSlice', group, label: actions.lastSlice, keys: ['End'], run: () => { viewer().scrollTo(viewer().active, 'last'); } },
  { id: 'viewer.zoomIn', group, label: actions.zoomIn, keys: ['+', '='], run: () => { zoomBy(1.15); } },
  { id: 'viewer.zoomOut', group, label: actions.zoomOut, keys: ['-'], run: () => { zoomBy(1 / 1.15); } },
  ...Object.entries(pans).map(([name, [key, right, up]]): KeyAction => (
    { id: `viewer.${name}`, group, label: actions[name as keyof typeof pans], line: actions.pan, keys: [`Shift+${key}`], run: () => { panBy(right, up); } })),
  ...presetNames.map((preset, at): KeyAction => (
    { id: `viewer.preset.${preset}`, group, label: actions.presetOf(texts.viewer.presetNames[preset]), line: actions.preset, keys: [String(at + 1)], run: () => { viewer().usePreset(preset); } })),
  { id: 'viewer.invert', group, label: actions.invert, keys: ['i'], run: () => { viewer().invert(); } },
  { id: 'viewer.reset', group, label: actions.reset, keys: ['r'], run: () => { viewer().resetViews(); } },
  { id: 'viewer.crosshair', group, label: actions.crosshair, keys: ['x'], run: () => { viewer().toggle('crosshair'); } },
  { id: 'viewer.overlayText', group, label: actions.overlayText, keys: ['t'], run: () => { viewer().toggle('overlayText'); } },
  ...planeNames.map((plane): KeyAction => (
    { id: `viewer.main.${plane}`, group, label: actions.mainOf(texts.viewer.planes[plane]), line: actions.main, keys: [plane.charAt(0)], run: () => { viewer().setMain(plane); } })),
  { id: 'viewer.maximise', group, label: actions.maximise, keys: ['m'], run: () => { viewer().enlarge(viewer().active); } },
  { id: 'viewer.interpolate', group, label: actions.interpolate, keys: ['b'], run: () => { viewer().toggle('smooth'); } },
  { id: 'viewer.referenceLines', group, label: texts.viewer.referenceLines, keys: ['l'], run: () => { viewer().toggle('referenceLines'); } },
  { id: 'viewer.linked', group, label: texts.viewer.linked, keys: ['k'], run: () => { viewer().toggle('linked'); } },
  { id: 'viewer.linkedViews', group, label: texts.viewer.linkedViews, keys: ['z'], run: () => { viewer().toggle('linkedViews'); } },
  ...layoutNames.map((layout): KeyAction => (
    { id: `viewer.layout.${layout}`, group, label: texts.viewer.layoutNames[layout], line: texts.viewer.layouts, keys: [texts.viewer.layoutKeys[layout]], run: () => { viewer().setLayout(layout); } })),
]);
