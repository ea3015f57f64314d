/** A loaded, checked model pack, and what is said about it wherever its output appears. */
import { join } from 'node:path';
import type { PackStamp, PackSummary } from '../../shared/contract.ts';
import type { ErrorData } from '../../shared/errors.ts';
import type { Manifest } from './manifest.ts';

/** All files were present and unaltered, and their shapes agreed with the manifest, when this was made. */
export interface Pack {
  readonly folder: string;
  readonly manifest: Manifest;
}

/** A folder that holds a manifest but no usable pack. */
export interface BrokenPack {
  readonly folder: string;
  readonly problem: ErrorData;
}

/** Path of a file of the pack, by its name in the manifest. */
export const packFile = (pack: Pack, name: string): string => join(pack.folder, ...name.split('/'));

/** `id@version`: the key under which embeddings are stored, so that two embedding spaces never meet. */
export const packKey = (pack: Pack | PackStamp): string => ('manifest' in pack ? `${pack.manifest.id}@${pack.manifest.version}` : `${pack.id}@${pack.version}`);

const warning = { untrained: 'untrained: output is meaningless', synthetic: 'synthetic: learned from simulated images only', clinical: null } as const;

/** Which pack made a result, with the label that belongs on it. */
export function packStamp(pack: Pack): PackStamp {
  const { id, version, training, name, licence, calibration } = pack.manifest;
  const notes = [warning[training], licence.nonCommercial ? `non-commercial use only (${licence.spdx})` : null].filter((note) => note !== null);
  return {
    id, version, training, label: [`${name} ${version}`, ...notes].join(' — '),
    ...(licence.nonCommercial && { nonCommercial: true }), ...(!calibration.calibrated && { uncalibrated: true }),
  };
}

/** Whether its language model sees the image; one without a bridge only answers questions about a text. */
export const writesDrafts = ({ llm, bridge }: Manifest): boolean => llm !== undefined && bridge !== undefined;

/** What the window shows of a pack, usable or not. */
export function packSummary(pack: Pack | BrokenPack): PackSummary {
  if ('problem' in pack) {
    const name = pack.folder.replace(/^.*[\\/]/, '');
    return { id: name, version: '', training: 'untrained', label: name, name, licence: '', intendedUse: '', limits: [], hasLanguageModel: false, problem: pack.problem };
  }
  const { manifest } = pack;
  return {
    ...packStamp(pack),
    name: manifest.name,
    licence: manifest.licence.spdx,
    intendedUse: manifest.card.intendedUse,
    limits: manifest.card.limits,
    hasLanguageModel: writesDrafts(manifest),
    ...(manifest.llm && { answersQuestions: true }),
    problem: null,
  };
}
