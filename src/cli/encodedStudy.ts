/** Views of a study that is stored, or that lies in a path. */
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { Engine } from '../engine/create.ts';
import { packStamp } from '../engine/pack/pack.ts';
import type { EncodedViews } from '../engine/ports.ts';
import { chooseChannels, encodeChannels, type ChosenChannels } from '../engine/services/reading.ts';
import { findEncoding } from '../engine/store/analyses.ts';
import { roleOverrides } from '../engine/store/studies.ts';
import { EngineError } from '../shared/errors.ts';
import type { Context } from './context.ts';
import { pickStudy, scanLoose, withWorkFolder } from './looseStudies.ts';

export interface EncodedStudy {
  readonly study: string;
  readonly channels: ChosenChannels;
  readonly encoded: EncodedViews;
}

/**
 * @param wanted StudyInstanceUID of a stored study, or a path with one
 * @throws EngineError `store/not-found` if it is neither; those of choosing a series and of encoding
 */
export async function encodeStudy(engine: Engine, context: Context, wanted: string): Promise<EncodedStudy> {
  const { library } = engine.parts;
  if (library.has(wanted)) return encodeStored(engine, wanted, context.signal);
  if (existsSync(wanted)) return encodeLoose(engine, context, wanted);
  throw new EngineError('store/not-found', 'There is neither a stored study nor a path of this name', { subject: basename(wanted), advice: 'Pass the StudyInstanceUID of an imported study, or a path with one' });
}

async function encodeStored({ parts }: Engine, study: string, signal: AbortSignal): Promise<EncodedStudy> {
  const pack = await parts.models.pack();
  const channels = chooseChannels(await parts.library.images(study), pack);
  const known = findEncoding(parts.store.db, study, packStamp(pack));
  return { study, channels, encoded: known?.input === channels.input ? known.encoded : await encodeChannels(parts, pack, channels, signal) };
}

async function encodeLoose({ parts }: Engine, context: Context, path: string): Promise<EncodedStudy> {
  return withWorkFolder(async (folder) => {
    const scanned = await scanLoose([path], context, folder, (series) => roleOverrides(parts.store.db, series));
    const { study } = pickStudy(scanned.studies, {});
    const pack = await parts.models.pack();
    const channels = chooseChannels(study.images, pack);
    if (channels.warning !== '') context.output.warn(channels.warning);
    return { study: study.uid, channels, encoded: await encodeChannels(parts, pack, channels, context.signal) };
  });
}
