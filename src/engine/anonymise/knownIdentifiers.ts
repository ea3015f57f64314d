/**
 * What a study's own files say of the people and places behind it, gathered before anything is written: for the text of its
 * reports, and to find the same words where an attribute holds them that should not.
 */
import type { DataSet } from 'dicom-parser';
import { ordinaryWords, type KnownIdentifiers } from '../archive/identifiers.ts';
import { textDecoder, type DecodeText } from '../dicom/characterSet.ts';
import { displayName } from '../dicom/personName.ts';
import { tags } from '../dicom/tags.ts';
import { parseDate } from '../dicom/values.ts';
import { vrOf } from './dictionary.ts';

const numberTags = new Set([
  // Patient, accession, study, admission, insurance; telephone; device, gantry and detector; procedure, step, orders.
  '00100020', '00101000', '00101050', '00101090', '00080050', '00200010', '00380010', '00380060', '00102154', '00181000', '00181008', '0018700a',
  '00400009', '00400253', '00401001', '00402016', '00402017', '00120040',
]);
const placeTags = new Set([
  '00080080', '00080081', '00081010', '00081040', '00100021', '00101040', '00102150', '00102152', '00120030', '00120031', '00321020', '00321033', '00380300', '00380400',
  '00400010', '00400011', '00400242', '00400243', '00402009', '00402010',
]);
/** Shorter words are found in anything; from the second length on, also within other words (`T1Featherstone`). */
const leastLetters = 3;
const leastWithin = 5;
/** Names of two characters, in writing without spaces. */
const shortScript = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]{2}/u;

export class IdentifierCollection {
  readonly #names = new Set<string>();
  readonly #numbers = new Set<string>();
  readonly #dates = new Set<string>();
  readonly #places = new Set<string>();

  /** @param name as `Family, Given Middle` or in plain order */
  addName(name: string): void {
    if (name.trim() !== '') this.#names.add(name.trim());
  }

  addDataSet(dataSet: DataSet, inherited: DecodeText = textDecoder([])): void {
    const decode = decoderOf(dataSet, inherited);
    for (const [key, element] of Object.entries(dataSet.elements)) {
      const tag = key.slice(1);
      if (element.items !== undefined) {
        for (const item of element.items) if (item.dataSet !== undefined) this.addDataSet(item.dataSet, decode);
        continue;
      }
      const vr = vrOf(tag, element.vr);
      if (vr === null || element.hadUndefinedLength === true) continue;
      const wanted = vr === 'PN' || vr === 'DA' || vr === 'DT' || vr === 'AE' || numberTags.has(tag) || placeTags.has(tag);
      if (!wanted) continue;
      for (const value of decode(dataSet.byteArray.subarray(element.dataOffset, element.dataOffset + element.length)).replaceAll('\0', '').split('\\').map((text) => text.trim()).filter((text) => text !== '')) {
        if (vr === 'PN') for (const group of value.split('=')) this.addName(displayName(group));
        else if (vr === 'DA' || vr === 'DT') this.#addDate(parseDate(value) || parseDate(value.slice(0, 8)));
        else if (numberTags.has(tag)) this.#numbers.add(value);
        else this.#places.add(value);
      }
    }
  }

  known(): KnownIdentifiers {
    return { names: [...this.#names], numbers: [...this.#numbers], dates: [...this.#dates], places: [...this.#places] };
  }

  #addDate(day: string): void {
    if (day !== '') this.#dates.add(day);
  }
}

export const decoderOf = (dataSet: DataSet, inherited: DecodeText): DecodeText => {
  const element = dataSet.elements[tags.specificCharacterSet];
  return element === undefined ? inherited : textDecoder(Buffer.from(dataSet.byteArray.subarray(element.dataOffset, element.dataOffset + element.length)).toString('latin1').replaceAll('\0', '').split('\\'));
};

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');

/** @returns whether a text holds a name or a part of one, and whether it holds anything known */
export function identifierSearch(known: KnownIdentifiers): { readonly name: (text: string) => boolean; readonly any: (text: string) => boolean } {
  const parts = known.names.flatMap((name) => name.split(/[\s,^=.]+/)).filter((part) => (part.length >= leastLetters || shortScript.test(part)) && !ordinaryWords.has(part.toLowerCase()));
  const others = [...known.numbers, ...known.places, ...known.dates.map((day) => day.replaceAll('-', '')), ...known.dates].filter((text) => text.length >= leastLetters);
  const search = (words: readonly string[]): ((text: string) => boolean) => {
    if (words.length === 0) return () => false;
    const find = new RegExp([...new Set(words)].map((word) => (word.length >= leastWithin || shortScript.test(word) ? escaped(word) : `(?<![\\p{L}\\p{N}])${escaped(word)}(?![\\p{L}\\p{N}])`)).join('|'), 'iu');
    return (text) => find.test(text);
  };
  return { name: search(parts), any: search([...parts, ...others]) };
}
