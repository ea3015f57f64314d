/**
 * A stored study and its signed reports as a folder that does not say whose they are (docs/outputs.md). The folder is there
 * whole or not at all.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Role } from '../../shared/contract.ts';
import { cancelledError, EngineError } from '../../shared/errors.ts';
import { readDataSet, writeAnonymisedFile } from '../anonymise/anonymisedFile.ts';
import { identifierSearch, IdentifierCollection } from '../anonymise/knownIdentifiers.ts';
import { reasonToLeaveOut, type LeftOutReason } from '../anonymise/leftOut.ts';
import { Pseudonyms } from '../anonymise/pseudonyms.ts';
import { anonymousReport, anonymousReportText } from '../anonymise/reportFiles.ts';
import { Attributes } from '../dicom/attributes.ts';
import type { InstanceHeader } from '../dicom/types.ts';
import type { Clock } from '../ports.ts';
import { recordAudit, studyMark } from '../store/audit.ts';
import type { WriteDb } from '../store/database.ts';
import type { Store } from '../store/openStore.ts';
import { listReaders } from '../store/readers.ts';
import { signedReports } from '../store/reports.ts';
import { readSetting, writeSetting } from '../store/settings.ts';
import type { Library } from './library.ts';

export interface AnonymisingParts {
  readonly store: Store;
  readonly library: Library;
  readonly clock: Clock;
}

export interface AnonymiseRequest {
  readonly study: string;
  /** New, or empty. */
  readonly folder: string;
  /** Whether pictures that may show text are written with their pixels as they are. */
  readonly withScreens: boolean;
}

/** Objects of one series that were left out, by the words of the source; for the eyes of who has the source. */
export interface LeftOut {
  readonly series: string;
  readonly seriesNumber: number | null;
  readonly description: string;
  readonly modality: string;
  readonly reason: LeftOutReason;
  readonly objects: number;
}

export interface AnonymisedExport {
  readonly folder: string;
  /** What the patient and the study are called in the output. */
  readonly patientId: string;
  readonly studyUid: string;
  readonly images: number;
  readonly series: number;
  readonly reports: number;
  readonly leftOut: readonly LeftOut[];
}

const seriesWords: Readonly<Record<Role, string>> = { t1c: 'T1 after contrast', t1: 'T1', t2: 'T2', flair: 'FLAIR', other: 'Other series' };
const studyWords = 'MR brain';

/**
 * @param onProgress called after each object
 * @throws EngineError `store/not-found`, `outputs/not-dicom` for a study of NIfTI files, `outputs/nothing-to-write` where every
 *   object is left out, `outputs/folder-not-empty`, `outputs/cannot-write`, `store/no-space`, `cancelled`, and what reading a
 *   stored file may bring; in each case nothing is left behind
 */
