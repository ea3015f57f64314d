/** Macros as they are typed: `.name`, then Tab or space. Pure. */
import type { ReportMacro } from '../../../shared/contract.ts';

/** The macro whose name ends right before `at`, with where its dot is. */
export function macroBefore(text: string, at: number, macros: readonly ReportMacro[]): { readonly from: number; readonly macro: ReportMacro } | null {
  const typed = /(?:^|\s)\.([\p{L}\p{N}_-]{1,40})$/u.exec(text.slice(0, at));
  const name = typed?.[1];
  const macro = name === undefined ? undefined : macros.find((one) => one.name === name);
  return name === undefined || macro === undefined ? null : { from: at - name.length - 1, macro };
}
