/**
 * The built encoder of the published size against PyTorch's own code with the same weights, and against what this CPU can do
 * at all: the network's operations at the rate of a large matrix product. All three take turns, so that a busy machine is
 * equally busy for each.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { readNpy } from '../../engine/arrays/npy.ts';
import { openCheckpoint } from '../../engine/checkpoint/openCheckpoint.ts';
import { buildGraphs } from '../../engine/graph/buildGraphs.ts';
import type { Tensor } from '../../engine/ports.ts';
import { natives } from '../../native/natives.ts';
import { cancelledError } from '../../shared/errors.ts';
import type { Bench } from './benches.ts';
import { matrixGraph } from './matrixGraph.ts';
import { machine, randomNumbers, summarise, type Measured } from './measure.ts';
import { startPyTorch } from './pytorch.ts';

const productSize = 2048;
const volumeSize = [32, 256, 256] as const;

/** The reference is the network's operations at the matrix product's rate; a ratio of 1 is that rate throughout. */
export const benchEncodeAgainstPyTorch: Bench = async ({ signal }, { runs }, folder) => {
  const pytorch = await startPyTorch(folder, availableParallelism(), signal);
  const runtime = natives.createOnnxRuntime();
  try {
    const graphs = join(folder, 'graphs');
    await mkdir(graphs);
    const checkpoint = await openCheckpoint(join(folder, 'weights.bin'));
    const buildStarted = performance.now();
    const { architecture, encoder } = await buildGraphs(checkpoint, graphs, { precision: 'float32', size: volumeSize, signal, onProgress: () => undefined });
    await checkpoint.close();
    const buildMs = performance.now() - buildStarted;

    const npy = async (name: string): Promise<{ dims: readonly number[]; data: Float32Array }> => {
      const { shape, data } = readNpy(await readFile(join(folder, `${name}.npy`)), name);
      return { dims: shape, data: data as Float32Array };
    };
    const volume: Tensor = { type: 'float32', ...(await npy('volume')) };
    const session = await runtime.open(join(graphs, encoder.file), 'cpu');
    const productFile = join(folder, 'product.onnx');
    await writeFile(productFile, matrixGraph(productSize));
    const product = await runtime.open(productFile, 'cpu');
    const matrix: Tensor = { type: 'float32', dims: [productSize, productSize], data: Float32Array.from({ length: productSize ** 2 }, randomNumbers(2)) };

    const timed = async (work: () => Promise<unknown>): Promise<number> => {
      const started = performance.now();
      await work();
      return performance.now() - started;
    };
    const times = { product: [] as number[], encode: [] as number[], pytorch: [] as number[] };
    // The first round warms up.
    for (let run = -1; run < runs; run++) {
      if (signal.aborted) throw cancelledError('bench');
      const round = { product: await timed(() => product.run({ left: matrix, right: matrix })), encode: await timed(() => session.run({ volume })), pytorch: await pytorch.encode() };
      if (run < 0) continue;
      times.product.push(round.product);
      times.encode.push(round.encode);
      times.pytorch.push(round.pytorch);
    }
    const wanted = (await npy('projected')).data;
    const projected = (await session.run({ volume }))['projected']!.data as Float32Array;
    const difference = wanted.reduce((most, value, at) => Math.max(most, Math.abs(value - projected[at]!)), 0);

    const productOperations = 2 * productSize ** 3;
    const atProductRate: Measured = summarise(times.product.map((ms) => (ms * pytorch.operations) / productOperations));
    const [encode, theirs] = [summarise(times.encode), summarise(times.pytorch)];
    return {
      bench: 'encode',
      subject: `${architecture} with random weights, float32, ${volumeSize.join(' x ')}, against PyTorch ${pytorch.version}`,
      medianMs: encode.medianMs,
      measured: { encode, pytorch: theirs },
      reference: { name: `its ${(pytorch.operations / 1e9).toFixed(0)} G operations at the rate of a ${productSize} x ${productSize} matrix product`, ...atProductRate },
      ratio: encode.medianMs / atProductRate.medianMs,
      details: {
        ratioOfBestRuns: encode.minMs / atProductRate.minMs,
        timesFasterThanPyTorch: theirs.medianMs / encode.medianMs,
        timesFasterThanPyTorchBestRuns: theirs.minMs / encode.minMs,
        operations: pytorch.operations,
        gflopsOfProduct: productOperations / summarise(times.product).medianMs / 1e6,
        largestDifferenceOfProjected: difference,
        pytorchThreads: pytorch.threads,
        buildMs,
      },
      machine: machine(),
    };
  } finally {
    pytorch.close();
    await runtime.close();
  }
};
