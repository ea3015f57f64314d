/** Reads a study where it lies, outside the data folder, into what is needed to make a case of it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { EngineError, fromErrorData } from '../../shared/errors.ts';
import { displayName } from '../dicom/personName.ts';
import { scanPaths } from '../dicom/scan.ts';
import { tags } from '../dicom/tags.ts';
import type { InstanceHeader } from '../dicom/types.ts';
import { filesOfStudy } from '../store/archiveJournal.ts';
import type { ReadDb } from '../store/database.ts';
import { readAttributes } from './dicomFile.ts';
import type { KnownIdentifiers } from './identifiers.ts';

/**
 * Headers of all images of a study; `use` may read their files, which go away afterwards if they came out of a zip.
 * @throws EngineError `import/not-found` if a file that was there when the folder was surveyed is gone, that of a file that has been
 *   damaged since, `cancelled`
 */
export async function withArchivedStudy<T>(db: ReadDb, study: string, temporaryFolder: string, signal: AbortSignal, use: (headers: readonly InstanceHeader[]) => Promise<T>): Promise<T> {
  const workDir = await mkdtemp(join(temporaryFolder, 'study-'));
  try {
    const folders = filesOfStudy(db, study, 'image');
    const paths = folders.flatMap(({ folder, names }) => (names.length === 0 || names[0] === '' ? [folder] : names.map((name) => join(folder, name))));
    if (paths.length === 0) throw new EngineError('cases/no-images', 'The study has no image files any more', { subject: study, advice: 'Check where the images went' });
    const headers: InstanceHeader[] = [];
    for await (const event of scanPaths(paths, { signal, workDir })) {
      // A study that is read in part would make another volume, so one lost file is enough to leave it out.
      if (event.kind === 'problem') throw fromErrorData(event.error);
      if (event.kind === 'instance' && event.header.studyUid === study) headers.push(event.header);
    }
    if (headers.length === 0) throw new EngineError('cases/no-images', 'The study has no image files any more', { subject: basename(paths[0]!), advice: 'Check where the images went' });
    return await use(headers);
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
}

/** Everything in a study's header that names a person, a place or a number. */
export async function identifiersOf(header: InstanceHeader): Promise<KnownIdentifiers> {
  const { study } = header;
  const attributes = header.kind === 'dicom' ? await readAttributes(header.source) : null;
  const texts = (...wanted: string[]): string[] => wanted.flatMap((tag) => attributes?.texts(tag) ?? []);
  return {
    names: [study.patientName, ...texts(tags.patientName, tags.otherPatientNames, tags.referringPhysician, tags.performingPhysician, tags.readingPhysician, tags.operators, tags.requestingPhysician).map(displayName)].filter((name) => name !== ''),
    numbers: [study.patientId, study.accession, header.studyUid, ...texts(tags.otherPatientIds, tags.studyId)],
    dates: [study.birthDate, study.studyDate],
    places: texts(tags.institutionName, tags.stationName, tags.patientAddress, tags.patientTelephone),
  };
}