export async function anonymiseStudy(parts: AnonymisingParts, request: AnonymiseRequest, signal: AbortSignal, onProgress: (at: { readonly done: number; readonly total: number }) => void = () => undefined): Promise<AnonymisedExport> {
  const { store, library, clock } = parts;
  const folder = resolve(request.folder);
  await refuseFullFolder(folder);
  const { candidates, ranked } = await library.images(request.study);
  const instances = candidates.flatMap(({ series }) => series.instances);
  if (instances.some(({ kind }) => kind === 'nifti')) {
    throw new EngineError('outputs/not-dicom', 'Only DICOM studies are exported without names; this one is of NIfTI files', { subject: 'study', advice: 'Copy the NIfTI files themselves after looking at their headers and names' });
  }
  const roles = new Map(ranked.map(({ seriesUid, role }) => [seriesUid, role]));
  const reports = signedReports(store.db, request.study);
  const { attributes } = library.study(request.study);
  const pseudonyms = new Pseudonyms(secretKey(store.db), { ...attributes, patientIdIssuer: attributes.patientIdIssuer ?? '', studyUid: request.study });

  const { identifiers, kept, leftOut } = await survey(instances, request.withScreens, signal);
  for (const { name } of listReaders(store.db)) identifiers.addName(name);
  for (const { signedBy } of reports) identifiers.addName(signedBy.name);
  if (kept.length === 0) throw new EngineError('outputs/nothing-to-write', 'Every object of the study may show text, so none is exported', { subject: 'study', advice: 'Look at the images, and pass --with-screens if no text is in them' });
  const known = identifiers.known();
  const holds = identifierSearch(known);

  const part = join(dirname(folder), `.${basename(folder)}.${randomUUID().slice(0, 8)}.part`);
  try {
    await mkdir(part, { recursive: true });
    const seriesUids = [...new Set(kept.map(({ seriesUid }) => seriesUid))];
    const bySeries = new Map(seriesUids.map((uid) => [uid, kept.filter(({ seriesUid }) => seriesUid === uid)]));
    let done = 0;
    for (const [at, [seriesUid, images]] of [...bySeries].sort(([, a], [, b]) => numberOf(a[0]!) - numberOf(b[0]!)).entries()) {
      const into = join(part, 'images', `series-${String(at + 1).padStart(2, '0')}`);
      await mkdir(into, { recursive: true });
      const ordered = [...images].sort((a, b) => (a.instanceNumber ?? 0) - (b.instanceNumber ?? 0));
      for (const [index, instance] of ordered.entries()) {
        if (signal.aborted) throw cancelledError('anonymised export');
        await writeAnonymisedFile(instance, join(into, `${String(index + 1).padStart(5, '0')}.dcm`), { pseudonyms, holds, studyDescription: studyWords, seriesDescription: seriesWords[roles.get(seriesUid) ?? 'other'] });
        onProgress({ done: ++done, total: kept.length });
      }
    }
    for (const report of reports) {
      const anonymous = anonymousReport(report, attributes.studyDate, pseudonyms, known);
      await writeFile(join(part, `report-${report.number}.txt`), anonymousReportText(anonymous), { flush: true });
      await writeFile(join(part, `report-${report.number}.json`), `${JSON.stringify(anonymous, null, 2)}\n`, { flush: true });
    }
    await rmdir(folder).catch((error: unknown) => { if (!isMissing(error)) throw error; });
    await rename(part, folder);
    recordAudit(store.db, clock, 'anonymised', { study: studyMark(request.study), images: kept.length, series: bySeries.size, reports: reports.length, leftOut: leftOut.reduce((sum, { objects }) => sum + objects, 0), screens: request.withScreens });
    return { folder, patientId: pseudonyms.patientId, studyUid: pseudonyms.uid(request.study), images: kept.length, series: bySeries.size, reports: reports.length, leftOut };
  } catch (error) {
    await rm(part, { recursive: true, force: true }).catch(() => undefined);
    throw asOutputError(error);
  }
}

const numberOf = ({ sequence }: InstanceHeader): number => sequence.seriesNumber ?? Number.MAX_SAFE_INTEGER;

/** What the files say of people, and which of them can be written. */
async function survey(instances: readonly InstanceHeader[], withScreens: boolean, signal: AbortSignal): Promise<{ identifiers: IdentifierCollection; kept: InstanceHeader[]; leftOut: LeftOut[] }> {
  const identifiers = new IdentifierCollection();
  const kept: InstanceHeader[] = [];
  const leftOut = new Map<string, LeftOut>();
  for (const instance of instances) {
    if (signal.aborted) throw cancelledError('anonymised export');
    const { dataSet } = await readDataSet(instance.source);
    identifiers.addDataSet(dataSet);
    const reason = reasonToLeaveOut(instance, new Attributes(dataSet));
    if (reason === null || (withScreens && reason !== 'no-pixels')) {
      kept.push(instance);
      continue;
    }
    const key = `${instance.seriesUid} ${reason}`;
    const before = leftOut.get(key);
    leftOut.set(key, { series: instance.seriesUid, seriesNumber: instance.sequence.seriesNumber, description: instance.sequence.seriesDescription, modality: instance.modality, reason, objects: (before?.objects ?? 0) + 1 });
  }
  return { identifiers, kept, leftOut: [...leftOut.values()] };
}

/** Made at the first export; whoever has it can tell which output belongs to which patient. */
function secretKey(db: WriteDb): string {
  return db.transaction(() => {
    const stored = readSetting(db, 'anonymise.key');
    if (stored !== null) return stored;
    const made = randomBytes(32).toString('hex');
    writeSetting(db, 'anonymise.key', made);
    return made;
  });
}

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

async function refuseFullFolder(folder: string): Promise<void> {
  const entries = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw asOutputError(error);
  });
  if (entries.length > 0) throw new EngineError('outputs/folder-not-empty', 'The folder for the export holds something already', { subject: 'folder', advice: 'Pass a new or an empty folder' });
}

function asOutputError(error: unknown): unknown {
  const code = error instanceof Error && 'syscall' in error ? (error as NodeJS.ErrnoException).code : undefined;
  if (code === undefined) return error;
  if (code === 'ENOSPC' || code === 'EDQUOT') return new EngineError('store/no-space', 'The disk is full', { subject: 'anonymised export', advice: 'Free some space and export again' }, { cause: error });
  return new EngineError('outputs/cannot-write', `The folder cannot be written (${code})`, { subject: 'folder', advice: 'Pass a folder in a place that exists and may be written' }, { cause: error });
}
