/** Reports as plain text, for a clipboard, a mail or a system that takes nothing else. UTF-8, lines as they come. */
import { headRows, reportTitle, signatures, signedSections, type PrintedSection, type SignedStudy } from '../report/signedStudy.ts';
import type { Paper } from '../report/paper.ts';

export function reportText(signed: Pick<SignedStudy, 'report' | 'study' | 'addenda'>): string {
  return lines(reportTitle(signed.report), headRows(signed.study), signedSections(signed), signatures(signed)).join('\n');
}

/** What is not signed, each line headed by the mark, so that no part of it can be taken for a report. */
export function draftText({ title, head, sections, closing, mark }: Paper & { readonly mark: string }): string {
  return `${lines(title, head, sections, closing).flatMap((line) => line.split(/\r\n?|\n/)).map((line) => `${mark}  ${line}`.trimEnd()).join('\n')}\n`;
}

function lines(title: string, head: Paper['head'], sections: readonly PrintedSection[], closing: readonly string[]): string[] {
  // Wide enough for the longest name.
  const rows = head.map(({ name, value }) => `${`${name}:`.padEnd(13)}${value}`);
  return [title, '', ...rows, ...sections.flatMap(({ heading, sentences }) => ['', heading.toUpperCase(), ...sentences]), '', ...closing, ''];
}
