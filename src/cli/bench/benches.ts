/** The benchmarks of `brat bench`: each with a reference measured in the same run, so that machines can be compared. */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import dcmjs from 'dcmjs';
import { createEngine } from '../../engine/create.ts';
import { createBridge } from '../../engine/draft/bridge.ts';
import { writeDraft } from '../../engine/draft/write.ts';
import { readGolden } from '../../engine/encode/golden.ts';
import { groundSentences } from '../../engine/ground/ground.ts';
import { packFile, packKey } from '../../engine/pack/pack.ts';
import { createPreprocessor } from '../../engine/volume/preprocess.ts';
import type { Volume } from '../../engine/volume/types.ts';
import { natives } from '../../native/natives.ts';
import type { Affine } from '../../shared/geometry.ts';
import { EngineError } from '../../shared/errors.ts';
import { clock, openModels, type Context, type ModelChoice } from '../context.ts';
import { matrixGraph } from './matrixGraph.ts';
import { machine, measure, randomNumbers, summarise, type BenchResult, type Measured } from './measure.ts';
import { benchSearch } from './searchBench.ts';

export interface BenchOptions extends ModelChoice {
  readonly runs: number;
  /** Cases, for search; files, for import. */
  readonly size: number | null;
  /** Of search: how many queries, and how many of them are held to brute force. */
  readonly queries?: number | null;
  readonly truth?: number | null;
  /** Of search: also numpy, sqlite-vec and usearch. */
  readonly compare?: boolean;
  /** Of search: a folder that keeps the synthetic archive. */
  readonly keep?: string;
}

export type Bench = (context: Context, options: BenchOptions, folder: string) => Promise<BenchResult>;

const result = (bench: string, subject: string, measured: Measured, reference: { readonly name: string } & Measured, details: BenchResult['details'] = {}, more: BenchResult['measured'] = {}): BenchResult => ({
  bench, subject, medianMs: measured.medianMs, measured: { [bench]: measured, ...more }, reference, ratio: measured.medianMs / reference.medianMs, details, machine: machine(),
});

/** Reads every number once. */
function sumOf(numbers: Uint16Array | Uint32Array): number {
  let sum = 0;
  for (let at = 0; at < numbers.length; at++) sum = (sum + numbers[at]!) | 0;
  return sum;
}

/** The largest series a step must handle in time: 176 slices of 512 x 512, oblique. */
const benchPreprocess: Bench = async ({ signal }, { runs }) => {
  const dims = [512, 512, 176] as const;
  const next = randomNumbers(1);
  const voxels = new Uint16Array(new SharedArrayBuffer(dims[0] * dims[1] * dims[2] * 2));
  for (let at = 0; at < voxels.length; at++) voxels[at] = next() * 2000;
  const voxelToLps: Affine = [0.47, 0, 0, -120, 0, 0.469, -0.02, -120, 0, 0.022, 1, -80, 0, 0, 0, 1];
  const volume: Volume = { dims, voxelToLps, voxels, slope: 1, intercept: 0, frameOfReferenceUid: '', inverted: false, window: null, problems: [] };
  const preprocessor = createPreprocessor();
  try {
    const measured = await measure(runs, signal, () => preprocessor.run([volume], [32, 256, 256], { signal }));
    const plain = new Uint16Array(voxels);
    let checksum = 0;
    const pass = await measure(runs, signal, () => { checksum = sumOf(plain); });
    return result('preprocess', `${dims.join(' x ')} uint16 to 32 x 256 x 256`, measured, { name: 'one pass over the same voxels in one thread', ...pass }, { checksum });
  } finally {
    await preprocessor.close();
  }
};

