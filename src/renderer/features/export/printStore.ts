/** What is being printed: shown on paper alone, and gone once the print dialog is. */
import { create } from 'zustand';
import type { PrintedReport } from '../../../shared/contract.ts';

interface PrintState {
  readonly report: PrintedReport | null;
  readonly print: (report: PrintedReport) => void;
  readonly done: () => void;
}

export const usePrinting = create<PrintState>()((set) => ({
  report: null,
  print(report) { set({ report }); },
  done() { set({ report: null }); },
}));
