/** Content items of structured reports (PS3.3 C.17.3) as data sets. */
import type { ImageReference } from '../report/signedStudy.ts';
import type { DataSet } from '../dicom/writeDataSet.ts';

export type Code = readonly [value: string, scheme: 'DCM' | 'LN' | 'SCT' | 'UCUM' | 'UMLS' | 'RFC5646' | '99BRAT', meaning: string];

export type Relationship = 'CONTAINS' | 'HAS OBS CONTEXT' | 'HAS CONCEPT MOD' | 'HAS PROPERTIES' | 'INFERRED FROM' | 'SELECTED FROM';

export const codeItem = ([value, scheme, meaning]: Code): DataSet => ({ CodeValue: value, CodingSchemeDesignator: scheme, CodeMeaning: meaning.slice(0, 64) });

function item(relationship: Relationship, valueType: string, name: Code | null, fields: DataSet, children: readonly DataSet[] = []): DataSet {
  return {
    RelationshipType: relationship,
    ValueType: valueType,
    ...(name !== null && { ConceptNameCodeSequence: [codeItem(name)] }),
    ...fields,
    ...(children.length > 0 && { ContentSequence: children }),
  };
}

export const container = (relationship: Relationship, name: Code, children: readonly DataSet[]): DataSet => item(relationship, 'CONTAINER', name, { ContinuityOfContent: 'SEPARATE' }, children);
export const text = (relationship: Relationship, name: Code, value: string, children: readonly DataSet[] = []): DataSet => item(relationship, 'TEXT', name, { TextValue: value }, children);
export const code = (relationship: Relationship, name: Code, value: Code, children: readonly DataSet[] = []): DataSet => item(relationship, 'CODE', name, { ConceptCodeSequence: [codeItem(value)] }, children);
export const uidReference = (relationship: Relationship, name: Code, uid: string): DataSet => item(relationship, 'UIDREF', name, { UID: uid });
export const person = (relationship: Relationship, name: Code, value: string): DataSet => item(relationship, 'PNAME', name, { PersonName: value });

/** @param value written with at most 16 characters, as VR DS has it */
export function number(relationship: Relationship, name: Code, value: number, unit: Code, children: readonly DataSet[] = []): DataSet {
  return item(relationship, 'NUM', name, { MeasuredValueSequence: [{ MeasurementUnitsCodeSequence: [codeItem(unit)], NumericValue: decimal(value) }] }, children);
}

/** VR DS: at most 16 characters. */
export function decimal(value: number): string {
  for (let digits = 10; digits > 0; digits--) {
    const written = String(Number(value.toPrecision(digits)));
    if (written.length <= 16) return written;
  }
  return value.toExponential(6);
}

export const image = (relationship: Relationship, { sopClassUid, sopInstanceUid, frame }: ImageReference): DataSet =>
  item(relationship, 'IMAGE', null, { ReferencedSOPSequence: [{ ReferencedSOPClassUID: sopClassUid, ReferencedSOPInstanceUID: sopInstanceUid, ...(frame !== null && { ReferencedFrameNumber: String(frame) }) }] });

export type GraphicType = 'POINT' | 'MULTIPOINT' | 'POLYLINE' | 'ELLIPSE';

/** Points in an image: column and row (PS3.3 C.18.6). */
export const coordinates = (relationship: Relationship, type: GraphicType, points: readonly (readonly [number, number])[], selectedFrom: ImageReference): DataSet =>
  item(relationship, 'SCOORD', null, { GraphicData: points.flat(), GraphicType: type }, [image('SELECTED FROM', selectedFrom)]);

/** Points in patient space, LPS mm (PS3.3 C.18.9). */
export const coordinates3d = (relationship: Relationship, type: GraphicType, pointsLps: readonly (readonly number[])[], frameOfReference: string): DataSet =>
  item(relationship, 'SCOORD3D', null, { ReferencedFrameOfReferenceUID: frameOfReference, GraphicData: pointsLps.flat(), GraphicType: type });
