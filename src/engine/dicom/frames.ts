/**
 * Where each frame lies and what tells it from the others of its series. Classic files say it at the top level,
 * enhanced ones in shared and per-frame functional groups (PS3.3 C.7.6.16); a multi-frame file without these says
 * nothing about its frames' places, and no place is made up for it.
 */
import { dot, lps, norm } from '../../shared/geometry.ts';
import type { Lps } from '../../shared/geometry.ts';
import type { Attributes } from './attributes.ts';
import { tags } from './tags.ts';
import type { FrameDiscriminators, FrameHeader } from './types.ts';

/** @param numberOfFrames checked by the caller against what the file can hold */
export function readFrames(attributes: Attributes, numberOfFrames: number): FrameHeader[] {
  const shared = attributes.item(tags.sharedFunctionalGroups);
  const perFrame = attributes.items(tags.perFrameFunctionalGroups);
  const enhanced = shared !== null || perFrame.length > 0;
  const dimensions = enhanced ? tellingDimensions(attributes) : [];
  const vendor = vendorDiscriminators(attributes);
  const classic = enhanced ? null : classicGroups(attributes);
  return Array.from({ length: numberOfFrames }, (_, frame) => {
    if (classic !== null) return describeFrame(frame, attributes, numberOfFrames > 1 ? withoutPlace(classic) : classic, vendor, '');
    const own = perFrame[frame] ?? null;
    const group = (tag: string): Attributes | null => own?.item(tag) ?? shared?.item(tag) ?? null;
    const content = own?.item(tags.frameContentSequence) ?? null;
    return describeFrame(frame, attributes, {
      position: group(tags.planePositionSequence),
      orientation: group(tags.planeOrientationSequence),
      measures: group(tags.pixelMeasuresSequence),
      transformation: group(tags.pixelValueTransformationSequence),
      window: group(tags.frameVoiLutSequence),
      echo: group(tags.mrEchoSequence),
      modifier: group(tags.mrModifierSequence),
      diffusion: group(tags.mrDiffusionSequence),
      cardiac: group(tags.cardiacSynchronizationSequence),
      frameType: group(tags.mrImageFrameTypeSequence),
      content,
    }, vendor, dimensionIndex(content, dimensions));
  });
}

/** The data sets that hold each kind of attribute: functional groups, or the top level many times over. */
interface Groups {
  readonly position: Attributes | null;
  readonly orientation: Attributes | null;
  readonly measures: Attributes | null;
  readonly transformation: Attributes | null;
  readonly window: Attributes | null;
  readonly echo: Attributes | null;
  readonly modifier: Attributes | null;
  readonly diffusion: Attributes | null;
  readonly cardiac: Attributes | null;
  readonly frameType: Attributes | null;
  readonly content: Attributes | null;
}

const classicGroups = (attributes: Attributes): Groups => ({
  position: attributes, orientation: attributes, measures: attributes, transformation: attributes, window: attributes, echo: null, modifier: null,
  diffusion: attributes, cardiac: null, frameType: null, content: null,
});

const withoutPlace = (groups: Groups): Groups => ({ ...groups, position: null, orientation: null });

function describeFrame(frame: number, top: Attributes, groups: Groups, vendor: VendorDiscriminators, dimension: string): FrameHeader {
  const [rowDirection, columnDirection] = directions(groups.orientation);
  const imageType = groups.frameType?.codes(tags.frameType) ?? top.codes(tags.imageType);
  const slope = groups.transformation?.number(tags.rescaleSlope, 'DS') ?? null;
  const width = groups.window?.number(tags.windowWidth, 'DS') ?? null;
  const discriminators: FrameDiscriminators = {
    echoTimeMs: groups.echo?.number(tags.effectiveEchoTime, 'FD') ?? top.number(tags.echoTime, 'DS'),
    echoNumber: top.number(tags.echoNumbers, 'IS'),
    inversionTimeMs: groups.modifier?.number(tags.inversionTimes, 'FD') ?? top.number(tags.inversionTime, 'DS'),
    temporalPosition: groups.content?.number(tags.temporalPositionIndex, 'UL') ?? top.number(tags.temporalPositionIdentifier, 'IS'),
    triggerTimeMs: groups.cardiac?.number(tags.nominalCardiacTriggerDelayTime, 'FD') ?? top.number(tags.triggerTime, 'DS'),
    acquisitionNumber: groups.content?.number(tags.frameAcquisitionNumber, 'US') ?? top.number(tags.acquisitionNumber, 'IS'),
    bValue: groups.diffusion?.number(tags.diffusionBValue, 'FD') ?? vendor.bValue,
    diffusionDirection: diffusionDirection(groups.diffusion) ?? vendor.direction,
    component: componentOf(groups.frameType, top, imageType, vendor.component),
    imageType: imageType.join('\\'),
    dimensionIndex: dimension,
  };
  return {
    frame,
    positionLps: triple(groups.position?.numbers(tags.imagePositionPatient, 'DS') ?? []),
    rowDirection,
    columnDirection,
    pixelSpacingMm: positivePair(groups.measures?.numbers(tags.pixelSpacing, 'DS') ?? []),
    sliceThicknessMm: positive(groups.measures?.number(tags.sliceThickness, 'DS') ?? null),
    rescaleSlope: slope === null || slope === 0 ? 1 : slope,
    rescaleIntercept: groups.transformation?.number(tags.rescaleIntercept, 'DS') ?? 0,
    windowCenter: width !== null && width > 0 ? (groups.window?.number(tags.windowCenter, 'DS') ?? null) : null,
    windowWidth: width !== null && width > 0 ? width : null,
    discriminators,
  };
}

