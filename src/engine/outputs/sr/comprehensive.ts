/**
 * The report with its measurements after TID 1500, Imaging Measurement Report, to which the sections of text are added (the
 * template is extensible). A Comprehensive SR (PS3.3 A.35.3) where every measurement lies in an image; where one lies across
 * images, a Comprehensive 3D SR (A.35.13), which alone may hold points in patient space.
 */
import type { Measurement, StructuredAnswer } from '../../../shared/contract.ts';
import { derivedUid, writeDataSet, type DataSet } from '../dicom/writeDataSet.ts';
import { machineNote, type PlacedMeasurement, type SignedStudy } from '../report/signedStudy.ts';
import { code, container, coordinates, coordinates3d, image, number, text, uidReference, type Code, type GraphicType } from './contentItems.ts';
import { observationContext, srDocument, textSections } from './document.ts';

const comprehensiveSr = '1.2.840.10008.5.1.4.1.1.88.33';
const comprehensive3dSr = '1.2.840.10008.5.1.4.1.1.88.34';

const millimetre: Code = ['mm', 'UCUM', 'millimeter'];
const squareMillimetre: Code = ['mm2', 'UCUM', 'square millimeter'];
const degree: Code = ['deg', 'UCUM', 'degree'];
/** Values of an MR image have no unit. */
const noUnit: Code = ['1', 'UCUM', 'no units'];
const signal: Code = ['110852', 'DCM', 'MR signal intensity'];
const comment: Code = ['121106', 'DCM', 'Comment'];

interface Quantity {
  readonly name: Code;
  readonly unit: Code;
}

const quantities: Readonly<Record<Measurement['kind'], Quantity | null>> = {
  length: { name: ['410668003', 'SCT', 'Length'], unit: millimetre },
  angle: { name: ['1483009', 'SCT', 'Angle'], unit: degree },
  ellipse: { name: ['42798000', 'SCT', 'Area'], unit: squareMillimetre },
  probe: { name: signal, unit: noUnit },
  arrow: null,
};

const graphics: Readonly<Record<Measurement['kind'], GraphicType>> = { length: 'POLYLINE', angle: 'POLYLINE', ellipse: 'ELLIPSE', probe: 'POINT', arrow: 'POINT' };

const derivations = [
  ['mean', ['373098007', 'SCT', 'Mean']],
  ['standardDeviation', ['386136009', 'SCT', 'Standard Deviation']],
  ['minimum', ['255605001', 'SCT', 'Minimum']],
  ['maximum', ['56851009', 'SCT', 'Maximum']],
] as const;

/** Where a measurement was made: in its image, or in patient space. An arrow points at its tip. */
function place({ measurement: { kind, pointsLps, frameOfReference }, image: placed }: PlacedMeasurement): DataSet {
  const count = graphics[kind] === 'POINT' ? 1 : pointsLps.length;
  return placed === null
    ? coordinates3d('INFERRED FROM', graphics[kind], pointsLps.slice(0, count), frameOfReference)
    : coordinates('INFERRED FROM', graphics[kind], placed.points.slice(0, count), placed);
}

/** A measurement group (TID 1501) with its values (TID 300). */
function group(placed: PlacedMeasurement, at: number): DataSet {
  const { id, kind, value, label, statistics, study } = placed.measurement;
  const quantity = quantities[kind];
  const where = place(placed);
  return container('CONTAINS', ['125007', 'DCM', 'Measurement Group'], [
    text('HAS OBS CONTEXT', ['112039', 'DCM', 'Tracking Identifier'], label === '' ? `Measurement ${at + 1}` : label),
    uidReference('HAS OBS CONTEXT', ['112040', 'DCM', 'Tracking Unique Identifier'], derivedUid('measurement', study, id)),
    ...(quantity === null || value === null ? [text('CONTAINS', comment, label === '' ? 'Marked by the reader' : label, [where])] : [number('CONTAINS', quantity.name, value, quantity.unit, [where])]),
    ...(statistics === null ? [] : derivations.map(([field, meaning]) => number('CONTAINS', signal, statistics[field], noUnit, [code('HAS CONCEPT MOD', ['121401', 'DCM', 'Derivation'], meaning), where]))),
  ]);
}

/** Answers to the structured questions, by their own words. */
const answer = ({ question, answers }: StructuredAnswer): DataSet => text('CONTAINS', [question.slice(0, 16), '99BRAT', question], answers.join('; '));

/** @returns bytes of a DICOM file */
export function comprehensiveSrFile(signed: SignedStudy): Uint8Array {
  const { report, measurements } = signed;
  const images = measurements.flatMap(({ image: placed }) => (placed === null ? [] : [placed]));
  const library = [...new Map(images.map((reference) => [`${reference.sopInstanceUid} ${reference.frame ?? ''}`, reference])).values()];
  const answers = report.content.answers.filter((item) => item.answers.length > 0);
  const note = machineNote(report);
  return writeDataSet({
    ...srDocument(signed, {
      sopClassUid: images.length === measurements.length ? comprehensiveSr : comprehensive3dSr,
      title: ['126000', 'DCM', 'Imaging Measurement Report'],
      template: '1500',
      content: [
        ...observationContext(signed),
        code('HAS CONCEPT MOD', ['121058', 'DCM', 'Procedure reported'], ['113091000', 'SCT', 'Magnetic resonance imaging']),
        ...(library.length === 0 ? [] : [container('CONTAINS', ['111028', 'DCM', 'Image Library'], [container('CONTAINS', ['126200', 'DCM', 'Image Library Group'], library.map((reference) => image('CONTAINS', reference)))])]),
        ...(measurements.length === 0 ? [] : [container('CONTAINS', ['126010', 'DCM', 'Imaging Measurements'], measurements.map(group))]),
        ...(answers.length === 0 ? [] : [container('CONTAINS', ['C0034375', 'UMLS', 'Qualitative Evaluations'], answers.map(answer))]),
        ...textSections(signed),
        ...(note === null ? [] : [container('CONTAINS', ['121111', 'DCM', 'Summary'], [text('CONTAINS', comment, note)])]),
      ],
      images,
    }),
    ...(answers.length > 0 && { CodingSchemeIdentificationSequence: [{ CodingSchemeDesignator: '99BRAT', CodingSchemeName: 'Questions of brat desktop', CodingSchemeResponsibleOrganization: signed.software.name }] }),
  });
}