const benchEncode: Bench = async (context, { runs, ...choice }, folder) => {
  const models = await openModels(context, choice, folder);
  try {
    const pack = await models.pack();
    const encoder = await models.encoder();
    const { volume } = await readGolden(pack);
    const measured = await measure(runs, context.signal, () => encoder.encode(volume, context));
    const size = 1024;
    const file = join(folder, 'product.onnx');
    await writeFile(file, matrixGraph(size));
    const session = await models.runtime.open(file, encoder.provider);
    const data = Float32Array.from({ length: size * size }, randomNumbers(2));
    const matrix = { type: 'float32', dims: [size, size], data } as const;
    const product = await measure(runs, context.signal, () => session.run({ left: matrix, right: matrix }));
    await session.release();
    return result('encode', packKey(pack), measured, { name: `a ${size} x ${size} matrix product on the same runtime and provider`, ...product }, {
      provider: encoder.provider,
      referenceGflops: (2 * size ** 3) / product.medianMs / 1e6,
    });
  } finally {
    await models.close();
  }
};

const searchBench: Bench = ({ signal }, { size, queries, truth, compare = false, keep }, folder) =>
  benchSearch({ cases: size ?? 2000, queries: queries ?? 200, truth: truth ?? queries ?? 200, compare, keep: keep ?? null }, folder, signal);

const benchDraft: Bench = async (context, { runs, ...choice }, folder) => {
  const models = await openModels(context, choice, folder);
  try {
    const pack = await models.pack();
    const { llm, bridge: bridgeOf } = pack.manifest;
    if (!llm || !bridgeOf) throw new EngineError('pack/no-language-model', `Pack ${packKey(pack)} has no language model that sees the image`, { subject: packKey(pack), advice: 'Choose a pack with a language model' });
    const encoded = await (await models.encoder()).encode((await readGolden(pack)).volume, context);
    const bridge = await createBridge(models.runtime, pack);
    const embeddings = await bridge.map(encoded);
    await bridge.release();
    const model = await models.textModel();
    const firsts: number[] = [];
    let pieces = 0;
    const whole = await measure(runs, context.signal, async () => {
      const started = performance.now();
      pieces = 0;
      for await (const piece of writeDraft(model, pack, embeddings, { signal: context.signal })) if (piece.kind === 'text' && pieces++ === 0) firsts.push(performance.now() - started);
    });
    const bytes = await readFile(packFile(pack, llm.file));
    const weights = new Uint32Array(bytes.buffer, 0, Math.floor(bytes.byteLength / 4));
    let checksum = 0;
    const pass = await measure(runs, context.signal, () => { checksum = sumOf(weights); });
    const perPiece: Measured = { runs: whole.runs, medianMs: whole.medianMs / pieces, minMs: whole.minMs / pieces, maxMs: whole.maxMs / pieces };
    // Writing a word reads all weights once, so memory is what bounds it.
    return result('draft', packKey(pack), perPiece, { name: 'one pass over the bytes of the language model', ...pass }, { pieces, modelBytes: bytes.byteLength, checksum }, { wholeDraft: whole, ...(firsts.length > 0 && { firstText: summarise(firsts.slice(1)) }) });
  } finally {
    await models.close();
  }
};

const benchImport: Bench = async ({ signal }, { runs, size }, folder) => {
  const files = size ?? 176;
  const source = join(folder, 'study');
  await mkdir(source);
  for (let n = 0; n < files; n++) await writeFile(join(source, `IM${String(n).padStart(5, '0')}`), syntheticSlice(n));
  let run = 0;
  const importing = await measure(runs, signal, async () => {
    const engine = await createEngine({ dataDir: join(folder, `data-${run++}`), packFolders: [], natives, clock, log: { info: () => undefined, warn: () => undefined, error: () => undefined } });
    try {
      for await (const event of engine.importPaths([source], signal)) if (event.kind === 'problem') throw new EngineError(event.error.code, event.error.message, event.error);
    } finally {
      await engine.close();
    }
  });
  const copying = await measure(runs, signal, async () => {
    const target = join(folder, randomUUID());
    await mkdir(target);
    for (const name of await readdir(source)) {
      const handle = await open(join(target, name), 'wx');
      await handle.writeFile(await readFile(join(source, name)));
      await handle.datasync();
      await handle.close();
    }
  });
  return result('import', `${files} slices of 256 x 256`, importing, { name: 'copying the same files durably, one after another', ...copying }, { msPerFile: importing.medianMs / files });
};

