/**
 * The graphs against PyTorch: for each published network a checkpoint of the official layout with random weights goes
 * through our reader and builder into onnxruntime on one side, through training's own model, in float64, on the other. The Q-Former is
 * small and so are ResNet and ViT; BRAT_GRAPHS=full takes the published sizes (minutes, 6 GB of disk; figures in docs/graphs.md).
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createOnnxRuntime } from '../../native/onnx.ts';
import { hasSoftwareGpu, softwareGpuNote, withSoftwareGpu } from '../../testing/softwareGpu.ts';
import { readNpy } from '../arrays/npy.ts';
import { openCheckpoint } from '../checkpoint/openCheckpoint.ts';
import type { OnnxSession, Tensor } from '../ports.ts';
import { buildGraphs, type BuiltGraphs } from './buildGraphs.ts';

const training = resolve(import.meta.dirname, '../../../training');
const python = process.env['BRAT_PYTHON'] ?? join(training, '.venv/bin/python');
const ready = existsSync(python);
const run = promisify(execFile);
const runPython = (...args: string[]) => run(python, ['-W', 'ignore', ...args], { cwd: training, env: { ...process.env, OMP_NUM_THREADS: '2' } });

const full = process.env['BRAT_GRAPHS'] === 'full';
/** Small: unequal sides, so that no two axes can be taken for each other, and two slices in the last feature map. */
const size = full ? ([32, 256, 256] as const) : ([64, 64, 32] as const);
const hidden = full ? 768 : 96;
const vocabulary = full ? 30523 : 120;
const modelArguments = full ? [] : ['--narrow', '--size', ...size.map(String), '--hidden', String(hidden), '--layers', '4', '--vocabulary', String(vocabulary)];
const cases = [
  { backbone: 'densenet121', architecture: 'densenet121', channels: 1, grid: full ? [1, 8, 8] : [1, 2, 1] },
  { backbone: 'densenet169', architecture: 'densenet169', channels: 4, grid: full ? [1, 8, 8] : [1, 2, 1] },
  { backbone: 'resnet50', architecture: full ? 'resnet50' : 'resnet', channels: 1, grid: full ? [1, 8, 8] : [2, 2, 1] },
  { backbone: 'vit', architecture: 'vit', channels: 1, grid: full ? [2, 16, 16] : [4, 4, 2] },
];
const precisions = ['float32', 'float16'] as const;

const scratch = mkdtempSync(join(tmpdir(), 'brat-graphs-'));
const runtime = createOnnxRuntime();
afterAll(async () => {
  await runtime.close();
  rmSync(scratch, { recursive: true, force: true });
});

const reference = (backbone: string, name: string): { readonly shape: readonly number[]; readonly data: Float32Array } => {
  const { shape, data } = readNpy(readFileSync(join(scratch, backbone, `${name}.npy`)), name);
  return { shape, data: data as Float32Array };
};

const folderOf = (backbone: string, precision: string): string => join(scratch, backbone, precision);

async function build(backbone: string, precision: (typeof precisions)[number]): Promise<BuiltGraphs> {
  const folder = folderOf(backbone, precision);
  mkdirSync(folder);
  const state = await openCheckpoint(join(scratch, backbone, 'weights.bin'));
  try {
    return await buildGraphs(state, folder, { precision, size, signal: new AbortController().signal, onProgress: () => undefined });
  } finally {
    await state.close();
  }
}

async function answers(backbone: string, precision: string): Promise<Record<string, Tensor>> {
  const open = (name: string): Promise<OnnxSession> => runtime.open(join(folderOf(backbone, precision), name), 'cpu');
  const whole = (name: string): Tensor => {
    const { shape, data } = reference(backbone, name);
    return { type: 'int64', dims: shape, data: BigInt64Array.from(data, BigInt) };
  };
  const { shape, data } = reference(backbone, 'volume');
  const [encoder, text] = [await open('encoder.onnx'), await open('text.onnx')];
  const seen = await encoder.run({ volume: { type: 'float32', dims: shape, data } });
  const read = await text.run({ input_ids: whole('token'), attention_mask: whole('real') });
  await Promise.all([encoder.release(), text.release()]);
  return { ...seen, ...read };
}

const largestDifference = (left: ArrayLike<number>, right: ArrayLike<number>): number => Array.from(left).reduce((most, value, at) => Math.max(most, Math.abs(value - right[at]!)), 0);

/** Of the row that differs most. */
function leastCosine(left: Float32Array, right: Float32Array, width: number): number {
  let least = 1;
  for (let start = 0; start < left.length; start += width) {
    let [product, a, b] = [0, 0, 0];
    for (let at = start; at < start + width; at++) {
      product += left[at]! * right[at]!;
      a += left[at]! ** 2;
      b += right[at]! ** 2;
    }
    least = Math.min(least, product / Math.sqrt(a * b));
  }
  return least;
}

