/**
 * Files that tile a whole volume into one image: Siemens MOSAIC and UIH VFRAME. Only what the tiles are is said here;
 * cutting them apart is the volume's work. Private elements as documented by dcm2niix and nibabel.
 */
import { cross, dot, lps, norm } from '../../shared/geometry.ts';
import type { Lps } from '../../shared/geometry.ts';
import type { Attributes } from './attributes.ts';
import { readCsaNumbers } from './csaHeader.ts';
import { tags } from './tags.ts';
import type { FrameHeader, MosaicInfo } from './types.ts';

/** CSA headers are some tens of kilobytes; megabytes would be damage. */
const maxCsaBytes = 4 * 2 ** 20;

/** @returns null when the image is no mosaic; `tiles` is 0 when it is one that does not say how many it has */
export function readMosaic(attributes: Attributes, imageType: readonly string[], firstFrame: FrameHeader | undefined): MosaicInfo | null {
  if (imageType.includes('MOSAIC')) return siemensMosaic(attributes);
  if (imageType.includes('VFRAME')) return uihVframe(attributes, firstFrame);
  return null;
}

function siemensMosaic(attributes: Attributes): MosaicInfo {
  const csaTag = attributes.privateTag('0029', 'SIEMENS CSA HEADER', '10');
  const csa = csaTag === null ? null : attributes.bytes(csaTag, maxCsaBytes);
  const countTag = attributes.privateTag('0019', 'SIEMENS MR HEADER', '0a');
  const tiles = (countTag === null ? null : attributes.number(countTag, 'US')) ?? readCsaNumbers(csa, 'NumberOfImagesInMosaic')[0] ?? 0;
  const [x, y, z] = readCsaNumbers(csa, 'SliceNormalVector');
  return {
    kind: 'siemens', tiles,
    sliceNormal: x === undefined || y === undefined || z === undefined ? null : lps(x, y, z),
    sliceStepMm: positive(attributes.number(tags.spacingBetweenSlices, 'DS') ?? attributes.number(tags.sliceThickness, 'DS')),
  };
}

/** (0065,1050) is the number of tiles, (0065,1051) an item for each with its own ImagePositionPatient. */
function uihVframe(attributes: Attributes, firstFrame: FrameHeader | undefined): MosaicInfo {
  const countTag = attributes.privateTag('0065', 'Image Private Header', '50');
  const positions = vframePositions(attributes);
  const tiles = (countTag === null ? null : attributes.number(countTag, 'DS')) ?? positions.length;
  const [first, second] = [positions[0], positions[positions.length - 1]];
  const steps = positions.length - 1;
  let sliceNormal: Lps | null = null;
  let sliceStepMm = positive(attributes.number(tags.spacingBetweenSlices, 'DS'));
  if (first !== undefined && second !== undefined && steps > 0) {
    const across = lps((second[0] - first[0]) / steps, (second[1] - first[1]) / steps, (second[2] - first[2]) / steps);
    const length = norm(across);
    if (length > 0) {
      const normal = firstFrame?.rowDirection && firstFrame.columnDirection ? cross(firstFrame.rowDirection, firstFrame.columnDirection) : null;
      // The true normal, signed by the direction in which the tiles go on.
      const sign = normal !== null && dot(normal, across) < 0 ? -1 : 1;
      sliceNormal = normal === null ? lps(across[0] / length, across[1] / length, across[2] / length) : lps(sign * normal[0], sign * normal[1], sign * normal[2]);
      sliceStepMm = length;
    }
  }
  return { kind: 'uih', tiles, sliceNormal, sliceStepMm };
}

/** Centre of the first pixel of each tile, in tile order; empty when the file gives none. */
export function vframePositions(attributes: Attributes): Lps[] {
  const tag = attributes.privateTag('0065', 'Image Private Header', '51');
  if (tag === null) return [];
  return attributes.items(tag).flatMap((item) => {
    const [x, y, z] = item.numbers(tags.imagePositionPatient, 'DS');
    return x === null || x === undefined || y === null || y === undefined || z === null || z === undefined ? [] : [lps(x, y, z)];
  });
}

const positive = (value: number | null): number | null => (value !== null && value > 0 ? value : null);
