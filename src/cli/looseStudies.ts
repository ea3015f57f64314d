/** Studies read where they lie, without storing them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Role } from '../shared/contract.ts';
import { EngineError, type ErrorData } from '../shared/errors.ts';
import { scanPaths } from '../engine/dicom/scan.ts';
import type { InstanceHeader, StudyAttributes } from '../engine/dicom/types.ts';
import { arrangeStudy, type StudyImages } from '../engine/services/studyImages.ts';
import type { Context } from './context.ts';

export interface LooseStudy {
  readonly uid: string;
  readonly attributes: StudyAttributes;
  readonly images: StudyImages;
}

export interface Scanned {
  readonly studies: readonly LooseStudy[];
  readonly skipped: number;
  readonly problems: readonly { readonly file: string; readonly error: ErrorData }[];
}

/** A folder for extracted archives and other passing files; removed afterwards, whatever happens. */
export async function withWorkFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'brat-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Headers of everything below the paths, arranged by study. Broken files are told as warnings.
 * @param overridesOf roles set by a reader, for those series
 * @throws EngineError `import/not-found`, `import/nothing-readable`, `cancelled`
 */
export async function scanLoose(paths: readonly string[], { output, signal }: Context, workDir: string, overridesOf: (series: readonly string[]) => ReadonlyMap<string, Role> = () => new Map()): Promise<Scanned> {
  const byStudy = new Map<string, InstanceHeader[]>();
  const problems: { file: string; error: ErrorData }[] = [];
  let skipped = 0;
  for await (const event of scanPaths(paths, { signal, workDir })) {
    if (event.kind === 'instance') {
      const list = byStudy.get(event.header.studyUid);
      if (list) list.push(event.header);
      else byStudy.set(event.header.studyUid, [event.header]);
    } else if (event.kind === 'skipped') {
      skipped++;
    } else if (event.kind === 'problem') {
      problems.push({ file: event.name, error: event.error });
    } else {
      output.progress(`reading headers: ${event.seen} files`);
    }
  }
  const only = byStudy.size === 0 && problems.length === 1 && skipped === 0 ? problems[0]!.error : null;
  if (only === null) for (const { file, error } of problems) output.warn(`${error.code}: ${file}: ${error.message}`);
  if (byStudy.size === 0) {
    throw new EngineError(only?.code ?? 'import/nothing-readable', only?.message ?? `No image was found: ${skipped} files are no images, ${problems.length} have faults`, {
      subject: only?.subject ?? 'path',
      advice: only?.advice ?? 'Pass a folder, zip or DICOMDIR with DICOM or NIfTI files',
    });
  }
  const studies = [...byStudy].map(([uid, instances]): LooseStudy => ({
    uid,
    attributes: instances[0]!.study,
    images: arrangeStudy(instances, overridesOf([...new Set(instances.map((instance) => instance.seriesUid))])),
  }));
  return { studies, skipped, problems };
}

/** The study to read, and why it is that one. @throws EngineError `cli/usage` when it cannot be told which is meant */
export function pickStudy(studies: readonly LooseStudy[], wanted: { readonly study?: string; readonly series?: string }): { readonly study: LooseStudy; readonly reason: string } {
  const hasSeries = (study: LooseStudy, uid: string): boolean => study.images.ranked.some((entry) => entry.seriesUid === uid);
  if (wanted.study !== undefined) {
    const study = studies.find(({ uid }) => uid === wanted.study);
    if (!study) throw new EngineError('cli/usage', 'There is no study with this identifier', { subject: wanted.study, advice: 'See brat series for the studies there are' });
    return { study, reason: 'asked for' };
  }
  if (wanted.series !== undefined) {
    const study = studies.find((candidate) => hasSeries(candidate, wanted.series!));
    if (!study) throw new EngineError('select/unknown-series', 'There is no series with this identifier', { subject: wanted.series, advice: 'See brat series for the series there are' });
    return { study, reason: 'holds the series asked for' };
  }
  if (studies.length === 1) return { study: studies[0]!, reason: 'the only study' };
  const contrast = studies.filter(({ images }) => images.choice.chosen !== null && images.choice.problem === null);
  if (contrast.length === 1) return { study: contrast[0]!, reason: `the only one of ${studies.length} studies with a T1 post-contrast series` };
  const native = studies.filter(({ images }) => images.choice.chosen !== null);
  if (contrast.length === 0 && native.length === 1) return { study: native[0]!, reason: `none of ${studies.length} studies has a T1 post-contrast series; the only one with a T1 series` };
  if (native.length === 0) throw new EngineError('select/no-t1c', `None of ${studies.length} studies has a T1 post-contrast or T1 series`, { subject: 'path', advice: 'See brat series; if one of the series is T1 post-contrast, pass it with --series' });
  throw new EngineError('cli/usage', `There are ${studies.length} studies, ${contrast.length} of them with a T1 post-contrast series`, { subject: 'path', advice: `Pass one of them with --study: ${studies.map(({ uid }) => uid).slice(0, 10).join(', ')}` });
}
