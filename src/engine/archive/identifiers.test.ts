import { describe, expect, test } from 'vitest';
import { removeIdentifiers, type KnownIdentifiers } from './identifiers.ts';

const known: KnownIdentifiers = { names: ['Doe, Jane Mary', 'House, Gregory', 'May, White'], numbers: ['4711', 'ACC-77', '1.2.840.1.2.3.4'], dates: ['1960-03-01', '2026-01-05'], places: ['St. Elsewhere Hospital'] };
const cleaned = (text: string): string => removeIdentifiers(text, known).text;

describe('removeIdentifiers', () => {
  test.each<[string, string, string]>([
    ['the patient in any order', 'Jane Doe, DOE, Jane and Ms. Doe were seen; Mary too.', '[name], [name] and [name] were seen; [name] too.'],
    ['physicians', 'Discussed with Dr. G. House and Prof. Dr. med. Ruth von der Leyen at once.', 'Discussed with Dr. [name] and [name] at once.'],
    ['who signed it', 'Electronically signed by: John Q. Smith, MD at noon. Read by nobody else.', 'Electronically signed by: [name] at noon. Read by nobody else.'],
    ['numbers of the study', 'Accession ACC-77, patient 4711, study 1.2.840.1.2.3.4.', 'Accession [number], patient [number], study [number].'],
    ['labelled numbers', 'MRN: 00123456. Patient ID 99X1 seen.', '[number]. [number] seen.'],
    ['dates in digits', 'Compared with 12.03.2024, 3/4/24, 2024-03-12 and 05-01-2026 10:15.', 'Compared with [date], [date], [date] and [date].'],
    ['dates in words', 'Compared with March 12, 2024 and 5th of Jan 2026 and 3. Februar 2025.', 'Compared with [date] and [date] and [date].'],
    ['dates of the header without separators', 'Born 19600301, scan of 05.01.26.', 'Born [date], scan of [date].'],
    ['contacts', 'Call 555-123-4567 or mail x.y@hosp.example.org; pager: 4 711-22.', 'Call [contact] or mail [contact]; [contact].'],
    ['the institution', 'At St. Elsewhere Hospital.', 'At [place].'],
    ['great ages', 'A 93-year-old woman, 45-year-old son.', 'A [over 89]-year-old woman, 45-year-old son.'],
  ])('takes out %s', (_, text, expected) => {
    expect(cleaned(text)).toBe(expected);
  });

  test.each([
    'A 2.5 x 3.0 x 1.2 cm ring enhancing mass in the left frontal lobe, midline shift of 4.5 mm.',
    'White matter lesions may be small vessel disease. There may be gliosis.',
    'T1 and T2 signal is normal on slices 12 to 14 of series 3, image 45/120.',
    'Fazekas grade 2. WHO grade 3. Normal for age 45 years. No change since 2019.',
    'L4/5 is not covered. Ratio 3/4. Compared with 1.5 T. Doppler. Virchow-Robin spaces. Sylvian fissure.',
  ])('leaves findings as they are: %s', (text) => {
    expect(cleaned(text)).toBe(text);
  });

  test('counts what it took', () => {
    expect(removeIdentifiers('Jane Doe, 4711, on 2024-03-12.', known).removed).toEqual({ name: 1, number: 1, date: 1, contact: 0, place: 0 });
  });
});
