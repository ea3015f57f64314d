/** A report on paper: A4 pages with who it is about on each, sections, key images, who signed, page numbers. */
import PdfDocument from 'pdfkit';
import type { Paper } from '../report/paper.ts';
import { personText, type KeyImage, type StudyIdentity } from '../report/signedStudy.ts';
import { fonts, printable } from './fonts.ts';

/** A page is dressed with who it is about and what wrote it. */
export interface Sheet extends Paper {
  readonly study: StudyIdentity;
  readonly software: string;
  /** ISO time the document bears, so that the same report gives the same bytes. */
  readonly at: string;
}

const margin = 56;
const size = { title: 16, heading: 11, text: 10, small: 8 } as const;
const ink = { text: '#111111', quiet: '#555555', mark: '#b00020' } as const;

/** @returns bytes of a PDF file */
export function layOut(paper: Sheet): Promise<Uint8Array> {
  const document = new PdfDocument({
    size: 'A4', margins: { top: margin + 22, bottom: margin, left: margin, right: margin }, bufferPages: true, lang: 'en', displayTitle: true, autoFirstPage: false,
    info: { Title: printable(paper.title), Creator: paper.software, CreationDate: new Date(paper.at), ModDate: new Date(paper.at) },
  });
  const chunks: Buffer[] = [];
  const done = new Promise<Uint8Array>((resolve, reject) => {
    document.on('data', (chunk: Buffer) => chunks.push(chunk));
    document.on('end', () => { resolve(new Uint8Array(Buffer.concat(chunks))); });
    document.on('error', reject);
  });
  document.addPage();
  writeHead(document, paper);
  for (const { heading, sentences } of paper.sections) writeSection(document, heading, sentences);
  writeImages(document, paper.keyImages);
  document.moveDown(1.5);
  for (const line of paper.closing) document.font(fonts.regular).fontSize(size.small).fillColor(ink.quiet).text(printable(line)).moveDown(0.2);
  dressPages(document, paper);
  document.end();
  return done;
}

function writeHead(document: PDFKit.PDFDocument, { title, head }: Paper): void {
  document.font(fonts.bold).fontSize(size.title).fillColor(ink.text).text(printable(title)).moveDown(0.5);
  document.fontSize(size.text);
  for (const { name, value } of head) {
    document.font(fonts.regular).fillColor(ink.quiet).text(`${name}:  `, { continued: true });
    document.fillColor(ink.text).text(printable(value));
  }
}

function writeSection(document: PDFKit.PDFDocument, heading: string, sentences: readonly string[]): void {
  document.moveDown(1).font(fonts.bold).fontSize(size.heading).fillColor(ink.text).text(heading).moveDown(0.3);
  document.font(fonts.regular).fontSize(size.text);
  for (const sentence of sentences) document.text(printable(sentence), { lineGap: 2 });
}

/** Two images a row, each with its caption below. */
function writeImages(document: PDFKit.PDFDocument, images: readonly KeyImage[]): void {
  if (images.length === 0) return;
  const gap = 16;
  const width = (document.page.width - 2 * margin - gap) / 2;
  const height = width + 34;
  document.moveDown(1).font(fonts.bold).fontSize(size.heading).fillColor(ink.text).text('Key images').moveDown(0.3);
  let top = document.y;
  images.forEach(({ png, caption }, at) => {
    const column = at % 2;
    if (column === 0 && at > 0) top += height;
    if (column === 0 && top + height > document.page.height - margin) {
      document.addPage();
      top = document.y;
    }
    const left = margin + column * (width + gap);
    document.image(Buffer.from(png), left, top, { fit: [width, width], align: 'center', valign: 'center' });
    document.font(fonts.regular).fontSize(size.small).fillColor(ink.quiet).text(printable(caption), left, top + width + 4, { width, height: 26, ellipsis: true });
  });
  document.x = margin;
  document.y = top + height;
}

/** On every page: the patient, the mark, and its number of how many. */
function dressPages(document: PDFKit.PDFDocument, { study, mark, software }: Sheet): void {
  const { start, count } = document.bufferedPageRange();
  const name = [personText(study.patientName), study.patientId].filter((part) => part !== '').join('  ');
  for (let page = start; page < start + count; page++) {
    document.switchToPage(page);
    const { width, height } = document.page;
    // Text below the bottom margin would start a page of its own.
    document.page.margins.bottom = 0;
    document.font(fonts.regular).fontSize(size.small).fillColor(ink.quiet);
    document.text(printable(name), margin, 30, { width: width / 2 - margin, lineBreak: false, ellipsis: true });
    document.text(`${software}   page ${page + 1} of ${count}`, width / 2, height - 36, { width: width / 2 - margin, align: 'right', lineBreak: false });
    if (mark === null) continue;
    document.font(fonts.bold).fontSize(size.heading).fillColor(ink.mark).text(mark, width / 2, 28, { width: width / 2 - margin, align: 'right', lineBreak: false });
    document.save().rotate(-45, { origin: [width / 2, height / 2] }).fontSize(110).fillOpacity(0.12).text('DRAFT', 0, height / 2 - 60, { width, align: 'center', lineBreak: false }).restore();
  }
}
