import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fork } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OnnxRuntime, Tensor } from '../engine/ports.ts';
import { onnxModel } from '../testing/onnxGraph.ts';
import { hasSoftwareGpu, softwareGpuNote, withSoftwareGpu } from '../testing/softwareGpu.ts';
import { createOnnxRuntime } from './onnx.ts';

let folder: string;
let runtime: OnnxRuntime;
let graph: string;
const volume: Tensor = { type: 'float32', dims: [1, 1, 4, 8, 8], data: Float32Array.from({ length: 256 }, (_, at) => Math.sin(at)) };
const cpuResult = async () => {
  const session = await runtime.open(graph, 'cpu');
  try {
    return (await session.run({ volume }))['out'] as Extract<Tensor, { type: 'float32' }>;
  } finally {
    await session.release();
  }
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'brat-onnx-'));
  graph = join(folder, 'conv.onnx');
  const kernel = Float32Array.from({ length: 3 * 27 }, (_, at) => Math.cos(at) / 5);
  await writeFile(graph, onnxModel({
    inputs: { volume: { type: 'float32', dims: [1, 1, 4, 8, 8] } },
    outputs: { out: { type: 'float32', dims: [1, 3, 2, 6, 6] } },
    nodes: [{ op: 'Conv', inputs: ['volume', 'kernel'], outputs: ['conv'], attributes: { kernel_shape: [3, 3, 3] } }, { op: 'Relu', inputs: ['conv'], outputs: ['out'] }],
    constants: { kernel: { dims: [3, 1, 3, 3, 3], data: kernel } },
  }));
  runtime = createOnnxRuntime();
});
afterAll(async () => {
  await runtime.close();
  await rm(folder, { recursive: true });
});

describe('the ONNX runtime', () => {
  test('telemetry of the library is off, and the CPU is always offered last', () => {
    expect(process.env['ORT_DISABLE_TELEMETRY']).toBe('1');
    expect(runtime.providers().at(-1)).toBe('cpu');
  });

  test('a 3D convolution gives what its definition gives', async () => {
    const out = await cpuResult();
    expect(out.dims).toEqual([1, 3, 2, 6, 6]);
    // The first output voxel by hand: the sum over the 3 x 3 x 3 corner.
    let sum = 0;
    for (let s = 0; s < 3; s++) for (let a = 0; a < 3; a++) for (let r = 0; r < 3; r++) sum += Math.sin(64 * s + 8 * a + r) * (Math.cos(9 * s + 3 * a + r) / 5);
    expect(out.data[0]).toBeCloseTo(Math.max(0, sum), 5);
  });

  test('the thread that asks stays free while a graph runs', async () => {
    const session = await runtime.open(graph, 'cpu');
    let done = false;
    const running = session.run({ volume }).then(() => (done = true));
    // The run can only be over after a message from another thread: it was not run here.
    await Promise.resolve();
    expect(done).toBe(false);
    await running;
    await session.release();
  });

  test('a broken graph, a missing one and a wrong input are told apart', async () => {
    const broken = join(folder, 'broken.onnx');
    await writeFile(broken, 'not a graph');
    const refused = await runtime.open(broken, 'cpu').catch((error: unknown) => error as Error);
    expect(refused).toMatchObject({ code: 'pack/bad-shape', about: { subject: 'broken.onnx' } });
    // Names the file, not the folders of this machine.
    expect((refused as Error).message).toContain('broken.onnx');
    expect((refused as Error).message).not.toContain(folder);
    await expect(runtime.open(join(folder, 'absent.onnx'), 'cpu')).rejects.toMatchObject({ code: 'pack/missing-file' });
    const session = await runtime.open(graph, 'cpu');
    await expect(session.run({ volume: { type: 'float32', dims: [1, 1], data: new Float32Array(1) } })).rejects.toMatchObject({ code: 'onnx/run-failed' });
    await session.release();
    await expect(session.run({ volume })).rejects.toMatchObject({ code: 'onnx/run-failed' });
  });

  test('a provider this machine lacks is refused by name, and the runtime goes on', async () => {
    const absent = (['cuda', 'dml', 'coreml'] as const).find((provider) => !runtime.providers().includes(provider))!;
    await expect(runtime.open(graph, absent)).rejects.toMatchObject({ code: 'onnx/provider-unavailable', about: { subject: absent } });
    await expect(runtime.runApart(graph, absent, { volume }, 60_000)).rejects.toMatchObject({ code: 'onnx/provider-unavailable' });
    expect((await cpuResult()).data).toHaveLength(216);
  });

  test('a graph run in a process of its own gives the same numbers', async () => {
    const { outputs } = await runtime.runApart(graph, 'cpu', { volume }, 60_000);
    expect(outputs['out']!.data).toEqual((await cpuResult()).data);
  });

  test('a process that outlasts its limit is ended and named', async () => {
    await expect(runtime.runApart(graph, 'cpu', { volume }, 1)).rejects.toMatchObject({ code: 'onnx/provider-unavailable', message: expect.stringContaining('did not finish') as string });
  });

  test('a process that dies takes nobody with it', async () => {
    const deadly = join(folder, 'deadly.mjs');
    await writeFile(deadly, 'process.kill(process.pid, "SIGSEGV");');
    const doomed = createOnnxRuntime({ serverFile: deadly });
    await expect(doomed.runApart(graph, 'cpu', { volume }, 60_000)).rejects.toMatchObject({ code: 'onnx/provider-unavailable', message: expect.stringContaining('SIGSEGV') as string });
  });

  test('a program that used the runtime and did not close it still ends', async () => {
    const program = join(folder, 'program.mjs');
    const runtimeUrl = new URL('./onnx.ts', import.meta.url).href;
    await writeFile(program, `import { createOnnxRuntime } from ${JSON.stringify(runtimeUrl)};
      const session = await createOnnxRuntime().open(${JSON.stringify(graph)}, 'cpu');
      await session.run({ volume: { type: 'float32', dims: [1, 1, 4, 8, 8], data: new Float32Array(256) } });`);
    const code = await new Promise((resolve) => fork(fileURLToPath(new URL(`file://${program}`)), { execArgv: [], stdio: 'ignore' }).on('exit', resolve));
    expect(code).toBe(0);
  });
});

describe.skipIf(!hasSoftwareGpu)(`WebGPU in software${softwareGpuNote}`, () => {
  test('gives the CPU\'s numbers on a 3D convolution', async () => {
    const { outputs } = await withSoftwareGpu(folder, () => createOnnxRuntime().runApart(graph, 'webgpu', { volume }, 100_000));
    const expected = await cpuResult();
    expected.data.forEach((value, at) => { expect(Math.abs(value - Number(outputs['out']!.data[at]))).toBeLessThan(1e-4); });
  });
});
