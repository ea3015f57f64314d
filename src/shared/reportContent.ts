/** What engine and window both know of a report's content. Apart from its schema, so that the window can be painted without that. */
import type { ReportContent, ReportSection, ReportSentence } from './contract/report.ts';
import { reportSections } from './choices.ts';

export const emptyContent: ReportContent = { sentences: [], answers: [], firstImpression: '' };

/** Text a machine wrote, which a person must decide on. */
export const isMachine = ({ origin }: Pick<ReportSentence, 'origin'>): boolean => origin === 'draft' || origin === 'model';

/** Sections in the order of a report; within one, sentences keep their order. */
export const inSectionOrder = <T extends { readonly section: ReportSection }>(sentences: readonly T[]): T[] =>
  reportSections.flatMap((section) => sentences.filter((sentence) => sentence.section === section));
