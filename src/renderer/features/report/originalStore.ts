/** Whether the original of an edited sentence is shown below it. */
import { create } from 'zustand';

export const useOriginal = create<{ readonly shown: boolean; readonly toggle: () => void }>()((set) => ({
  shown: false,
  toggle() { set(({ shown }) => ({ shown: !shown })); },
}));