const positive = (value: number | null): number | null => (value !== null && value > 0 ? value : null);

function positivePair(values: readonly (number | null)[]): readonly [number, number] | null {
  const [rows, columns] = [positive(values[0] ?? null), positive(values[1] ?? null)];
  return rows !== null && columns !== null ? [rows, columns] : null;
}

function triple(values: readonly (number | null)[]): Lps | null {
  const [x, y, z] = values;
  return x === null || x === undefined || y === null || y === undefined || z === null || z === undefined ? null : lps(x, y, z);
}

/** Both directions of ImageOrientationPatient at unit length, or neither: not six numbers, of no length, or parallel. */
function directions(group: Attributes | null): [Lps, Lps] | [null, null] {
  const values = group?.numbers(tags.imageOrientationPatient, 'DS') ?? [];
  const row = unit(triple(values.slice(0, 3)));
  const column = unit(triple(values.slice(3, 6)));
  return row === null || column === null || Math.abs(dot(row, column)) > 0.9 ? [null, null] : [row, column];
}

function unit(direction: Lps | null): Lps | null {
  if (direction === null) return null;
  const length = norm(direction);
  return Math.abs(length - 1) > 0.1 ? null : lps(direction[0] / length, direction[1] / length, direction[2] / length);
}

function diffusionDirection(group: Attributes | null): string | null {
  const holder = group?.item(tags.diffusionGradientDirectionSequence) ?? group;
  const values = holder?.numbers(tags.diffusionGradientOrientation, 'FD') ?? [];
  return values.length === 3 && !values.includes(null) ? values.join('\\') : null;
}

/** MAGNITUDE, PHASE, REAL or IMAGINARY from the attribute for it, the vendor's own, or the words of the image type. */
function componentOf(frameType: Attributes | null, top: Attributes, imageType: readonly string[], vendor: string): string {
  const said = frameType?.text(tags.complexImageComponent) || top.text(tags.complexImageComponent);
  if (said !== '') return said.toUpperCase();
  if (vendor !== '') return vendor;
  for (const word of imageType.slice(2)) {
    if (word === 'P' || word.startsWith('PHASE') || word.startsWith('P_')) return 'PHASE';
    if (word === 'M' || word === 'MAGNITUDE' || word.startsWith('M_')) return 'MAGNITUDE';
    if (word === 'R' || word === 'REAL' || word.startsWith('R_')) return 'REAL';
    if (word === 'I' || word.startsWith('IMAG') || word.startsWith('I_')) return 'IMAGINARY';
  }
  return '';
}

interface VendorDiscriminators {
  readonly bValue: number | null;
  readonly direction: string | null;
  readonly component: string;
}

/** Diffusion and complex component where Siemens, GE, Philips and UIH kept them before the standard had a place. */
function vendorDiscriminators(attributes: Attributes): VendorDiscriminators {
  const siemens = (element: string): string | null => attributes.privateTag('0019', 'SIEMENS MR HEADER', element);
  const ge = (element: string): string | null => attributes.privateTag('0043', 'GEMS_PARM_01', element);
  const philips = (element: string): string | null => attributes.privateTag('2001', 'Philips Imaging DD 001', element);
  const uih = (element: string): string | null => attributes.privateTag('0065', 'Image Private Header', element);
  const number = (tag: string | null, vr: 'IS' | 'FD' | 'FL' | 'SS'): number | null => (tag === null ? null : attributes.number(tag, vr));
  const numbers = (tag: string | null): string | null => {
    const values = tag === null ? [] : attributes.numbers(tag, 'FD');
    return values.length === 3 && !values.includes(null) ? values.join('\\') : null;
  };
  // GE adds 1e9 to the b-value on some software levels.
  const geB = number(ge('39'), 'IS');
  const geComponent = number(ge('2f'), 'SS');
  return {
    bValue: number(siemens('0c'), 'IS') ?? (geB === null ? null : geB % 1e5) ?? number(philips('03'), 'FL') ?? number(uih('09'), 'FD'),
    direction: numbers(siemens('0e')) ?? numbers(uih('37')),
    component: geComponent === null ? '' : (['MAGNITUDE', 'PHASE', 'REAL', 'IMAGINARY'][geComponent] ?? ''),
  };
}

/** Which positions of DimensionIndexValues tell volumes apart: all but those that only number slices within one. */
function tellingDimensions(attributes: Attributes): boolean[] {
  const sliceNumbering: readonly string[] = [tags.inStackPositionNumber, tags.imagePositionPatient];
  return attributes.items(tags.dimensionIndexSequence).map((item) => !sliceNumbering.includes(item.tag(tags.dimensionIndexPointer)));
}

function dimensionIndex(content: Attributes | null, telling: readonly boolean[]): string {
  const values = content?.numbers(tags.dimensionIndexValues, 'UL') ?? [];
  return values.filter((_, index) => telling[index] === true).join('\\');
}
