/**
 * Whether two studies are of one patient. The patient's number decides, within its issuer; name, birth date and sex are then
 * held against it, and what differs is told, never passed over. Numbers that anonymisers write for everybody count as none.
 */
import type { Prior } from '../../shared/contract.ts';
import type { StudyAttributes } from '../dicom/types.ts';

export type Relation = Pick<Prior, 'relation' | 'differs' | 'unchecked'>;

type Identity = Pick<StudyAttributes, 'patientId' | 'patientIdIssuer' | 'patientName' | 'birthDate' | 'sex'>;

/** Words and fillers in the place of a number; many patients share them. */
const placeholder = /^(?:anon\w*|unknown|none|null|n\/?a|test\w*|phantom\w*|patient|no\s*id|not?\s*(?:given|known)|x+|0+|-+|\*+|\?+)$/i;

/** A patient's number as it is compared; empty where it names nobody. */
export function patientNumber(patientId: string): string {
  const trimmed = patientId.trim();
  return placeholder.test(trimmed) ? '' : trimmed;
}

/**
 * Words of a name without case, accents and order; suffixes of DICOM's caret form come as commas and spaces. Empty for
 * names that anonymisers write.
 */
function nameWords(name: string): string[] {
  const words = name.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLocaleLowerCase('en').match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.length === 1 && placeholder.test(words[0]) ? [] : words;
}

/** Names agree when the shorter one's words are all in the longer one's: a middle name may be missing. Null: one is not known. */
export function namesAgree(a: string, b: string): boolean | null {
  const [left, right] = [nameWords(a), nameWords(b)];
  if (left.length === 0 || right.length === 0) return null;
  const [few, many] = left.length <= right.length ? [left, right] : [right, left];
  // One word alone, such as a family name, would agree with every relative.
  if (few.length === 1 && many.length > 1) return false;
  return few.every((word) => many.includes(word) || (word.length === 1 && many.some((other) => other.startsWith(word))));
}

/** @returns how the second study's patient is told to be the first's; null if nothing says so */
export function relationOf(a: Identity, b: Identity): Relation | null {
  const [numberA, numberB] = [patientNumber(a.patientId), patientNumber(b.patientId)];
  const [issuerA, issuerB] = [(a.patientIdIssuer ?? '').trim(), (b.patientIdIssuer ?? '').trim()];
  const otherIssuer = issuerA !== '' && issuerB !== '' && issuerA.toLowerCase() !== issuerB.toLowerCase();
  const name = namesAgree(a.patientName, b.patientName);
  const birthDate = a.birthDate === '' || b.birthDate === '' ? null : a.birthDate === b.birthDate;
  const sex = a.sex === '' || b.sex === '' || a.sex === b.sex;
  const unchecked = [...(name === null ? ['name' as const] : []), ...(birthDate === null ? ['birthDate' as const] : [])];
  if (numberA !== '' && numberA === numberB && !otherIssuer) {
    const differs = [...(name === false ? ['name' as const] : []), ...(birthDate === false ? ['birthDate' as const] : []), ...(sex ? [] : ['sex' as const])];
    return { relation: differs.length > 0 ? 'mismatch' : 'same', differs, unchecked };
  }
  if (name !== true || birthDate !== true) return null;
  return { relation: 'possible', differs: [...(otherIssuer ? ['issuer' as const] : []), ...(numberA === numberB ? [] : ['patientId' as const]), ...(sex ? [] : ['sex' as const])], unchecked };
}
