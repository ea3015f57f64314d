/**
 * Removes what identifies a person from the text of a report: everything the study's own header says (names in any order,
 * numbers, dates), and what looks like a date, a telephone number, an address on the net, a labelled number or a titled name.
 *
 * Not guaranteed: a name that stands in no header and has no title before it, nicknames and misspellings, places, employers,
 * rare diseases and events by which somebody could be known. docs/archive.md says the same to the hospital.
 */

/** What is known of a study and its people. */
export interface KnownIdentifiers {
  /** Person names as `Family, Given Middle` or in plain order. */
  readonly names: readonly string[];
  /** Patient numbers, accession numbers, identifiers of study and order. */
  readonly numbers: readonly string[];
  /** ISO dates (birth, study, …), for the forms that the patterns do not find. */
  readonly dates: readonly string[];
  /** Institutions, stations, addresses. */
  readonly places: readonly string[];
}

export interface Removal {
  readonly text: string;
  /** How many of each were taken out. */
  readonly removed: Readonly<Record<'name' | 'number' | 'date' | 'contact' | 'place', number>>;
}

/** Parts of names that are also words of reports; taken out only as part of the whole name. */
export const ordinaryWords = new Set(['small', 'large', 'long', 'short', 'white', 'black', 'brown', 'green', 'grey', 'gray', 'young', 'old', 'low', 'high', 'head', 'may', 'will', 'best', 'bright', 'sharp', 'mass', 'normal', 'contrast', 'van', 'von', 'der', 'den', 'the', 'and', 'de', 'la', 'le', 'da', 'dos', 'del', 'san', 'dr', 'prof', 'mr', 'mrs', 'md', 'phd', 'test', 'patient', 'anonymous', 'unknown', 'foreman', 'stem', 'cross', 'left', 'right', 'early', 'field', 'wall', 'base', 'park', 'bell', 'hall', 'major', 'minor', 'summer', 'winter', 'march', 'april', 'june', 'august']);

const months = 'jan(?:uary|uar|\\.)?|feb(?:ruary|ruar|\\.)?|mar(?:ch|\\.)?|märz|apr(?:il|\\.)?|may|mai|june?|juni|july?|juli|aug(?:ust|\\.)?|sept?(?:ember|\\.)?|oct(?:ober|\\.)?|okt(?:ober|\\.)?|nov(?:ember|\\.)?|dec(?:ember|\\.)?|dez(?:ember|\\.)?';
const upperName = "\\p{Lu}[\\p{L}'’-]+";
/** Letters around which a word ends, in any script. */
const notLetter = '(?<![\\p{L}\\p{N}])';
const notLetterAfter = '(?![\\p{L}\\p{N}])';

