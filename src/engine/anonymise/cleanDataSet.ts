/**
 * A data set without what identifies a person: DICOM PS3.15 Annex E, Basic Application Level Confidentiality Profile with the
 * options Retain Longitudinal Temporal Information With Modified Dates and Clean Descriptors. Values that stay are the source's
 * own bytes. Stricter than the table where it is silent: private and unknown attributes, free text and names the table does not
 * list go, every date is moved, every identifier of an object that the standard does not own is replaced, and an attribute that
 * holds a known name or number is blanked.
 */
import type { DataSet, Element } from 'dicom-parser';
import type { DecodeText } from '../dicom/characterSet.ts';
import { standardVr, vrOf } from './dictionary.ts';
import { dataSetBytes, fits, sequenceValue, textValue, type EncodedElement, type Encoding } from './elementBytes.ts';
import { decoderOf, type identifierSearch } from './knownIdentifiers.ts';
import { profileActions, type ProfileAction } from './profileTable.ts';
import type { Pseudonyms } from './pseudonyms.ts';

export interface Cleaning {
  readonly pseudonyms: Pseudonyms;
  readonly holds: ReturnType<typeof identifierSearch>;
  /** In the place of study and series descriptions. */
  readonly studyDescription: string;
  readonly seriesDescription: string;
  readonly encoding: Encoding;
}

/** Kinds of objects, transfer syntaxes and coding schemes: they name no object. */
const classUids = new Set(['00080016', '0008001a', '0008001b', '0008010c', '00080062', '00081150', '00081151', '00081152', '0008115a', '00041510', '00041512', '00080117', '00080118']);
/** ReferencedPerformedProcedureStepSequence, which enhanced objects need: its dummy is a reference with other identifiers. */
const performedStep = '00081111';
/** AcquisitionContextSequence, which enhanced objects have even when it is empty; other sequences that may go hold an item or are not there. */
const acquisitionContext = '00400555';
const unknownDummy = 'ANONYMISED';
const freeText = new Set(['AE', 'AS', 'LT', 'ST', 'UC', 'UR', 'UT']);
const opaque = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'UN']);
/** Lookup tables and profiles of group 0028, offset tables and pixels of 7FE0. */
const opaqueGroups = new Set(['0028', '7fe0']);
const numberText = /^[0-9eE+\-., \\\0]*$/;
const timeText = /^[0-9:., \\\0]*$/;
const empty = Buffer.alloc(0);

const method = ['DICOM PS3.15 Annex E Basic Profile', 'Clean Descriptors', 'Modified Dates'];
/** Codes of context group 7050 (PS3.16). */
const methodCodes = [
  ['113100', 'Basic Application Confidentiality Profile'],
  ['113105', 'Clean Descriptors Option'],
  ['113107', 'Retain Longitudinal Temporal Information Modified Dates Option'],
] as const;

const text = (tag: string, vr: string, value: string): EncodedElement => ({ tag, vr, value: textValue(value, vr) });

/** The data set of an object, with the attributes that say what was done to it. @param decode of text before a character set is declared */
export function cleanObject(dataSet: DataSet, cleaning: Cleaning, decode: DecodeText): Buffer {
  const { pseudonyms, encoding } = cleaning;
  const codes = methodCodes.map(([code, meaning]) => dataSetBytes([text('00080100', 'SH', code), text('00080102', 'SH', 'DCM'), text('00080104', 'LO', meaning)], encoding));
  const written: EncodedElement[] = [
    text('00100010', 'PN', pseudonyms.patientName), text('00100020', 'LO', pseudonyms.patientId),
    text('00120062', 'CS', 'YES'), text('00120063', 'LO', method.join('\\')), { tag: '00120064', vr: 'SQ', value: sequenceValue(codes, encoding) },
    text('00280303', 'CS', 'MODIFIED'),
  ];
  const tags = new Set(written.map(({ tag }) => tag));
  return dataSetBytes([...cleanElements(dataSet, cleaning, decode).filter(({ tag }) => !tags.has(tag)), ...written], encoding);
}

function cleanElements(dataSet: DataSet, cleaning: Cleaning, inherited: DecodeText): EncodedElement[] {
  const decode = decoderOf(dataSet, inherited);
  return Object.entries(dataSet.elements).flatMap(([key, element]): EncodedElement[] => {
    const tag = key.slice(1);
    if (tag === '7fe00010' || neverKept(tag)) return [];
    const vr = vrOf(tag, element.vr);
    if (vr === null) return [];
    const value = cleanValue({ tag, vr, element, dataSet }, cleaning, decode);
    return value === null || !fits(vr, value) ? [] : [{ tag, vr, value }];
  });
}

/** Private, overlay, curve, signature and padding groups, group lengths, and attributes the standard does not have. */
function neverKept(tag: string): boolean {
  const group = Number.parseInt(tag.slice(0, 4), 16);
  return group % 2 === 1 || group < 0x0008 || group >= 0xfff0 || (group & 0xff00) === 0x5000 || (group & 0xff00) === 0x6000 || tag.endsWith('0000') || standardVr(tag) === null;
}

