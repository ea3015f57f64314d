/**
 * What a pack says of one prepared volume beside its views: whether it is of the kind the pack was made for, the answers of
 * its classification heads, and its lesions in patient space. A part the pack has not is null, and is no error.
 */
import type { InsideOfTraining, StudyFindings } from '../../shared/contract.ts';
import { describeLesions } from '../findings/describeLesions.ts';
import { middlePlane, type MiddlePlane } from '../findings/middlePlane.ts';
import { firstImage } from '../outside/detector.ts';
import { inSteps } from '../outside/darkened.ts';
import type { Pack } from '../pack/pack.ts';
import type { EncodedViews } from '../ports.ts';
import type { StoredFindings } from '../store/findings.ts';
import { gridToLps } from '../volume/preprocessGeometry.ts';
import type { ChosenChannels, ReadingParts } from './reading.ts';

/** Whether a pack has anything to say beside views and text. */
export const hasHeads = ({ manifest }: Pack): boolean => manifest.findings !== undefined || manifest.lesion !== undefined || manifest.madeFor !== undefined;

export interface Prepared {
  readonly study: string;
  readonly channels: ChosenChannels;
  /** The encoder's input, float32 [channels, S, A, R]. */
  readonly input: Float32Array;
  readonly encoded: EncodedViews;
  readonly middle: MiddlePlane;
}

/** The middle plane of the head in the first channel there is. @param input float32 [channels, S, A, R] */
export function middleOf(input: Float32Array, channels: Pick<ChosenChannels, 'first'>, pack: Pack): MiddlePlane {
  const { size } = pack.manifest.input;
  return middlePlane(inSteps(firstImage(input, size[0] * size[1] * size[2])), size, gridToLps(channels.first.geometry, size, size));
}

/** @throws EngineError `pack/bad-shape`, `onnx/run-failed`, `cancelled` */
export async function examine(parts: Pick<ReadingParts, 'models' | 'clock'>, pack: Pack, { study, channels, input, encoded, middle }: Prepared, signal: AbortSignal): Promise<StoredFindings> {
  const { models, clock } = parts;
  const insideOfTraining: InsideOfTraining | null = (await models.outsideDetector())?.judge(input) ?? null;
  const findings = (await (await models.findingsHead())?.answer(encoded, { signal })) ?? null;
  const cells = (await (await models.lesionHead())?.find(input, { signal })) ?? null;
  const { size } = pack.manifest.input;
  const { geometry, slices } = channels.first;
  const content: StudyFindings = {
    study,
    series: channels.series,
    stack: channels.stack,
    findings,
    lesions: cells && describeLesions(cells, {
      cellToLps: gridToLps(geometry, size, cells.grid),
      middle,
      stack: geometry,
      instances: slices.map(({ instance }) => instance.sopInstanceUid),
    }),
    insideOfTraining,
    pack: encoded.pack,
    provider: encoded.provider,
    createdAt: clock.now().toISOString(),
  };
  return { findings: content, lesionCells: cells };
}
