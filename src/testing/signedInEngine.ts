/** A study signed the way a reader signs it: imported from DICOM files, read by a pack, measured, marked, written and signed through the engine. */
import { encode } from 'fast-png';
import type { Engine } from '../engine/create.ts';
import type { KeyImage, Measurement, OpenReport, ReportContent, SignedReport } from '../shared/contract.ts';
import { ijk, voxelToPatient, type Affine } from '../shared/geometry.ts';
import { call, drain } from './engineForTests.ts';

export const readerPassphrase = 'correct horse battery';

/** The first reader, who signs in at once; one who is there already stays. */
export async function readerIn(engine: Engine): Promise<void> {
  const { hasReaders } = await engine.handlers['session.get']({}, call);
  if (!hasReaders) await engine.handlers['readers.add']({ name: 'Dr. Ada Lovelace', role: 'radiologist', passphrase: readerPassphrase }, call);
}

/** A length of 20 columns along row 7 of a slice, from column 3. */
export async function measureIn(engine: Engine, study: string, series: string, slice: number, fields: Partial<Measurement> = {}): Promise<Measurement> {
  const { voxelToLps } = await engine.handlers['volume.open']({ series, stack: 0 }, call);
  const at = (i: number, j: number): [number, number, number] => { const [x, y, z] = voxelToPatient(voxelToLps as unknown as Affine, ijk(i, j, slice)); return [x, y, z]; };
  return engine.handlers['measurements.put']({
    measurement: { id: 'm1', study, series, stack: 0, frameOfReference: '', instance: null, slice, kind: 'length', pointsLps: [at(3, 7), at(13, 7)], value: 75, unit: 'mm', statistics: null, label: 'Mass', createdAt: '2026-01-05T08:55:00.000Z', ...fields },
  }, call);
}

export async function markIn(engine: Engine, study: string, series: string, slice: number): Promise<KeyImage> {
  const keyImage: KeyImage = { id: 'k1', study, series, stack: 0, frameOfReference: '', instance: null, slice, plane: 'axial', pointLps: [0, 0, 0], window: { center: 400, width: 800 }, inverted: false, label: 'Mass', createdAt: '2026-01-05T08:56:00.000Z' };
  return engine.handlers['keyImages.put']({ keyImage, png: new Uint8Array(encode({ width: 8, height: 6, data: Uint8Array.from({ length: 48 }, (_, n) => n * 5), channels: 1, depth: 8 })) }, call);
}

/** Saves a report in progress, or an addendum where one was begun. */
export async function writeIn(engine: Engine, study: string, content: ReportContent): Promise<OpenReport> {
  const open = (await engine.handlers['report.open']({ study }, call))!;
  const outcome = await engine.handlers['report.save']({ study, revision: open.revision, content, base: open.content }, call);
  return outcome.report;
}

export async function signIn(engine: Engine, study: string, content: ReportContent): Promise<SignedReport> {
  const { revision } = await writeIn(engine, study, content);
  const { flags } = await engine.handlers['report.check']({ study }, call);
  return engine.handlers['report.sign']({ study, revision, confirmed: flags.map(({ id }) => id), passphrase: readerPassphrase }, call);
}

/** Imports files and has the study read by the pack in use. */
export async function importIn(engine: Engine, source: string, study: string): Promise<void> {
  await drain(engine.importPaths([source], call.signal));
  await drain(engine.handlers['study.analyse']({ study, force: false }, call));
}