interface Source {
  readonly tag: string;
  readonly vr: string;
  readonly element: Element;
  readonly dataSet: DataSet;
}

/** @returns null where the attribute goes */
function cleanValue(source: Source, cleaning: Cleaning, decode: DecodeText): Buffer | null {
  const { tag, vr, element } = source;
  const replaced = replacement(tag, source, cleaning);
  if (replaced !== null) return replaced;
  const action = profileActions.get(tag);
  if (action === 'X') return null;
  if (action === 'Z' || action === 'X/Z') return vr === 'SQ' && action === 'X/Z' && tag !== acquisitionContext ? null : empty;
  if (tag !== performedStep && (action === 'D' || action === 'Z/D' || action === 'X/D' || action === 'X/Z/D')) return dummy(source, action, cleaning);
  // Written as a sequence: of unknown representation, its items would be in another encoding than the rest.
  if (vr === 'SQ') return element.vr === 'UN' ? null : sequenceValue((element.items ?? []).map((item) => (item.dataSet === undefined ? empty : dataSetBytes(cleanElements(item.dataSet, cleaning, decode), cleaning.encoding))), cleaning.encoding);
  if (element.items !== undefined || element.hadUndefinedLength === true) return null;
  return cleanSimple(source, action, cleaning, decode);
}

const bytesOf = ({ element, dataSet }: Source): Buffer => Buffer.from(dataSet.byteArray.subarray(element.dataOffset, element.dataOffset + element.length));

/** Descriptors that tell how a series is read are written anew, in words of ours; the table's D and C. */
function replacement(tag: string, source: Source, { seriesDescription, studyDescription }: Cleaning): Buffer | null {
  if (tag === '0008103e' || tag === '00181030') return textValue(seriesDescription, 'LO');
  if (tag === '00081030') return textValue(studyDescription, 'LO');
  if (tag === '00180010') {
    const agent = bytesOf(source).toString('latin1').replaceAll('\0', '').trim();
    return textValue(agent === '' || /^(?:none|no)$/i.test(agent) ? agent : 'Contrast agent', 'LO');
  }
  return null;
}

/** What stands where a value must: of the kind the attribute wants, and saying nothing. */
function dummy(source: Source, action: ProfileAction, cleaning: Cleaning): Buffer | null {
  const { vr, element } = source;
  if (vr === 'SQ') return action === 'Z/D' ? empty : null;
  if (vr === 'UI') return replacedUids(source, cleaning.pseudonyms);
  if (vr === 'PN') return textValue('Anonymised', vr);
  if (vr === 'DS' || vr === 'IS') return textValue('0', vr);
  if (vr === 'DA' || vr === 'DT' || vr === 'TM' || vr === 'AS') return empty;
  if (opaque.has(vr)) return null;
  if (['US', 'SS', 'UL', 'SL', 'FL', 'FD', 'AT', 'SV', 'UV'].includes(vr)) return Buffer.alloc(element.length);
  return textValue(unknownDummy, vr);
}

function replacedUids(source: Source, pseudonyms: Pseudonyms): Buffer {
  const uids = bytesOf(source).toString('latin1').replaceAll('\0', '').split('\\').map((uid) => uid.trim());
  return textValue(uids.map((uid) => pseudonyms.uid(uid)).join('\\'), 'UI');
}

const eachValue = (source: Source, change: (value: string) => string): Buffer =>
  textValue(bytesOf(source).toString('latin1').replaceAll('\0', '').split('\\').map((value) => change(value.trim())).join('\\'), source.vr);

function cleanSimple(source: Source, action: ProfileAction | undefined, { pseudonyms, holds }: Cleaning, decode: DecodeText): Buffer | null {
  const { tag, vr } = source;
  if (vr === 'UI') return classUids.has(tag) ? bytesOf(source) : replacedUids(source, pseudonyms);
  // An identifier with another representation than the standard's is no identifier that can be replaced.
  if (action === 'U' || action === 'X/Z/U') return null;
  if (vr === 'DA') return eachValue(source, (value) => pseudonyms.date(value));
  if (vr === 'DT') return eachValue(source, (value) => pseudonyms.dateTime(value));
  const bytes = bytesOf(source);
  if (vr === 'TM') return timeText.test(bytes.toString('latin1')) ? bytes : empty;
  if (action === 'shift') return null;
  if (vr === 'PN') return empty;
  if (freeText.has(vr)) return null;
  if (opaque.has(vr)) return opaqueGroups.has(tag.slice(0, 4)) ? bytes : null;
  if (vr === 'DS' || vr === 'IS') return numberText.test(bytes.toString('latin1')) ? bytes : empty;
  if (vr === 'LO' || vr === 'SH') return holds.any(decode(bytes)) ? textValue(unknownDummy, vr) : bytes;
  // Coded values: a site's own may be anything, those of how pixels are stored are the standard's.
  if (vr === 'CS') return tag !== '00080005' && !tag.startsWith('0028') && holds.name(decode(bytes)) ? empty : bytes;
  return bytes;
}
