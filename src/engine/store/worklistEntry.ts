/** What a worklist sorts and searches a study by, made of its attributes. */
import type { StudyAttributes } from '../dicom/types.ts';
import { foldText, wordsOf } from './fold.ts';

export interface WorklistEntry {
  readonly name: string;
  readonly patient: string;
  readonly age: number;
  readonly date: string;
  readonly description: string;
  readonly text: string;
}

/** Where a reader may begin to type an identifier: "PAT000123" is found by "000123" and "123" as well. */
function endsOf(identifier: string): string[] {
  return wordsOf(identifier).flatMap((word) => {
    const [digits = ''] = /\d+$/.exec(word) ?? [];
    return [digits, digits.replace(/^0+/, '')];
  });
}

export function entryOf({ patientName, patientId, ageYears, studyDate, studyDescription, accession }: StudyAttributes): WorklistEntry {
  // Family and given name of the first representation decide the order; all representations are found.
  const [first = ''] = patientName.split('=');
  const words = [...wordsOf(patientName), ...wordsOf(patientId), ...endsOf(patientId), ...wordsOf(studyDescription), ...wordsOf(accession), ...endsOf(accession), ...wordsOf(studyDate)];
  return {
    name: foldText(first).replaceAll('^', ' ').trim(),
    patient: foldText(patientId),
    age: ageYears ?? -1,
    date: studyDate,
    description: foldText(studyDescription),
    text: [...new Set(words)].filter(Boolean).join(' '),
  };
}
