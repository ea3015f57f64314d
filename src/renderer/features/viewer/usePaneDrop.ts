/** A series dragged from the list onto a pane is shown there. */
import { useState } from 'react';
import type { DragEvent } from 'react';
import type { SeriesTarget } from './panes.ts';
import { paneOf, useViewer } from './viewerStore.ts';

/** Type of what is dragged; the import's drop target takes files alone. */
export const seriesDragType = 'application/x-brat-series';

/** What was dragged, or null if another program made it up. */
function draggedSeries(text: string): SeriesTarget | null {
  try {
    const { study, series, stack } = JSON.parse(text) as Partial<Record<keyof SeriesTarget, unknown>>;
    return typeof study === 'string' && typeof series === 'string' && Number.isInteger(stack) ? { study, series, stack: stack as number } : null;
  } catch {
    return null;
  }
}

export function startSeriesDrag(event: DragEvent, target: SeriesTarget): void {
  event.dataTransfer.setData(seriesDragType, JSON.stringify(target));
  event.dataTransfer.effectAllowed = 'copy';
}

interface PaneDrop {
  readonly over: boolean;
  readonly handlers: Readonly<Record<'onDragOver' | 'onDragLeave' | 'onDrop', (event: DragEvent) => void>>;
}

const carriesSeries = (event: DragEvent): boolean => event.dataTransfer.types.includes(seriesDragType);

export function usePaneDrop(pane: string): PaneDrop {
  const [over, setOver] = useState(false);
  return {
    over,
    handlers: {
      onDragOver(event) {
        if (!carriesSeries(event)) return;
        event.preventDefault();
        setOver(true);
      },
      onDragLeave() { setOver(false); },
      onDrop(event) {
        if (!carriesSeries(event)) return;
        event.preventDefault();
        event.stopPropagation();
        setOver(false);
        const target = draggedSeries(event.dataTransfer.getData(seriesDragType));
        if (target === null) return;
        const state = useViewer.getState();
        const offered = state.offered.find((one) => one.target?.series === target.series);
        state.setPane(pane, { target, plane: offered?.plane ?? paneOf(state, pane)?.plane ?? null });
        state.activate(pane);
      },
    },
  };
}
