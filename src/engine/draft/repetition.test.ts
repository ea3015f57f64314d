import { describe, expect, test } from 'vitest';
import { RepetitionGuard, sentenceKey } from './repetition.ts';

/** Feeds the text in pieces of three characters; the length read when the guard struck, or null. */
function struckAt(text: string): number | null {
  const guard = new RepetitionGuard();
  for (let at = 0; at < text.length; at += 3) if (guard.push(text.slice(at, at + 3))) return at;
  return null;
}

describe('RepetitionGuard', () => {
  test('an ordinary report passes, its repeated phrases and short sentences included', () => {
    expect(struckAt('No mass. No bleed. Normal. No mass effect. The left frontal lobe is normal. The right frontal lobe is normal. The left parietal lobe is normal. The right parietal lobe is normal. Normal. No acute infarct, no bleed, no mass. ')).toBeNull();
  });
  test('a sentence that comes a second time strikes, whatever its case and spacing', () => {
    const text = 'There is no midline shift. No mass. There is  no midline Shift. No bleed. And more.';
    expect(struckAt(text)).toBeLessThanOrEqual(text.indexOf(' No bleed') + 3);
  });
  test('sentences that differ in a number are not the same', () => {
    expect(struckAt('The lesion measures 1.2 cm. The lesion measures 1.3 cm. The lesion measures 12 cm. ')).toBeNull();
    expect(sentenceKey('It is 1.2 cm.')).not.toBe(sentenceKey('It is 12 cm.'));
  });
  test('a block of words three times over strikes without any full stop', () => {
    expect(struckAt('there is a mass in the left frontal lobe ' + 'and in the left temporal lobe '.repeat(10))).toBeLessThan(150);
    expect(struckAt('the '.repeat(40))).toBeLessThan(60);
  });
  test('an endless word without spaces strikes', () => {
    expect(struckAt('Normal ' + '-,'.repeat(200))).toBeLessThan(120);
  });
});
