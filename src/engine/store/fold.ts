/** Words as they are compared: without case, accents and the letters that only some keyboards have. */

const plainLetters: Readonly<Record<string, string>> = { ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', ł: 'l', đ: 'd', ð: 'd', þ: 'th', ħ: 'h', ı: 'i', ŋ: 'n', ſ: 's' };

/** "Müller-Łukasz" as "muller-lukasz", "Straße" as "strasse"; compatibility forms (full-width letters) become plain ones. */
export function foldText(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[ßæœøłđðþħıŋſ]/g, (letter) => plainLetters[letter]!);
}

/** The words of a text as the full-text index splits them (SQLite's unicode61: letters, digits and private signs). */
export const wordsOf = (text: string): string[] => foldText(text).match(/[\p{L}\p{N}\p{Co}]+/gu) ?? [];
