/**
 * A stand-in for the shell's script and the engine behind it, for tests of the window alone: one study whose series are
 * phantoms made in the page, or volumes that the test's server offers under `/volumes.json`.
 */
import { z } from 'zod';
import type { AnalysisEvent, AnalysisStep, DraftSentence, LesionMap, SeriesSummary, SimilarCase, StudyDetail, StudyFindings, VolumeInfo } from '../../shared/contract.ts';
import { EngineError } from '../../shared/errors.ts';
import type { Affine, Dims } from '../../shared/geometry.ts';
import { block, phantomStacks } from './phantomVolume.ts';
import type { PhantomVolume } from './phantomVolume.ts';

z.config({ jitless: true });

interface StandInSeries {
  readonly description: string;
  readonly role: SeriesSummary['role'];
  readonly study: string;
  readonly volume: () => Promise<PhantomVolume>;
  readonly dims: Dims;
}

const offered = z.record(z.string(), z.object({ dims: z.tuple([z.number(), z.number(), z.number()]), affine: z.array(z.number()).length(16), description: z.string(), role: z.enum(['t1c', 't1', 't2', 'flair', 'other']), study: z.string() }));
const pause = (ms: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, ms); });

async function allSeries(): Promise<Map<string, StandInSeries>> {
  const found = new Map<string, StandInSeries>();
  const answer = await fetch('/volumes.json');
  if (answer.ok) {
    for (const [name, { dims, affine, ...about }] of Object.entries(offered.parse(await answer.json()))) {
      found.set(name, { ...about, dims, volume: async () => ({ dims, voxelToLps: affine as unknown as Affine, voxels: new Int16Array(await (await fetch(`/volumes/${name}.bin`)).arrayBuffer()) }) });
    }
  }
  for (const [name, volume] of Object.entries(phantomStacks())) {
    found.set(`phantom-${name}`, { description: `phantom ${name}`, role: 't1c', study: 'phantom', dims: volume.dims, volume: () => Promise.resolve(volume) });
  }
  return found;
}

const series = allSeries();
const seriesOf = async (name: string): Promise<StandInSeries> => {
  const known = (await series).get(name);
  if (known === undefined) throw new EngineError('store/not-found', 'There is no such series', { subject: name, advice: 'Import the study again' });
  return known;
};

const stamp = { id: 'stand-in', version: '0.0.0', training: 'untrained', label: 'stand-in for tests' } as const;
const patients: Readonly<Record<string, readonly [string, string, string, number]>> = {
  phantom: ['Phantom^Left Front Top', 'PH-0001', 'O', 30], tumour: ['Doe^Jane^Example', '6692-DEMO', 'F', 54], volunteer: ['Roe^Richard', 'ADNI-1301', 'M', 37],
};

async function detailOf(study: string): Promise<StudyDetail> {
  const [patientName, patientId, sex, ageYears] = patients[study] ?? ['', study, '', 0];
  const own = [...(await series)].filter(([, known]) => known.study === study);
  const chosen = own.find(([, { role }]) => role === 't1c') ?? own[0];
  return {
    study, patientName, patientId, sex, ageYears, birthDate: '1972-04-03', studyDate: '2026-03-09', description: 'MR BRAIN W WO CONTRAST', accession: 'A-17',
    seriesCount: own.length, instanceCount: own.reduce((sum, [, { dims }]) => sum + dims[2], 0), state: study === 'tumour' ? 'drafted' : 'new', demo: study === 'phantom', hasReport: false,
    chosen: chosen === undefined ? null : { series: chosen[0], stack: 0 },
    chosenProblem: chosen?.[1].role === 't1c' ? null : { code: 'select/t1-instead', severity: 'warning', message: 'No T1 post-contrast series was found. A T1 series without contrast is used instead: enhancement cannot be seen.' },
    series: own.map(([name, { description, role, dims }], at) => ({
      series: name, number: at + 1, description, modality: 'MR', instanceCount: dims[2], role, overridden: false, rank: 1, reason: `Described as “${description}”.`, problems: [],
      stacks: [{ index: 0, label: '', sliceCount: dims[2], dims: [...dims], spacingMm: null, plane: null, problems: [] }],
    })),
  };
}

