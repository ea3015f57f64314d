import { describe, expect, test } from 'vitest';
import { SentenceStream, splitSentences } from './sentences.ts';

describe('splitSentences', () => {
  test.each<[string, string, string[]]>([
    ['decimals', 'A 1.2 cm lesion. It enhances.', ['A 1.2 cm lesion.', 'It enhances.']],
    ['a decimal at a sentence end', 'The lesion measures 2.5 x 3.0. No shift.', ['The lesion measures 2.5 x 3.0.', 'No shift.']],
    ['titles before names', 'Discussed with Dr. Smith and Prof. Jones. No edema.', ['Discussed with Dr. Smith and Prof. Jones.', 'No edema.']],
    ['initials', 'Compared with J. Smith. Stable.', ['Compared with J. Smith.', 'Stable.']],
    ['e.g. and i.e.', 'Lesions, e.g. metastases, i.e. not gliomas, are likely. End.', ['Lesions, e.g. metastases, i.e. not gliomas, are likely.', 'End.']],
    ['vs.', 'Glioma vs. lymphoma. Biopsy is advised.', ['Glioma vs. lymphoma.', 'Biopsy is advised.']],
    ['approx. before a number', 'It is approx. 3 cm wide. Stable.', ['It is approx. 3 cm wide.', 'Stable.']],
    ['an abbreviation that ends a sentence', 'Edema, shift, etc. No bleed.', ['Edema, shift, etc.', 'No bleed.']],
    ['no. before a number', 'Seen on image no. 45 of series 3. Unchanged.', ['Seen on image no. 45 of series 3.', 'Unchanged.']],
    ['sequence names', 'Bright on T2. Dark on T1. FLAIR is normal.', ['Bright on T2.', 'Dark on T1.', 'FLAIR is normal.']],
    ['numbered lists', '1. No mass.\n2. No bleed.\n3) Normal ventricles', ['No mass.', 'No bleed.', 'Normal ventricles']],
    ['numbered lists on one line', '1. No mass. 2. No bleed.', ['No mass.', 'No bleed.']],
    ['a numbered list on the line of its title', 'IMPRESSION: 1. A mass. 2. No bleed.', ['A mass.', 'No bleed.']],
    ['bullets', '- No mass\n- No bleed\n• Midline is central', ['No mass', 'No bleed', 'Midline is central']],
    ['titles', 'FINDINGS:\nNo mass.\n\nIMPRESSION: Normal study.', ['No mass.', 'Normal study.']],
    ['lines that are only wrapped', 'There is a mass in the left\nfrontal lobe. No other\nlesion.', ['There is a mass in the left frontal lobe.', 'No other lesion.']],
    ['paragraphs without full stops', 'No mass\n\nNo bleed', ['No mass', 'No bleed']],
    ['organ lines', 'Ventricles: normal size\nMidline: no shift', ['Ventricles: normal size', 'Midline: no shift']],
    ['question and exclamation marks', 'Tumour? Possibly! Follow up.', ['Tumour?', 'Possibly!', 'Follow up.']],
    ['quotes and brackets after the stop', 'Called "normal." Repeated (see above.) End.', ['Called "normal."', 'Repeated (see above.)', 'End.']],
    ['ellipses', 'Limited by motion... No mass.', ['Limited by motion...', 'No mass.']],
    ['windows line ends', 'No mass.\r\n\r\nNo bleed.\r\n', ['No mass.', 'No bleed.']],
    ['a date with dots', 'Compared with 12.03.2024. Stable.', ['Compared with 12.03.2024.', 'Stable.']],
    ['words in other scripts', 'Läsion größer. Keine Blutung.', ['Läsion größer.', 'Keine Blutung.']],
    ['units with a stop', 'A mass of 2.3 cm. in diameter. It measured 12 mm. No shift of 4 mm. is seen.', ['A mass of 2.3 cm. in diameter.', 'It measured 12 mm.', 'No shift of 4 mm. is seen.']],
    ['measurements in three directions', 'Size 2.3 x 1.1 x 0.9 cm (AP x TR x CC). SUV 3.2. ADC 0.8 x 10-3 mm2/s.', ['Size 2.3 x 1.1 x 0.9 cm (AP x TR x CC).', 'SUV 3.2.', 'ADC 0.8 x 10-3 mm2/s.']],
    ['lists with letters and Roman numbers', 'a) No mass\nb) No bleed\nii. Normal ventricles', ['No mass', 'No bleed', 'Normal ventricles']],
    ['lists in lists', '1. Mass\n1.1 Edema around it\n1.2 Shift of 3 mm\n#2 No bleed', ['Mass', 'Edema around it', 'Shift of 3 mm', 'No bleed']],
    ['a measurement at the start of a line', 'The lesion measures\n1.2 cm. It is new.', ['The lesion measures 1.2 cm.', 'It is new.']],
    ['titles of their own', 'Intracranial findings:\n\nNo mass.\n\nParanasal sinuses (limited):\n\nClear.', ['No mass.', 'Clear.']],
    ['German abbreviations', 'Z.n. Resektion li. frontal, z.B. Narbe bzw. Rezidiv. Keine Blutung.', ['Z.n. Resektion li. frontal, z.B. Narbe bzw. Rezidiv.', 'Keine Blutung.']],
    ['sides abbreviated', 'Lesion of the rt. frontal lobe and lt. insula. Stable.', ['Lesion of the rt. frontal lobe and lt. insula.', 'Stable.']],
    ['nothing', ' \n\n . -- \n', []],
  ])('%s', (_, text, expected) => {
    expect(splitSentences(text)).toEqual(expected);
  });

  test('a long text without any stop comes back whole', () => {
    const text = 'word '.repeat(5000).trim();
    expect(splitSentences(text)).toEqual([text]);
  });
});

describe('SentenceStream', () => {
  const report = 'FINDINGS: There is a 1.2 cm mass, e.g. a metastasis. Dr. Lee was told.\n\n1. No bleed.\n2. No shift at 3.5 mm.\nIMPRESSION:\nGlioma vs. lymphoma. T2 is bright';

  test.each([1, 2, 3, 7, 1000])('pieces of %d characters give the sentences of the whole text', (length) => {
    const stream = new SentenceStream();
    const found: string[] = [];
    for (let at = 0; at < report.length; at += length) found.push(...stream.push(report.slice(at, at + length)));
    found.push(...stream.end());
    expect(found).toEqual(splitSentences(report));
    expect(found).toHaveLength(6);
  });

  test('a sentence is given once what follows proves it complete, not before', () => {
    const stream = new SentenceStream();
    expect(stream.push('The lesion is 1.')).toEqual([]);
    expect(stream.push('2 cm wide.')).toEqual([]);
    expect(stream.push(' ')).toEqual(['The lesion is 1.2 cm wide.']);
    expect(stream.unfinished).toBe(false);
    stream.push('Midline');
    expect(stream.unfinished).toBe(true);
    expect(stream.end()).toEqual(['Midline']);
  });
});
