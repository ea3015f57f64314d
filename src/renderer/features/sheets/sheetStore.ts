/** Which sheet lies over the window; one at a time, so that a key or a button anywhere can open it. */
import { create } from 'zustand';

export type SheetName = 'help' | 'models' | 'quality' | 'settings' | 'palette' | 'readers' | 'sign' | 'audit' | 'snippets';

interface SheetState {
  readonly open: SheetName | null;
  readonly show: (name: SheetName) => void;
  readonly close: () => void;
}

export const useSheet = create<SheetState>()((set) => ({
  open: null,
  show(name) { set({ open: name }); },
  close() { set({ open: null }); },
}));