const sentence = (index: number, text: string, similarity: number, view: number, slice: number, supported = true): DraftSentence => ({ index, text, similarity, view, slice, supported, sourceCase: null });
const sentences: readonly DraftSentence[] = [
  sentence(0, 'There is an enhancing mass in the left frontal lobe measuring about 3 cm.', 0.71, 7, 15),
  sentence(1, 'Mild surrounding oedema with effacement of the adjacent sulci.', 0.58, 19, 14),
  sentence(2, 'No midline shift is seen.', 0.44, 3, 13),
  sentence(3, 'The ventricles are of normal size and shape.', 0.12, 28, 12, false),
];
const similar: readonly SimilarCase[] = [0.83, 0.77, 0.61, 0.42].map((similarity, at) => ({
  case: `demo-${String(17 + 13 * at).padStart(4, '0')}`, similarity, by: 'views', matched: at % 2 === 0 ? [0, 2] : [1],
  sentences: ['Ring-enhancing mass in the left frontal lobe.', 'Moderate perifocal oedema.', 'Mass effect on the frontal horn of the left lateral ventricle.', 'No second lesion.'],
  report: '', patientAge: 51 + 4 * at, sex: at % 2 === 0 ? 'F' : 'M', studyDate: `2024-0${1 + at}-1${at}`, demo: true,
}));

const findings: StudyFindings = {
  study: 'phantom', series: 'phantom-axial', stack: 0, pack: stamp, provider: 'cpu', createdAt: '2026-03-09T10:00:00Z',
  findings: [['enhancing', 'Yes', 0.98], ['size', 'More than 2cm', 0.91], ['side', 'Left', 0.97], ['side', 'Right', 0.04], ['locations', 'Left frontal lobe', 0.88], ['count', 'One', 0.79], ['shift', 'Yes', 0.12], ['hydrocephalus', 'Yes', 0.03]].map(([question, answer, probability]) => ({ question: String(question), answer: String(answer), probability: Number(probability) })),
  lesions: [{ index: 0, volumeMl: 8.4, longestDiameterMm: 31, centreLps: [...block.centre], side: 'left', slice: 15, instance: '2.25.1', probability: 0.96 }],
  insideOfTraining: { inside: true, score: 0.7, threshold: 2.9, reason: '', madeFor: 'T1-weighted MRI of the head after contrast' },
};

/** A ball of 12 mm about the block, in cells of 4 mm whose first index runs to the right. */
function lesions(): LesionMap {
  const voxelToLps = [-4, 0, 0, 96, 0, -4, 0, 96, 0, 0, 4, -96, 0, 0, 0, 1];
  const values = new Uint8Array(49 ** 3).map((_, at) => {
    const cell = [at % 49, Math.floor(at / 49) % 49, Math.floor(at / 49 ** 2)];
    const place = cell.map((index, axis) => voxelToLps[5 * axis]! * index + voxelToLps[4 * axis + 3]!);
    return Math.hypot(...place.map((value, axis) => value - block.centre[axis]!)) <= 12 ? 255 : 0;
  });
  return { dims: [49, 49, 49], voxelToLps, values, threshold: 128 };
}

async function* analysis(signal?: AbortSignal): AsyncGenerator<AnalysisEvent> {
  const step = async function* (name: AnalysisStep, ms: number): AsyncGenerator<AnalysisEvent> {
    yield { kind: 'step', step: name, state: 'started', ms: null, message: '' };
    await pause(ms / 4);
    signal?.throwIfAborted();
    yield { kind: 'step', step: name, state: 'done', ms, message: '' };
  };
  yield* step('read', 210);
  yield* step('preprocess', 640);
  yield* step('encode', 790);
  yield { kind: 'views', count: 32, size: 256, pack: stamp, provider: 'cpu' };
  yield* step('findings', 610);
  yield { kind: 'findings', findings };
  yield* step('search', 22);
  yield { kind: 'similar', cases: [...similar] };
  yield { kind: 'step', step: 'draft', state: 'started', ms: null, message: '' };
  for (const one of sentences) {
    for (const word of one.text.split(' ')) {
      yield { kind: 'text', text: `${word} ` };
      await pause(15);
      signal?.throwIfAborted();
    }
    yield { kind: 'sentence', sentence: one };
  }
  yield { kind: 'step', step: 'draft', state: 'done', ms: 2300, message: '' };
  yield* step('ground', 40);
  yield { kind: 'done', draft: { study: 'phantom', series: 'phantom-axial', stack: 0, origin: 'model', sentences: [...sentences], pack: stamp, provider: 'cpu', createdAt: '2026-03-09T10:00:00Z', stop: 'complete', outside: null } };
}

