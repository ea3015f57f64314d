/** The lesion head's cells over the pictures. Fetched once per reading; small enough to keep while the study is open. */
import { create } from 'zustand';
import type { LesionMap } from '../../../shared/contract.ts';
import { invertAffine } from '../../../shared/geometry.ts';
import type { Affine } from '../../../shared/geometry.ts';
import { bridge } from '../../bridge.ts';
import type { AttentionGrid } from '../attention/attentionSampling.ts';
import { tellError } from '../notices/noticesStore.ts';

export interface LesionGrid extends AttentionGrid {
  /** 0..1: value from which a place counts as lesion. */
  readonly threshold: number;
}

interface LesionState {
  readonly grid: LesionGrid | null;
  readonly visible: boolean;
  readonly load: (study: string) => Promise<void>;
  readonly toggle: () => void;
  readonly forget: () => void;
}

/** A map as a grid that can be sampled. */
export function lesionGrid({ dims, voxelToLps, values, threshold }: LesionMap): LesionGrid {
  const affine = voxelToLps as unknown as Affine;
  return { view: -1, dims, voxelToLps: affine, lpsToVoxel: invertAffine(affine), values: Float32Array.from(values, (value) => value / 255), hasDepth: true, threshold: threshold / 255 };
}

let asked = 0;

export const useLesions = create<LesionState>()((set) => ({
  grid: null,
  visible: true,
  async load(study) {
    const own = ++asked;
    try {
      const map = await bridge().call('study.lesionMap', { study });
      if (own === asked) set({ grid: map === null ? null : lesionGrid(map) });
    } catch (error) {
      if (own === asked) tellError(error, 'lesions');
    }
  },
  toggle() { set(({ visible }) => ({ visible: !visible })); },
  forget() {
    asked += 1;
    set({ grid: null });
  },
}));
