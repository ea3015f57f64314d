/** The report on paper, read by poppler, and inside a DICOM object, taken out again by DCMTK. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { expect, test } from 'vitest';
import { describeWithTools, iodErrors, iodOf, runTool } from '../../../testing/otherTools.ts';
import { identityForTests, packForTests, sentenceForTests, signedReportForTests, signedStudyForTests } from '../../../testing/signedStudy.ts';
import { temporaryFolder } from '../../../testing/temporaryFolder.ts';
import { draftPdf, encapsulatedPdfFile, reportPdf } from './reportPdf.ts';

const picture = { png: encode({ width: 8, height: 6, data: Uint8Array.from({ length: 48 }, (_, n) => n * 5), channels: 1, depth: 8 }), caption: 'T1 AX POST GAD, slice 12: mass' };
const software = { name: 'brat desktop', version: '0.1.0' };

function fileOf(bytes: Uint8Array, name = 'report.pdf'): string {
  const file = join(temporaryFolder(), name);
  writeFileSync(file, bytes);
  return file;
}
/** Text of each page. */
const pagesOf = (bytes: Uint8Array): string[] => runTool('pdftotext', ['-layout', fileOf(bytes), '-']).out.split('\f').slice(0, -1);
const long = Array.from({ length: 220 }, (_, n) => sentenceForTests(`s${n}`, 'findings', `Sentence number ${n} of a long report about a brain.`));

describeWithTools('a report on paper', ['pdftotext', 'pdfimages', 'dcm2pdf', 'dciodvfy'], () => {
  test('has its sections, its reader and its images, the patient on each page, and no mark of a draft', async () => {
    const report = signedReportForTests({ content: { ...signedReportForTests().content, sentences: [...signedReportForTests().content.sentences, ...long] } });
    const bytes = await reportPdf(signedStudyForTests({ report, keyImages: [picture, picture, picture] }));
    const pages = pagesOf(bytes);
    expect(pages.length).toBeGreaterThan(3);
    for (const [at, page] of pages.entries()) {
      expect(page).toMatch(/^Doe, Jane +P1/);
      expect(page).toContain(`page ${at + 1} of ${pages.length}`);
    }
    const all = pages.join('\n');
    for (const words of ['MR Brain Report', 'Ring-enhancing mass in the left frontal lobe', 'Sentence number 219', 'Impression', 'Signed by Dr. Ada Lovelace (radiologist)', 'SYNTHETIC pack', 'slice 12: mass']) expect(all).toContain(words);
    expect(all).not.toMatch(/DRAFT|REJECTED|PROPOSED/);
    expect(runTool('pdfimages', ['-list', fileOf(bytes)]).out.split('\n').filter((line) => line.includes('image'))).toHaveLength(3);
  });

  test('that is not signed says DRAFT on every page, and keeps what is not accepted yet', async () => {
    const content = { ...signedReportForTests().content, sentences: [...signedReportForTests().content.sentences, ...long] };
    const pages = pagesOf(await draftPdf({ number: 1, content, study: identityForTests, keyImages: [picture], pack: packForTests, software, at: '2026-01-05T09:00:00.000Z' }));
    expect(pages.length).toBeGreaterThan(3);
    for (const page of pages) expect(page).toContain('DRAFT – NOT A REPORT');
    expect(pages.join('\n')).toContain('PROPOSED-SENTENCE');
    expect(pages.join('\n')).not.toMatch(/REJECTED|Signed by/);
  });

  test('shows Greek, Cyrillic and accents, and names a character it has no glyph for', async () => {
    const report = signedReportForTests({ content: { sentences: [sentenceForTests('s1', 'findings', 'Ελληνικά Кириллица Ångström ≤ 3 mm² 左 end')], answers: [], firstImpression: '' } });
    expect(pagesOf(await reportPdf(signedStudyForTests({ report }))).join('')).toMatch(/Ελληνικά Кириллица Ångström ≤ 3 mm² \[U\+5DE6\] end/);
  });

  test('is the same file for the same report', async () => {
    const [first, second] = await Promise.all([reportPdf(signedStudyForTests()), reportPdf(signedStudyForTests())]);
    expect(Buffer.from(first).equals(Buffer.from(second))).toBe(true);
  });

  test('inside a DICOM object is a valid Encapsulated PDF that gives back the same bytes', async () => {
    const file = fileOf(await encapsulatedPdfFile(signedStudyForTests({ keyImages: [picture] })), 'pdf.dcm');
    expect([iodOf(file), iodErrors(file)]).toEqual(['EncapsulatedPDF', []]);
    const out = join(temporaryFolder(), 'out.pdf');
    expect(runTool('dcm2pdf', [file, out]).code).toBe(0);
    expect(readFileSync(out).equals(Buffer.from(await reportPdf(signedStudyForTests({ keyImages: [picture] }))))).toBe(true);
  });
});