/** Attention of 8 x 8 columns over the head, without depth, strongest at the left front. */
function attention(view: number): { view: number; dims: [number, number, number]; voxelToLps: number[]; values: Uint8Array; hasDepth: boolean } {
  const values = new Float32Array(64).map((_, at) => Math.exp(-(((at % 8) - 5.5) ** 2 + (Math.floor(at / 8) - 1.8) ** 2) / 4));
  return { view, dims: [8, 8, 1], voxelToLps: [26, 0, 0, -91, 0, 26, 0, -91, 0, 0, 300, 0, 0, 0, 0, 1], values: new Uint8Array(values.buffer), hasDepth: false };
}

async function infoOf(name: string): Promise<VolumeInfo> {
  const { dims, voxelToLps } = await (await seriesOf(name)).volume();
  return { series: name, stack: 0, dims: [...dims], voxelToLps: [...voxelToLps], type: 'int16', slope: 1, intercept: 0, window: { center: 400, width: 800 }, frameOfReference: (await seriesOf(name)).study, space: (await seriesOf(name)).study, inverted: false, problems: [] };
}

async function sliceOf(name: string): Promise<{ info: VolumeInfo; slice: number; data: Uint8Array }> {
  const { dims: [ni, nj, nk], voxels } = await (await seriesOf(name)).volume();
  const slice = Math.floor(nk / 2);
  return { info: await infoOf(name), slice, data: new Uint8Array(voxels.buffer, slice * ni * nj * 2, ni * nj * 2) };
}

async function* voxelsOf(name: string): AsyncGenerator<{ firstSlice: number; sliceCount: number; data: Uint8Array }> {
  const { dims, voxels } = await (await seriesOf(name)).volume();
  const slice = dims[0] * dims[1];
  for (let k = 0; k < dims[2]; k += 8) {
    const count = Math.min(8, dims[2] - k);
    yield { firstSlice: k, sliceCount: count, data: new Uint8Array(voxels.buffer, k * slice * 2, count * slice * 2) };
  }
}

/** A workstation that has no readers: the window is open to whoever sits there. */
const nobody = { reader: null, hasReaders: false };

const asked = z.object({ study: z.string().default(''), series: z.string().default(''), view: z.number().default(0), text: z.string().default('') });

async function answer(method: string, params: unknown): Promise<unknown> {
  const { study, series: name, view } = asked.parse(params);
  switch (method) {
    case 'app.status': {
      const pack = { ...stamp, name: 'Stand-in pack', licence: 'Apache-2.0', intendedUse: 'Tests of the window', limits: ['Says nothing about any patient'], hasLanguageModel: true, problem: null };
      return { version: '0.1.0', pack, packs: [pack], providers: [{ provider: 'cpu', state: 'used', goldenDifference: 2e-6, message: '' }], provider: { name: 'cpu', fallback: false, message: 'CPU' }, caseCount: 40, studyCount: 3 };
    }
    case 'worklist.query': {
      const rows = (await Promise.all([...new Set([...(await series).values()].map((known) => known.study))].map(detailOf))).map((detail) => ({ ...detail, addedAt: '2026-01-05T09:00:00Z', failure: null }));
      return { total: rows.length, rows };
    }
    case 'study.get': return detailOf(study);
    case 'series.setRole': return detailOf((await seriesOf(name)).study);
    case 'volume.open': return infoOf(name);
    case 'volume.slice': return sliceOf(name);
    case 'session.get': return nobody;
    case 'report.signed': return [];
    case 'report.policy': return { readFirst: true, lockAfterMinutes: 10 };
    case 'study.draft': return null;
    case 'study.findings': return null;
    case 'study.lesionMap': return lesions();
    case 'study.attention': return attention(view);
    case 'search.text': return similar.map((found) => ({ ...found, by: 'text' }));
    default: throw new EngineError('store/not-found', `${method} has no stand-in`, { subject: method, advice: 'Use the app itself' });
  }
}

async function* streamed(method: string, params: unknown, signal?: AbortSignal): AsyncGenerator {
  if (method === 'volume.voxels') yield* voxelsOf(asked.parse(params).series);
  else if (method === 'study.analyse') yield* analysis(signal);
  else {
    if (method === 'events.changed') yield { study: null };
    if (method === 'session.watch') yield nobody;
    await new Promise((resolve) => { signal?.addEventListener('abort', resolve); });
  }
}

Object.defineProperty(window, 'brat', { value: { shell: 'browser', call: answer, stream: streamed } });