describe.skipIf(!ready)(`graphs give PyTorch's numbers${ready ? '' : ' (skipped: needs the training environment)'}`, () => {
  const built = new Map<string, BuiltGraphs>();
  beforeAll(async () => {
    await runPython('-m', 'parity.graph_reference', scratch, '--backbones', ...cases.map(({ backbone, channels }) => `${backbone}:${channels}`), ...modelArguments);
    for (const { backbone } of cases) for (const precision of precisions) built.set(`${backbone} ${precision}`, await build(backbone, precision));
  }, full ? 3_600_000 : 600_000);

  test.each(cases)('$backbone in float32: views, projections and maps within 1e-4', async ({ backbone }) => {
    const found = await answers(backbone, 'float32');
    for (const name of ['views', 'projected', 'attention', 'sentence']) {
      const { shape, data } = reference(backbone, name);
      expect(found[name]!.dims, name).toEqual(shape);
      const difference = largestDifference(found[name]!.data as Float32Array, data);
      console.info(`${backbone} float32 ${name}: largest difference ${difference.toExponential(1)}`);
      expect(difference, name).toBeLessThan(1e-4);
    }
  });

  test.each(cases)('$backbone in float16: every view, projection and sentence has a cosine above 0.999, from half the bytes', async ({ backbone }) => {
    const found = await answers(backbone, 'float16');
    for (const name of ['views', 'projected', 'sentence']) {
      const { shape, data } = reference(backbone, name);
      const cosine = leastCosine(found[name]!.data as Float32Array, data, shape.at(-1)!);
      console.info(`${backbone} float16 ${name}: least cosine ${cosine.toFixed(6)}`);
      expect(cosine, name).toBeGreaterThan(0.999);
    }
    const [whole, half] = precisions.map((precision) => statSync(join(folderOf(backbone, precision), 'weights.bin')).size);
    expect(half).toBeLessThan(0.6 * whole!);
  });

  test.each(cases)('$backbone is told by its tensors, with its channels and grid', ({ backbone, architecture, channels, grid }) => {
    expect(built.get(`${backbone} float32`)).toMatchObject({
      architecture,
      encoder: { views: 32, hidden, width: 256, attentionGrid: grid, channels },
      text: { maxTokens: 256, maxSentences: 20, vocabulary },
      files: ['encoder.onnx', 'text.onnx', 'weights.bin'],
    });
  });

  test('the random models look at the volume, so that equal numbers mean equal networks', async () => {
    for (const { backbone } of cases) {
      const { shape, data } = reference(backbone, 'volume');
      const encoder = await runtime.open(join(folderOf(backbone, 'float32'), 'encoder.onnx'), 'cpu');
      const turned = await encoder.run({ volume: { type: 'float32', dims: shape, data: Float32Array.from(data).reverse() } });
      await encoder.release();
      expect(largestDifference(turned['projected']!.data as Float32Array, reference(backbone, 'projected').data), backbone).toBeGreaterThan(1e-3);
    }
  });

  test("ONNX's own checker finds no fault in any graph", async () => {
    const files = cases.flatMap(({ backbone }) => precisions.flatMap((precision) => ['encoder.onnx', 'text.onnx'].map((name) => join(folderOf(backbone, precision), name))));
    await runPython('-c', 'import sys, onnx\nfor path in sys.argv[1:]: onnx.checker.check_model(path, full_check=True)', ...files);
  });
});

describe.skipIf(!ready || full || !hasSoftwareGpu)(`graphs give PyTorch's numbers on WebGPU in software${softwareGpuNote}`, () => {
  const onWebGpu = join(scratch, 'webgpu');
  beforeAll(async () => {
    // Few layers, since each costs shaders to compile; every kind of layer and of edge is there.
    await runPython('-m', 'parity.graph_reference', onWebGpu, '--backbones', ...cases.map(({ backbone, channels }) => `${backbone}:${channels}`), '--narrow', '--shallow', '--size', '32', '64', '32', '--hidden', '96', '--layers', '2', '--vocabulary', '120');
  }, 300_000);

  test.each(cases)('$backbone: views, projections and maps within 1e-3', async ({ backbone }) => {
    const folder = join(onWebGpu, backbone, 'graph');
    mkdirSync(folder);
    const state = await openCheckpoint(join(onWebGpu, backbone, 'weights.bin'));
    await buildGraphs(state, folder, { precision: 'float32', size: [32, 64, 32], signal: new AbortController().signal, onProgress: () => undefined });
    await state.close();
    const answer = (name: string): { shape: readonly number[]; data: Float32Array } => readNpy(readFileSync(join(onWebGpu, backbone, `${name}.npy`)), name) as { shape: readonly number[]; data: Float32Array };
    const { shape, data } = answer('volume');
    const { outputs } = await withSoftwareGpu(scratch, () => createOnnxRuntime().runApart(join(folder, 'encoder.onnx'), 'webgpu', { volume: { type: 'float32', dims: shape, data } }, 250_000));
    for (const name of ['views', 'projected', 'attention']) {
      const difference = largestDifference(outputs[name]!.data as Float32Array, answer(name).data);
      console.info(`${backbone} WebGPU ${name}: largest difference ${difference.toExponential(1)}`);
      expect(difference, name).toBeLessThan(1e-3);
    }
  }, 300_000);
});
