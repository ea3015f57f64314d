/** Flags in the order of the text, and what is told of a section. Pure. */
import type { ReportFlag, ReportSection, ReportSentence } from '../../../shared/contract.ts';

/** Flags that stand, in the order they are read: what is missing first, then along the text. */
export function openFlags(flags: readonly ReportFlag[], sentences: readonly ReportSentence[]): readonly ReportFlag[] {
  const placeOf = ({ sentence }: ReportFlag): number => (sentence === null ? -1 : sentences.findIndex(({ id }) => id === sentence));
  return flags.filter(({ dismissed, sentence }) => dismissed === null && (sentence === null || sentences.some(({ id }) => id === sentence))).toSorted((a, b) => placeOf(a) - placeOf(b));
}

/**
 * The flag to go to: after the one that is looked at, else the first at or after the sentence in focus, else from the beginning.
 */
export function nextFlag(open: readonly ReportFlag[], sentences: readonly ReportSentence[], at: { readonly flag: string | null; readonly focus: string | null }, by: 1 | -1): ReportFlag | undefined {
  if (open.length === 0) return undefined;
  const now = open.findIndex(({ id }) => id === at.flag);
  if (now >= 0) return open[(now + by + open.length) % open.length];
  const order = new Map(sentences.map(({ id }, place) => [id, place]));
  const here = at.focus === null ? -1 : (order.get(at.focus) ?? -1);
  const placeOf = ({ sentence }: ReportFlag): number => (sentence === null ? -1 : (order.get(sentence) ?? -1));
  return by > 0 ? (open.find((flag) => placeOf(flag) >= here) ?? open[0]) : (open.findLast((flag) => placeOf(flag) < here) ?? open.at(-1));
}

export function countsOf(section: ReportSection, sentences: readonly ReportSentence[], flags: readonly ReportFlag[]): { readonly undecided: number; readonly flags: number } {
  const own = new Set(sentences.filter((sentence) => sentence.section === section).map(({ id }) => id));
  return {
    undecided: sentences.filter((sentence) => sentence.section === section && sentence.state === 'proposed').length,
    flags: flags.filter(({ dismissed, sentence }) => dismissed === null && sentence !== null && own.has(sentence)).length,
  };
}
