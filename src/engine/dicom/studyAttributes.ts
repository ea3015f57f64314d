/** Patient, study and sequence attributes of a parsed data set, as the rest of the engine wants them. */
import type { Attributes } from './attributes.ts';
import { displayName } from './personName.ts';
import { tags } from './tags.ts';
import type { SequenceAttributes, StudyAttributes } from './types.ts';
import { parseAgeYears, parseDate, parseTime, yearsBetween } from './values.ts';

export function readStudyAttributes(attributes: Attributes): StudyAttributes {
  const birthDate = parseDate(attributes.text(tags.patientBirthDate));
  const studyDate = parseDate(attributes.text(tags.studyDate)) || parseDate(attributes.text(tags.seriesDate));
  const sex = attributes.text(tags.patientSex).toUpperCase();
  return {
    patientName: displayName(attributes.text(tags.patientName)),
    patientId: attributes.text(tags.patientId),
    patientIdIssuer: attributes.text(tags.patientIdIssuer),
    birthDate,
    sex: ['M', 'F', 'O'].includes(sex) ? sex : '',
    ageYears: yearsBetween(birthDate, studyDate) ?? parseAgeYears(attributes.text(tags.patientAge)),
    studyDate,
    studyTime: parseTime(attributes.text(tags.studyTime)),
    studyDescription: attributes.text(tags.studyDescription),
    accession: attributes.text(tags.accessionNumber),
  };
}

/**
 * Attributes for choosing a series. Enhanced MR keeps timing in functional groups and has no ScanningSequence; it is
 * put together from EchoPulseSequence and its neighbours (PS3.3 C.8.13.4) in the classic words SE, GR, IR, EP.
 */
export function readSequenceAttributes(attributes: Attributes): SequenceAttributes {
  const shared = attributes.item(tags.sharedFunctionalGroups);
  const firstFrame = attributes.item(tags.perFrameFunctionalGroups);
  const group = (tag: string): Attributes | null => firstFrame?.item(tag) ?? shared?.item(tag) ?? null;
  const timing = group(tags.mrTimingSequence);
  const echo = group(tags.mrEchoSequence);
  const modifier = group(tags.mrModifierSequence);
  return {
    seriesDescription: attributes.text(tags.seriesDescription),
    protocolName: attributes.text(tags.protocolName),
    sequenceName: attributes.text(tags.sequenceName) || attributes.text(tags.pulseSequenceName),
    scanningSequence: attributes.codes(tags.scanningSequence).join('\\') || enhancedScanningSequence(attributes, modifier),
    sequenceVariant: attributes.codes(tags.sequenceVariant).join('\\'),
    mrAcquisitionType: attributes.text(tags.mrAcquisitionType).toUpperCase(),
    bodyPart: attributes.text(tags.bodyPartExamined),
    contrastAgent: attributes.text(tags.contrastBolusAgent) || (attributes.item(tags.contrastBolusAgentSequence)?.text(tags.codeMeaning) ?? ''),
    repetitionTimeMs: attributes.number(tags.repetitionTime, 'DS') ?? timing?.number(tags.repetitionTime, 'DS') ?? null,
    echoTimeMs: attributes.number(tags.echoTime, 'DS') ?? echo?.number(tags.effectiveEchoTime, 'FD') ?? null,
    inversionTimeMs: attributes.number(tags.inversionTime, 'DS') ?? modifier?.number(tags.inversionTimes, 'FD') ?? null,
    flipAngleDeg: attributes.number(tags.flipAngle, 'DS') ?? timing?.number(tags.flipAngle, 'DS') ?? null,
    echoTrainLength: attributes.number(tags.echoTrainLength, 'IS') ?? timing?.number(tags.echoTrainLength, 'IS') ?? timing?.number(tags.rfEchoTrainLength, 'US') ?? null,
    spacingBetweenSlicesMm: attributes.number(tags.spacingBetweenSlices, 'DS') ?? group(tags.pixelMeasuresSequence)?.number(tags.spacingBetweenSlices, 'DS') ?? null,
    seriesNumber: attributes.number(tags.seriesNumber, 'IS'),
    seriesTime: parseTime(attributes.text(tags.seriesTime)) || parseTime(attributes.text(tags.acquisitionTime)),
    burnedInAnnotation: attributes.text(tags.burnedInAnnotation).toUpperCase(),
    derivationDescription: attributes.text(tags.derivationDescription),
  };
}

function enhancedScanningSequence(attributes: Attributes, modifier: Attributes | null): string {
  const echo = attributes.text(tags.echoPulseSequence).toUpperCase();
  const kinds = { SPIN: ['SE'], GRADIENT: ['GR'], BOTH: ['SE', 'GR'] }[echo] ?? [];
  const planar = attributes.text(tags.echoPlanarPulseSequence).toUpperCase() === 'YES';
  const inverted = (modifier ?? attributes).text(tags.inversionRecovery).toUpperCase() === 'YES';
  return [...(planar ? ['EP'] : []), ...kinds, ...(inverted ? ['IR'] : [])].join('\\');
}
