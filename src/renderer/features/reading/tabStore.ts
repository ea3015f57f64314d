/** Which tab of the right column is shown; the next start begins with it. */
import { create } from 'zustand';

export const readingTabs = ['report', 'findings', 'similar'] as const;
/** Keys of the tabs, in their order; they work while text is typed, too. */
export const tabKeys = ['F2', 'F3', 'F4'] as const;
export type ReadingTab = (typeof readingTabs)[number];

const key = 'brat.readingTab';

interface TabState {
  readonly tab: ReadingTab;
  readonly showTab: (tab: ReadingTab) => void;
}

export const useReadingTab = create<TabState>()((set) => ({
  tab: readingTabs.find((name) => name === localStorage.getItem(key)) ?? 'report',
  showTab(tab) {
    localStorage.setItem(key, tab);
    set({ tab });
  },
}));
