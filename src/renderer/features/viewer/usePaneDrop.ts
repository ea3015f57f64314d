/** A series dragged from the list onto a pane is shown there. */
import { useState } from 'react';
import type { DragEvent } from 'react';
import { z } from 'zod';
import type { SeriesTarget } from './panes.ts';
import { paneOf, useViewer } from './viewerStore.ts';

/** Type of what is dragged; the import's drop target takes files alone. */
export const seriesDragType = 'application/x-brat-series';

const dragged = z.object({ study: z.string(), series: z.string(), stack: z.int() });

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
        const target = dragged.parse(JSON.parse(event.dataTransfer.getData(seriesDragType)));
        const state = useViewer.getState();
        const offered = state.offered.find((one) => one.target?.series === target.series);
        state.setPane(pane, { target, plane: offered?.plane ?? paneOf(state, pane)?.plane ?? null });
        state.activate(pane);
      },
    },
  };
}
