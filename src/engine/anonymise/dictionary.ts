/** Value representations of the standard's attributes (PS3.6), from dcmjs. */
import dcmjs from 'dcmjs';

const { dictionary } = dcmjs.data.DicomMetaDictionary;

/** Of an attribute the standard has; null for any other. Where it leaves a choice, the usual one. */
export function standardVr(tag: string): string | null {
  const vr = dictionary[`(${tag.slice(0, 4)},${tag.slice(4)})`.toUpperCase()]?.vr;
  if (vr === undefined) return null;
  if (vr === 'xs') return 'US';
  if (vr === 'ox') return 'OW';
  return /^[A-Z]{2}$/.test(vr) ? vr : null;
}

/** @param declared what the file says, if it says anything */
export const vrOf = (tag: string, declared: string | undefined): string | null => (declared === undefined || declared === 'UN' ? standardVr(tag) : declared);
