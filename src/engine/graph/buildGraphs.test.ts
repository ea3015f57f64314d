import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createOnnxRuntime } from '../../native/onnx.ts';
import { EngineError } from '../../shared/errors.ts';
import { elementCount, type StateDict, type TensorInfo } from '../checkpoint/stateDict.ts';
import { buildGraphs, type BuildOptions } from './buildGraphs.ts';

/** A DenseNet and a Q-Former of the official layout in toy sizes: four blocks of one layer, 12 heads of width 1. */
const toy = { stem: 4, growth: 4, bottleneck: 8, hidden: 12, inner: 24, vocabulary: 16, positions: 20, views: 3, width: 6 } as const;

function toyShapes(channels = 1): Map<string, number[]> {
  const shapes = new Map<string, number[]>();
  const norm = (name: string, width: number): void => { for (const part of ['weight', 'bias', 'running_mean', 'running_var']) shapes.set(`${name}.${part}`, [width]); };
  const layer = (name: string, outputs: number, inputs: number): void => { shapes.set(`${name}.weight`, [outputs, inputs]).set(`${name}.bias`, [outputs]); };
  const layerNorm = (name: string, width: number): void => { shapes.set(`${name}.weight`, [width]).set(`${name}.bias`, [width]); };
  const root = 'visual_encoder.features';
  shapes.set(`${root}.conv0.weight`, [toy.stem, channels, 7, 7, 7]);
  norm(`${root}.norm0`, toy.stem);
  let cells = toy.stem;
  for (let block = 1; block <= 4; block++) {
    const at = `${root}.denseblock${block}.denselayer1.layers`;
    norm(`${at}.norm1`, cells);
    shapes.set(`${at}.conv1.weight`, [toy.bottleneck, cells, 1, 1, 1]);
    norm(`${at}.norm2`, toy.bottleneck);
    shapes.set(`${at}.conv2.weight`, [toy.growth, toy.bottleneck, 3, 3, 3]);
    cells += toy.growth;
    if (block === 4) continue;
    norm(`${root}.transition${block}.norm`, cells);
    shapes.set(`${root}.transition${block}.conv.weight`, [cells / 2, cells, 1, 1, 1]);
    cells /= 2;
  }
  norm(`${root}.norm5`, cells);
  layerNorm('ln_vision', cells);
  shapes.set('query_tokens', [1, toy.views, toy.hidden]);
  const bert = 'Qformer.bert';
  shapes.set(`${bert}.embeddings.word_embeddings.weight`, [toy.vocabulary, toy.hidden]).set(`${bert}.embeddings.position_embeddings.weight`, [toy.positions, toy.hidden]);
  layerNorm(`${bert}.embeddings.LayerNorm`, toy.hidden);
  for (const [attention, source] of [['attention', toy.hidden], ['crossattention', cells]] as const) {
    const at = `${bert}.encoder.layer.0.${attention}`;
    layer(`${at}.self.query`, toy.hidden, toy.hidden);
    layer(`${at}.self.key`, toy.hidden, source);
    layer(`${at}.self.value`, toy.hidden, source);
    layer(`${at}.output.dense`, toy.hidden, toy.hidden);
    layerNorm(`${at}.output.LayerNorm`, toy.hidden);
  }
  for (const branch of ['', '_query']) {
    layer(`${bert}.encoder.layer.0.intermediate${branch}.dense`, toy.inner, toy.hidden);
    layer(`${bert}.encoder.layer.0.output${branch}.dense`, toy.hidden, toy.inner);
    layerNorm(`${bert}.encoder.layer.0.output${branch}.LayerNorm`, toy.hidden);
  }
  layer('vision_proj', toy.width, toy.hidden);
  layer('text_proj', toy.width, toy.hidden);
  return shapes;
}

/** Numbers from -0.5 to 0.5 that differ from tensor to tensor; variances are positive. */
function toyState(change: { readonly channels?: number; readonly values?: Readonly<Record<string, number>>; readonly without?: string; readonly shape?: Readonly<Record<string, number[]>> } = {}): StateDict {
  const shapes = toyShapes(change.channels);
  for (const [name, shape] of Object.entries(change.shape ?? {})) shapes.set(name, shape);
  if (change.without !== undefined) shapes.delete(change.without);
  const tensors = new Map<string, TensorInfo>([...shapes].map(([name, shape]) => [name, { name, shape, type: 'float32' }]));
  return {
    tensors,
    float32(name) {
      const fixed = change.values?.[name];
      let state = Buffer.from(name).reduce((sum, letter) => Math.imul(sum, 31) + letter, 7) >>> 0;
      return Promise.resolve(Float32Array.from({ length: elementCount(tensors.get(name)!.shape) }, () => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        const value = fixed ?? state / 2 ** 32 - 0.5;
        return name.endsWith('running_var') ? Math.abs(value) + 0.5 : value;
      }));
    },
    close: () => Promise.resolve(),
  };
}

const scratch = mkdtempSync(join(tmpdir(), 'brat-graphs-'));
const runtime = createOnnxRuntime();
afterAll(async () => {
  await runtime.close();
  rmSync(scratch, { recursive: true, force: true });
});

let folders = 0;
const newFolder = (): string => {
  const folder = join(scratch, String(folders++));
  mkdirSync(folder);
  return folder;
};

const options = (change: Partial<BuildOptions> = {}): BuildOptions => ({ precision: 'float32', size: [32, 32, 64], signal: new AbortController().signal, onProgress: () => undefined, subject: 'weights.bin', ...change });

async function refusal(state: StateDict, change: Partial<BuildOptions> = {}): Promise<EngineError> {
  const error: unknown = await buildGraphs(state, newFolder(), options(change)).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(EngineError);
  return error as EngineError;
}

