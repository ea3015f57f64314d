/** What is drawn of the groups: one line a pack and one for reports without a draft, over the months between the first and the last. */
import type { QualityGroup } from '../../../shared/contract.ts';

export const keyOf = ({ pack }: Pick<QualityGroup, 'pack'>): string => (pack === null ? '' : `${pack.id}@${pack.version}`);

/** Lines that can be told apart by colour and dashes; packs beyond them are in the table alone. */
export const mostLines = 4;

export interface ChartLine {
  readonly key: string;
  /** By month; null where there is no value. */
  readonly values: readonly (number | null)[];
  readonly tooFew: readonly boolean[];
}

/** Every month from the first group's to the last one's, so that a month without a report is a gap. */
export function monthsOf(groups: readonly QualityGroup[]): string[] {
  const known = groups.flatMap(({ month }) => month ?? []).toSorted();
  const [first, last] = [known[0], known.at(-1)];
  return first === undefined || last === undefined ? [] : monthsBetween(first, last);
}

/** Months as YYYY-MM, both ends included. */
export function monthsBetween(first: string, last: string): string[] {
  const number = (month: string): number => Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7)) - 1;
  return Array.from({ length: number(last) - number(first) + 1 }, (_, at) => {
    const month = number(first) + at;
    return `${String(Math.floor(month / 12)).padStart(4, '0')}-${String((month % 12) + 1).padStart(2, '0')}`;
  });
}

/** A line for each key, whether it has a value or not. */
export function linesOf(groups: readonly QualityGroup[], keys: readonly string[], months: readonly string[], value: (group: QualityGroup) => number | null): ChartLine[] {
  return keys.map((key): ChartLine => {
    const found = months.map((month) => groups.find((group) => keyOf(group) === key && group.month === month));
    return { key, values: found.map((group) => (group === undefined ? null : value(group))), tooFew: found.map((group) => group?.tooFew ?? true) };
  });
}

/** Keys of what is drawn: reports without a draft first, then the packs with the most reports. */
export function drawnKeys(packs: readonly QualityGroup[]): string[] {
  const most = packs.filter(({ pack }) => pack !== null).toSorted((a, b) => b.reports - a.reports).map(keyOf);
  return [...packs.filter(({ pack }) => pack === null).map(keyOf), ...most].slice(0, mostLines);
}

export const draftedOf = ({ sentences: { kept, edited, rejected } }: QualityGroup): number => kept + edited + rejected;
