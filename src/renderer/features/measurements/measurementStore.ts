/** Measurements and key images of the open study, and the tool in the reader's hand. What is drawn is kept at once. */
import { create } from 'zustand';
import type { KeyImage, Measurement, MeasurementKind } from '../../../shared/contract.ts';
import type { Lps } from '../../../shared/geometry.ts';
import { bridge } from '../../bridge.ts';
import { tellError } from '../notices/noticesStore.ts';

export type Tool = MeasurementKind | 'magnify';

/** What is being drawn: points in patient space, the last one still moving. */
export interface Sketch {
  readonly pane: string;
  readonly kind: MeasurementKind;
  readonly points: readonly Lps[];
}

interface MeasurementState {
  readonly study: string | null;
  readonly items: readonly Measurement[];
  readonly keyImages: readonly KeyImage[];
  readonly tool: Tool | null;
  readonly sketch: Sketch | null;
  readonly selected: string | null;
  readonly visible: boolean;
  readonly listed: boolean;
  readonly enter: (study: string | null) => Promise<void>;
  readonly choose: (tool: Tool | null) => void;
  readonly draw: (sketch: Sketch | null) => void;
  readonly select: (id: string | null) => void;
  readonly put: (item: Measurement) => Promise<void>;
  /** Shows a change that is still going on; {@link put} keeps it. */
  readonly preview: (item: Measurement) => void;
  readonly remove: (id: string) => Promise<void>;
  readonly putKeyImage: (item: KeyImage, png: Uint8Array<ArrayBuffer>) => Promise<void>;
  readonly removeKeyImage: (id: string) => Promise<void>;
  readonly toggle: (flag: 'visible' | 'listed') => void;
}

const nothing = { items: [], keyImages: [], sketch: null, selected: null } as const;

const replaced = <T extends { readonly id: string }>(items: readonly T[], item: T): readonly T[] =>
  items.some(({ id }) => id === item.id) ? items.map((other) => (other.id === item.id ? item : other)) : [...items, item];

export const useMeasurements = create<MeasurementState>()((set, get) => ({
  study: null,
  ...nothing,
  tool: null,
  visible: true,
  listed: false,
  async enter(study) {
    if (get().study === study) return;
    set({ study, ...nothing });
    if (study === null) return;
    try {
      const [items, keyImages] = await Promise.all([bridge().call('measurements.list', { study }), bridge().call('keyImages.list', { study })]);
      if (get().study === study) set({ items, keyImages });
    } catch (error) {
      tellError(error, study);
    }
  },
  choose(tool) { set((state) => ({ tool: state.tool === tool ? null : tool, sketch: null, selected: null, visible: true })); },
  draw(sketch) { set({ sketch }); },
  select(selected) { set({ selected }); },
  preview(item) { set(({ items }) => ({ items: replaced(items, item) })); },
  async put(item) {
    get().preview(item);
    try {
      const kept = await bridge().call('measurements.put', { measurement: item });
      if (get().study === item.study && get().items.some(({ id }) => id === item.id)) get().preview({ ...get().items.find(({ id }) => id === item.id)!, instance: kept.instance, frameOfReference: kept.frameOfReference });
    } catch (error) {
      tellError(error, 'measurement');
    }
  },
  async remove(id) {
    const { study, items } = get();
    if (study === null) return;
    set({ items: items.filter((item) => item.id !== id), selected: null });
    try {
      await bridge().call('measurements.remove', { study, id });
    } catch (error) {
      set({ items });
      tellError(error, 'measurement');
    }
  },
  async putKeyImage(item, png) {
    try {
      const kept = await bridge().call('keyImages.put', { keyImage: item, png });
      if (get().study === item.study) set(({ keyImages }) => ({ keyImages: replaced(keyImages, kept) }));
    } catch (error) {
      tellError(error, 'key image');
    }
  },
  async removeKeyImage(id) {
    const { study, keyImages } = get();
    if (study === null) return;
    set({ keyImages: keyImages.filter((item) => item.id !== id) });
    try {
      await bridge().call('keyImages.remove', { study, id });
    } catch (error) {
      set({ keyImages });
      tellError(error, 'key image');
    }
  },
  toggle(flag) { set((state) => ({ [flag]: !state[flag] })); },
}));
