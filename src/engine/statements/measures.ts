/** Lengths and numbers of lesions in a sentence. Text is in lower case, units as {@link plainUnits} leaves them. */

const numbers = 'no one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen'.split(' ');
/** What stands for a number above Figure 14's last limit. */
const many = 16;

const length = /(\d+(?:\.\d+)?)(?: ?(?:cm|mm))?(?: ?x ?(\d+(?:\.\d+)?)(?: ?(?:cm|mm))?)*? ?(cm|mm)\b/;
/** A size of another time beside the one that holds. */
const formerLength = new RegExp(`\\b(?:previously|formerly|before|from|was|having previously)(?: (?:measur\\w+|was|of|approximately|about))* ${length.source}`, 'g');
const shiftLength = [
  new RegExp(`${length.source}(?: (?:of|left\\w*|right\\w*|leftward|rightward|[a-z]+-to-[a-z]+|subfalcine))* midline shift\\b`),
  new RegExp(`\\bshift(?:ed)?\\b(?: (?:is|to|the|left|right|of|by|measuring|approximately|about|up))* ${length.source}`),
];

/** Multiplication signs and unit names in one way. */
export const plainUnits = (low: string): string => low.replaceAll('×', 'x').replace(/(\d) ?(?:millimet(?:er|re)s?)\b/g, '$1 mm').replace(/(\d) ?(?:centimet(?:er|re)s?)\b/g, '$1 cm');

/** The greatest extent of the first measurement, mm, former sizes left out; null where there is none. */
export function lengthMm(low: string): number | null {
  const text = low.replace(formerLength, ' ');
  const match = length.exec(text);
  if (!match) return null;
  const before = text.slice(0, match.index);
  // "Less than 1 cm" is not 1 cm.
  const beyond = /\b(?:less|smaller) than $|\b(?:under|below) $/.test(before) ? 0.99 : /\b(?:more|greater|larger) than $|\b(?:over|above) $/.test(before) ? 1.01 : 1;
  return Math.max(...(match[0].match(/\d+(?:\.\d+)?/g) ?? []).map(Number)) * (match[3] === 'cm' ? 10 : 1) * beyond;
}

/** Every length of a text, mm, former ones left out. @param text in any case */
export function lengthsMm(text: string): number[] {
  const all = plainUnits(text.toLowerCase()).replace(formerLength, ' ').matchAll(new RegExp(length.source, 'g'));
  return Array.from(all, (match) => (match[0].match(/\d+(?:\.\d+)?/g) ?? []).map((number) => Number(number) * (match[3] === 'cm' ? 10 : 1))).flat();
}

/** Half a unit of the last digit that the greatest extent was written with, mm. */
export function roundingMm(text: string): number {
  const match = length.exec(plainUnits(text.toLowerCase()).replace(formerLength, ' '));
  if (!match) return 0;
  const decimals = Math.max(...(match[0].match(/\d+(?:\.\d+)?/g) ?? []).map((number) => number.split('.')[1]?.length ?? 0));
  return (10 ** -decimals / 2) * (match[3] === 'cm' ? 10 : 1);
}

/** The width of a midline shift, mm, and the sentence without it, so that it is not taken for a lesion's size. */
export function takeShiftLength(low: string): { readonly mm: number | null; readonly rest: string } {
  for (const pattern of shiftLength) {
    const match = pattern.exec(low);
    if (match) return { mm: lengthMm(match[0]), rest: low.replace(length.exec(match[0])![0], ' ') };
  }
  return { mm: null, rest: low };
}

const countPattern = new RegExp(
  '\\b(?:(?<many>innumerable|numerous|countless|too numerous to count|(?:more than|over|greater than) (?:15|fifteen))|(?<vague>multiple|several|a few|numbers? of)' +
    `|(?:a total of |approximately |about )?(?<number>${numbers.slice(1).join('|')}|\\d{1,2}(?!\\d|\\.\\d| ?(?:cm|mm|x)\\b)))` +
    ' (?:(?:small|tiny|punctate|ring|rim|solid|scattered|nodular|enhancing|brain|parenchymal|intracranial|other|intra-axial|bilateral|supratentorial|infratentorial) ?)*(?:lesions|foci|metastases|nodules|masses)\\b',
);

/** How many lesions a text counts: 16 for more than fifteen; `vague` where it only says several, which counts as two. */
export function lesionCount(low: string): { readonly count: number; readonly vague: boolean } | null {
  const groups = countPattern.exec(low)?.groups;
  if (!groups) return null;
  if (groups['many'] !== undefined) return { count: many, vague: false };
  if (groups['vague'] !== undefined) return { count: 2, vague: true };
  const at = numbers.indexOf(groups['number']!);
  return { count: at >= 0 ? at : Number(groups['number']), vague: false };
}
