/**
 * DICOM structured reports as text (PS3.3 C.17.3, content tree): text items as paragraphs, measurements and codes as
 * "concept: value", titles of sections on lines of their own. What a report is about or was made from (observation context,
 * images, coordinates) is left out.
 */
import type { Attributes } from '../dicom/attributes.ts';
import { displayName } from '../dicom/personName.ts';
import { tags } from '../dicom/tags.ts';
import type { FileSource } from '../dicom/types.ts';
import { toErrorData } from '../../shared/errors.ts';
import { readAttributes } from './dicomFile.ts';
import type { ReportItem } from './reportRecord.ts';

/** Deeper trees than any template has. */
const mostLevels = 24;
const contentRelations = new Set(['', 'CONTAINS', 'HAS PROPERTIES']);

/** Reads one file, which must be a structured report with text. Never throws. */
export async function readStructuredReport(file: FileSource): Promise<ReportItem> {
  const source = file.name;
  let attributes: Attributes;
  try {
    attributes = await readAttributes(file);
  } catch (error) {
    return { kind: 'problem', source, place: '', code: 'dicom/bad-header', reason: toErrorData(error, source).message };
  }
  if (attributes.text(tags.completionFlag).toUpperCase() === 'PARTIAL') return { kind: 'problem', source, place: '', code: 'reports/not-final', reason: 'It is marked as partial' };
  const text = paragraphsOf(attributes, 0).join('\n\n').replace(/[ \t]+\n/g, '\n').trim();
  if (text === '') return { kind: 'problem', source, place: '', code: 'reports/empty', reason: 'It has no text' };
  const names = [tags.patientName, tags.referringPhysician].flatMap((tag) => attributes.texts(tag));
  const verifiers = attributes.items(tags.verifyingObserverSequence).map((item) => item.text(tags.verifyingObserverName));
  const patient = attributes.text(tags.patientId);
  return {
    kind: 'report', source, place: '', text,
    studyUid: attributes.uid(tags.studyInstanceUid),
    accession: attributes.text(tags.accessionNumber),
    patients: patient === '' ? [] : [patient],
    people: [...names, ...verifiers].map((name) => displayName(name)).filter((name) => name !== ''),
    issued: `${attributes.text(tags.contentDate)}${attributes.text(tags.contentTime)}`.replaceAll(/\D/g, '').slice(0, 14).padEnd(14, '0'),
  };
}

const meaningOf = (item: Attributes, sequence: string): string => item.item(sequence)?.text(tags.codeMeaning) ?? '';

/** A document's title is no section. */
function paragraphsOf(item: Attributes, level: number): string[] {
  if (level > mostLevels) return [];
  const name = meaningOf(item, tags.conceptNameSequence);
  const below = (): string[] => item.items(tags.contentSequence).filter((child) => contentRelations.has(child.text(tags.relationshipType).toUpperCase())).flatMap((child) => paragraphsOf(child, level + 1));
  switch (item.text(tags.valueType).toUpperCase()) {
    case 'CONTAINER': {
      const content = below();
      return content.length > 0 && level > 0 && name !== '' ? [`${name}:`, ...content] : content;
    }
    case 'TEXT':
      return [item.text(tags.textValue).replaceAll('\r\n', '\n').replaceAll('\r', '\n'), ...below()].filter((text) => text !== '');
    case 'NUM': {
      const measured = item.item(tags.measuredValueSequence);
      const value = measured?.text(tags.numericValue) ?? '';
      const units = measured?.item(tags.unitsSequence)?.text(tags.codeValue) ?? '';
      return value === '' ? below() : [`${name}: ${value}${units === '' || units === '1' ? '' : ` ${units}`}.`, ...below()];
    }
    case 'CODE': {
      const value = meaningOf(item, tags.conceptCodeSequence);
      return value === '' ? below() : [`${name}: ${value}.`, ...below()];
    }
    default:
      return [];
  }
}