function syntheticSlice(n: number): Uint8Array {
  const size = 256;
  const dataset = {
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.4', SOPInstanceUID: `2.25.1.1.${n + 1}`, StudyInstanceUID: '2.25.1', SeriesInstanceUID: '2.25.1.1', Modality: 'MR', SeriesNumber: 1, InstanceNumber: n + 1,
    ImagePositionPatient: [-120, -120, n], ImageOrientationPatient: [1, 0, 0, 0, 1, 0], PixelSpacing: [0.94, 0.94], SliceThickness: 1,
    Rows: size, Columns: size, SamplesPerPixel: 1, PhotometricInterpretation: 'MONOCHROME2', BitsAllocated: 16, BitsStored: 16, HighBit: 15, PixelRepresentation: 0,
    PixelData: Uint16Array.from({ length: size * size }, randomNumbers(n)).buffer, _vrMap: { PixelData: 'OW' },
  };
  const meta = { FileMetaInformationVersion: new Uint8Array([0, 1]).buffer, MediaStorageSOPClassUID: dataset.SOPClassUID, MediaStorageSOPInstanceUID: dataset.SOPInstanceUID, TransferSyntaxUID: '1.2.840.10008.1.2.1', ImplementationClassUID: '2.25.1', _vrMap: {} };
  const file = new dcmjs.data.DicomDict(dcmjs.data.DicomMetaDictionary.denaturalizeDataset(meta));
  file.dict = dcmjs.data.DicomMetaDictionary.denaturalizeDataset(dataset);
  return new Uint8Array(file.write());
}

/**
 * What an edit costs: one new sentence among twenty that are known, encoded, aligned with the views and looked up in their maps.
 * The pack's golden case stands in for a study.
 */
const benchGround: Bench = async (context, { runs, ...choice }, folder) => {
  const models = await openModels(context, choice, folder);
  try {
    const pack = await models.pack();
    const encoder = await models.textEncoder();
    if (!encoder) throw new EngineError('pack/no-text-encoder', `Pack ${packKey(pack)} has no text encoder`, { subject: packKey(pack), advice: 'Choose a pack with a text encoder' });
    const encoded = await (await models.encoder()).encode((await readGolden(pack)).volume, context);
    const { attentionGrid: grid } = pack.manifest.encoder;
    const [superior, anterior, right] = grid;
    const gridToLps: Affine = [-200 / right, 0, 0, 100, 0, -200 / anterior, 0, 100, 0, 0, 150 / superior, 0, 0, 0, 0, 1];
    const input = { encoded, supportThreshold: pack.manifest.calibration.supportThreshold, geometry: { grid, gridToLps }, stack: { dims: [256, 256, 32], voxelToLps: [0.8, 0, 0, -100, 0, 0.8, 0, -100, 0, 0, 4.7, 0, 0, 0, 0, 1] } } as const;
    const texts = Array.from({ length: 20 }, (_, at) => `There is a ${at + 3} mm enhancing lesion in the ${at % 2 === 0 ? 'left' : 'right'} frontal lobe with surrounding edema.`);
    const known = await encoder.encodeSentences(texts);
    const kept = texts.slice(1).map((text, at) => ({ text, vector: known.slice((at + 1) * encoder.width, (at + 2) * encoder.width), sourceCase: null }));
    let run = 0;
    const sentence = (): string => `There is a ${30 + run++} mm enhancing lesion in the left frontal lobe with surrounding edema.`;
    const measured = await measure(runs, context.signal, async () => {
      const text = sentence();
      groundSentences([{ text, vector: await encoder.encodeSentences([text]), sourceCase: null }, ...kept], input);
    });
    const encoding = await measure(runs, context.signal, () => encoder.encodeSentences([sentence()]));
    return result('ground', packKey(pack), measured, { name: 'encoding the new sentence alone', ...encoding }, { sentences: texts.length, views: encoded.viewCount });
  } finally {
    await models.close();
  }
};

export const benches = { preprocess: benchPreprocess, encode: benchEncode, search: searchBench, draft: benchDraft, ground: benchGround, import: benchImport } as const satisfies Record<string, Bench>;