describe('graphs of a checkpoint', () => {
  test('sizes are read off the tensors, and the files made are the files named', async () => {
    const folder = newFolder();
    const built = await buildGraphs(toyState(), folder, options());
    expect(built).toEqual({
      architecture: 'densenet',
      encoder: { file: 'encoder.onnx', views: 3, hidden: 12, width: 6, attentionGrid: [1, 1, 2], channels: 1 },
      text: { file: 'text.onnx', maxTokens: 20, maxSentences: 20, vocabulary: 16 },
      files: ['encoder.onnx', 'text.onnx', 'weights.bin'],
    });
    expect(readdirSync(folder).sort()).toEqual([...built.files].sort());
  });

  test('progress grows to the number of tensors', async () => {
    const steps: [number, number][] = [];
    const state = toyState();
    await buildGraphs(state, newFolder(), options({ onProgress: (done, total) => steps.push([done, total]) }));
    expect(steps.every(([done, total], at) => total === state.tensors.size && (at === 0 || done >= steps[at - 1]![0]))).toBe(true);
    expect(steps.at(-1)).toEqual([state.tensors.size, state.tensors.size]);
  });

  test('the same checkpoint gives the same bytes', async () => {
    const [first, second] = [newFolder(), newFolder()];
    for (const folder of [first, second]) await buildGraphs(toyState(), folder, options({ precision: 'float16' }));
    for (const name of ['encoder.onnx', 'text.onnx', 'weights.bin']) expect(readFileSync(join(first, name)).equals(readFileSync(join(second, name))), name).toBe(true);
  });
});

describe('a checkpoint that cannot become graphs is refused', () => {
  test('a missing tensor is named', async () => {
    const error = await refusal(toyState({ without: 'ln_vision.weight' }));
    expect(error.code).toBe('models/wrong-weights');
    expect(error.message).toContain('ln_vision.weight');
    expect(error.about.subject).toBe('weights.bin');
  });

  test('a tensor of another shape is named with both shapes', async () => {
    const error = await refusal(toyState({ shape: { 'text_proj.weight': [6, 13] } }));
    expect(error.code).toBe('models/wrong-weights');
    expect(error.message).toMatch(/text_proj\.weight is \[6, 13\] where \[6, 12\] fits/);
  });

  test.each([NaN, Infinity])('a tensor that holds %d is named', async (value) => {
    const name = 'visual_encoder.features.denseblock1.denselayer1.layers.conv1.weight';
    const error = await refusal(toyState({ values: { [name]: value } }));
    expect(error.code).toBe('models/bad-checkpoint');
    expect(error.message).toContain(name);
  });

  test('a volume that the backbone cannot halve five times is refused with its size', async () => {
    const error = await refusal(toyState(), { size: [32, 48, 64] });
    expect(error.code).toBe('models/wrong-weights');
    expect(error.message).toContain('32 x 48 x 64');
  });

  test('a stopped build ends as stopped', async () => {
    const stop = new AbortController();
    const error = await refusal(toyState(), { signal: stop.signal, onProgress: (done) => { if (done > 20) stop.abort(); } });
    expect(error.code).toBe('cancelled');
  });
});

describe('built graphs at work', () => {
  const folder = newFolder();
  const volume = (channels: number, fill: (at: number) => number) => ({ volume: { type: 'float32', dims: [1, channels, 32, 32, 64], data: Float32Array.from({ length: channels * 32 * 32 * 64 }, (_, at) => fill(at)) } }) as const;
  const tokens = (rows: readonly (readonly number[])[], mask: readonly (readonly number[])[]) => {
    const whole = (matrix: readonly (readonly number[])[]) => ({ type: 'int64', dims: [matrix.length, matrix[0]!.length], data: BigInt64Array.from(matrix.flat(), BigInt) }) as const;
    return { input_ids: whole(rows), attention_mask: whole(mask) };
  };
  beforeAll(() => buildGraphs(toyState({ channels: 4 }), folder, options()));

  test('views are unit rows when projected, and each map is a distribution over the grid', async () => {
    const encoder = await runtime.open(join(folder, 'encoder.onnx'), 'cpu');
    const { views, projected, attention } = await encoder.run(volume(4, (at) => Math.abs(Math.sin(at))));
    await encoder.release();
    expect([views!.dims, projected!.dims, attention!.dims]).toEqual([[1, 3, 12], [1, 3, 6], [1, 3, 2]]);
    for (let row = 0; row < 3; row++) {
      expect(Math.hypot(...(projected!.data as Float32Array).subarray(row * 6, row * 6 + 6))).toBeCloseTo(1, 5);
      expect((attention!.data as Float32Array).subarray(row * 2, row * 2 + 2).reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
    }
  });

  test('an empty volume gives finite views, as a study without a sequence does for its channel', async () => {
    const encoder = await runtime.open(join(folder, 'encoder.onnx'), 'cpu');
    const { views } = await encoder.run(volume(4, () => 0));
    await encoder.release();
    expect((views!.data as Float32Array).every((value) => Number.isFinite(value))).toBe(true);
  });

  test('what stands in the padding of a sentence does not matter, and its place in the batch does not', async () => {
    const text = await runtime.open(join(folder, 'text.onnx'), 'cpu');
    const alone = (await text.run(tokens([[3, 5]], [[1, 1]])))['sentence']!.data as Float32Array;
    const padded = (await text.run(tokens([[1, 2, 4, 6], [3, 5, 9, 11]], [[1, 1, 1, 1], [1, 1, 0, 0]])))['sentence']!.data as Float32Array;
    await text.release();
    alone.forEach((value, at) => { expect(value).toBeCloseTo(padded[6 + at]!, 5); });
  });
});