const patterns: readonly { readonly kind: keyof Removal['removed']; readonly mark: string; readonly find: RegExp }[] = [
  { kind: 'contact', mark: '[contact]', find: /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g },
  { kind: 'contact', mark: '[contact]', find: /\b(?:https?:\/\/|www\.)\S+/gi },
  // Dates with four or two digits for the year, day and month in either order, and with names of months. A bare year stays.
  { kind: 'date', mark: '[date]', find: new RegExp(`${notLetter}(?:\\d{4}[-/.]\\d{1,2}[-/.]\\d{1,2}|\\d{1,2}[/.]\\s?\\d{1,2}[/.]\\s?(?:\\d{4}|\\d{2})|\\d{1,2}-\\d{1,2}-(?:\\d{4}|\\d{2}))(?:[T ]\\d{1,2}:\\d{2}(?::\\d{2})?)?${notLetterAfter}`, 'gu') },
  { kind: 'date', mark: '[date]', find: new RegExp(`${notLetter}(?:\\d{1,2}(?:st|nd|rd|th|\\.)?\\s+(?:of\\s+)?(?:${months})\\.?,?(?:\\s+\\d{4})?|(?:${months})\\.?\\s+\\d{1,2}(?:st|nd|rd|th)?,?\\s+\\d{4}|(?:${months})\\.?\\s+\\d{4})${notLetterAfter}`, 'giu') },
  { kind: 'contact', mark: '[contact]', find: /(?<![\p{L}\p{N}])(?:tel(?:efon|ephone)?|phone|fax|pager|beeper|ext(?:ension)?|call(?:ed)? (?:at|on))\.?:?\s*[#+]?\d[\d ()/.-]{2,}\d/giu },
  { kind: 'contact', mark: '[contact]', find: /(?<![\p{L}\p{N}.])(?:\+\d{1,3}[ -]?)?\(?\d{3}\)?[ -]\d{3}[ -]\d{4}(?![\p{L}\p{N}])/gu },
  { kind: 'number', mark: '[number]', find: /(?<![\p{L}\p{N}])\d{3}-\d{2}-\d{4}(?![\p{L}\p{N}])/gu },
  // Identifiers of DICOM.
  { kind: 'number', mark: '[number]', find: /(?<![\p{L}\p{N}.])[0-2](?:\.\d+){5,}(?![\p{N}])/gu },
  { kind: 'number', mark: '[number]', find: /(?<![\p{L}\p{N}])(?:MRN|medical record(?: (?:no|number))?|patient[- ]?(?:id|no|number|nr)|pat(?:ienten)?[- ]?(?:nr|id|nummer)|acc(?:ession)?\.?(?: ?(?:no|nr|number))?|case (?:no|number)|order (?:no|number)|fall-?nr|NHS(?: ?(?:no|number))?|SSN|insurance (?:no|number))\.?\s*(?::|#|=)?\s*#?[\p{L}]{0,4}[- ]?\d[\p{L}\p{N}/-]*/giu },
  { kind: 'name', mark: '[name]', find: new RegExp(`${notLetter}(?:(?:Prof|PD|Dr|Drs|Doctor|Mr|Mrs|Ms|Miss|Herr|Frau|Hr|Fr|Sister|Nurse)\\.?(?:\\s*(?:med|dent|h\\.c)\\.)*\\s+)+(?:\\p{Lu}\\.\\s*)*${upperName}(?:\\s+(?:\\p{Lu}\\.\\s*)*(?:(?:van|von|de|der|den|del|la|le|zu)\\s+)*${upperName}){0,2}`, 'gu') },
  { kind: 'name', mark: '[name]', find: new RegExp(`(?<=(?:[Dd]ictated|[Ss]igned|[Rr]ead|[Rr]eported|[Aa]pproved|[Vv]erified|[Ii]nterpreted|[Tt]ranscribed|[Rr]eviewed)\\s+by:?\\s+)(?:\\p{Lu}\\.\\s*)*${upperName}(?:,?\\s+(?:\\p{Lu}\\.\\s*)*${upperName}){0,3}`, 'gu') },
  { kind: 'name', mark: '[name]', find: new RegExp(`${upperName}(?:,?\\s+(?:\\p{Lu}\\.\\s*)*${upperName}){0,2}(?=,?\\s+(?:M\\.?D\\.?|D\\.?O\\.?|Ph\\.?D\\.?|FRCR|MBBS)${notLetterAfter})`, 'gu') },
];

/** Ages above 89 tell a person apart in most places (45 CFR 164.514(b)). */
const greatAge = /(?<![\p{L}\p{N}.])(?:9\d|1[0-2]\d)(?=[- ]?(?:years?|yrs?|y\/?o|jährig|Jahre)(?![\p{L}]))/giu;

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');

export function removeIdentifiers(report: string, known: KnownIdentifiers): Removal {
  const removed = { name: 0, number: 0, date: 0, contact: 0, place: 0 };
  let text = report;
  const take = (kind: keyof typeof removed, mark: string, find: RegExp): void => {
    text = text.replace(find, (whole) => {
      removed[kind]++;
      // The space before the next word must stay.
      return /\s$/.test(whole) ? `${mark} ` : mark;
    });
  };
  const literally = (kind: keyof typeof removed, mark: string, words: readonly string[], flags: string): void => {
    // Longest first, so that a whole name goes before its parts.
    for (const word of [...new Set(words)].sort((a, b) => b.length - a.length)) take(kind, mark, new RegExp(`${notLetter}${escaped(word).replaceAll(/\s+/g, '\\s+')}${notLetterAfter}`, flags));
  };
  literally('number', '[number]', known.numbers.map((number) => number.trim()).filter((number) => number.length >= 3 || /^\d{2,}$/.test(number)), 'giu');
  literally('place', '[place]', known.places.map((place) => place.trim()).filter((place) => place.length >= 4), 'giu');
  literally('date', '[date]', known.dates.flatMap(formsOfDate), 'giu');
  for (const { kind, mark, find } of patterns.slice(0, 9)) take(kind, mark, find);
  literally('name', '[name]', known.names.flatMap(wholeNames), 'giu');
  for (const { kind, mark, find } of patterns.slice(9)) take(kind, mark, find);
  literally('name', '[name]', known.names.flatMap(partsOfName), 'gu');
  take('number', '[over 89]', greatAge);
  return { text, removed };
}

/** `Family, Given Middle` as it may be written in a sentence. */
function wholeNames(name: string): string[] {
  const [family = '', given = ''] = name.includes(',') ? name.split(',').map((part) => part.trim()) : ['', name.trim()];
  const first = given.split(/\s+/)[0] ?? '';
  return [...(family === '' ? [given] : [`${family}, ${given}`, `${given} ${family}`, `${family} ${given}`, `${first} ${family}`, `${family}, ${first}`, `${first.slice(0, 1)}. ${family}`])].filter((form) => /\s/.test(form.trim()));
}

/** Each part alone, capitalised or in capitals as names are; common words of reports are not taken for names. */
function partsOfName(name: string): string[] {
  return name
    .split(/[\s,^=]+/)
    .map((part) => part.replace(/^[.'’-]+|[.'’-]+$/g, ''))
    .filter((part) => part.length >= 3 && /^\p{L}/u.test(part) && !ordinaryWords.has(part.toLowerCase()))
    .flatMap((part) => [part, part.slice(0, 1).toUpperCase() + part.slice(1).toLowerCase(), part.toUpperCase()]);
}

function formsOfDate(iso: string): string[] {
  const found = /^(\d{4})-(\d{2})-(\d{2})$/.exec(iso);
  if (!found) return [];
  const [, year, month, day] = found as unknown as [string, string, string, string];
  return [`${year}${month}${day}`, `${day}${month}${year}`, `${month}${day}${year}`, `${day}.${month}.${year.slice(2)}`, `${day}.${month}.`];
}
