/**
 * A series to the volumes it holds. Orchestration only: where a frame lies is placedFrame.ts, tilings are mosaic.ts,
 * parallel frames of one size are orientationGroups.ts, several volumes among them splitVolumes.ts, and the grid with
 * its checks sliceStack.ts. Nothing is decoded here, so a study of thousands of files is laid out in milliseconds.
 */
import type { Problem } from '../../shared/contract.ts';
import type { InstanceHeader } from '../dicom/types.ts';
import { compareValues } from './discriminators.ts';
import { placeTiles } from './mosaic.ts';
import { niftiStacks } from './niftiStacks.ts';
import { orientationGroups } from './orientationGroups.ts';
import { isPlaced, placeFrame, type PlacedFrame, type UnplacedFrame } from './placedFrame.ts';
import { stackFrames } from './sliceStack.ts';
import { splitVolumes } from './splitVolumes.ts';
import type { Series, Stack } from './types.ts';

type StackParts = Omit<Stack, 'index'>;

/**
 * @returns every volume of the series; a stack whose
 *   `geometry` is null carries a `refused` problem with its reason. Empty for a series without images.
 */
export function buildStacks(series: Series): Stack[] {
  const images = series.instances.filter((instance) => instance.pixels !== null);
  const colour = images.filter((instance) => instance.pixels!.samplesPerPixel > 1);
  const grey = images.filter((instance) => instance.pixels!.samplesPerPixel === 1);
  const placed: PlacedFrame[] = [];
  const unplaced: UnplacedFrame[] = [];
  for (const instance of grey.filter((candidate) => candidate.kind === 'dicom' && candidate.mosaic === null)) {
    for (const header of instance.frames) {
      const frame = placeFrame(instance, header, instance.pixels!);
      if (isPlaced(frame)) placed.push(frame);
      else unplaced.push(frame);
    }
  }
  const stacks: StackParts[] = [
    ...grey.filter((instance) => instance.kind === 'nifti').flatMap(niftiStacks),
    ...mosaicStacks(grey.filter((instance) => instance.kind === 'dicom' && instance.mosaic !== null)),
    ...placedStacks(placed),
    ...refusedStacks(unplaced),
    ...(colour.length > 0 ? [refusedStack(colour, { code: 'dicom/unsupported-pixels', severity: 'refused', message: 'Colour images are not volumes' })] : []),
  ];
  return stacks.map((stack, index) => ({ index, ...stack }));
}

function placedStacks(frames: readonly PlacedFrame[]): StackParts[] {
  if (frames.length === 0) return [];
  return orientationGroups(frames).flatMap((group) =>
    splitVolumes(group.frames).map((part) => ({ label: [group.label, part.label].filter(Boolean).join(', '), ...stackFrames(part.frames) })),
  );
}

/** Each mosaic file is a volume of its own; several are time points. */
function mosaicStacks(instances: readonly InstanceHeader[]): StackParts[] {
  const inOrder = [...instances].sort(
    (a, b) =>
      compareValues(a.frames[0]?.discriminators.temporalPosition ?? null, b.frames[0]?.discriminators.temporalPosition ?? null) ||
      compareValues(a.frames[0]?.discriminators.acquisitionNumber ?? null, b.frames[0]?.discriminators.acquisitionNumber ?? null) ||
      compareValues(a.instanceNumber, b.instanceNumber),
  );
  return inOrder.map((instance, n) => {
    const label = inOrder.length > 1 ? `time ${n + 1}` : '';
    const tiles = placeTiles(instance);
    return 'code' in tiles ? { ...refusedStack([instance], tiles), label } : { label, ...stackFrames(tiles) };
  });
}

/** One refused stack for each reason, so that a series with one bad file among good ones keeps the good ones. */
function refusedStacks(frames: readonly UnplacedFrame[]): StackParts[] {
  const codes = [...new Set(frames.map((frame) => frame.problem.code))];
  return codes.map((code) => frames.filter((frame) => frame.problem.code === code)).map((members) => ({
    label: '',
    slices: members.map(({ instance, header }) => ({ instance, frame: header.frame, offsetMm: 0 })),
    geometry: null,
    problems: [members[0]!.problem],
  }));
}

const refusedStack = (instances: readonly InstanceHeader[], problem: Problem): StackParts => ({
  label: '',
  slices: instances.map((instance) => ({ instance, frame: 0, offsetMm: 0 })),
  geometry: null,
  problems: [problem],
});
