/** MONAI's DenseNet as the published models use it: features, mean over depth, leaky ReLU, one row for each in-plane cell. */
import type { VisionFeatures, VisionInput } from './vision.ts';
import { readBatchNorm, readFolded, type Kernel } from './foldedNorm.ts';
import type { Source } from './layers.ts';
import { cellRows, convolve, convolveVolume, joinChannels, maxPool, scaleChannels, sumOfPairedMeans, type Slices } from './slices.ts';

const root = 'visual_encoder.features';

/** PyTorch's default slope. */
const leak = 0.01;

export async function denseNet(source: Source, { volume, size }: VisionInput): Promise<VisionFeatures> {
  const { graph, checkpoint } = source;
  const stem = await convolveVolume(graph, `${root}.conv0`, volume, size, await readFolded(checkpoint, `${root}.conv0`, `${root}.norm0`));
  let x = await inBlockedLayout(source, 'pool0', maxPool(graph, stem));
  const blocks = checkpoint.count(`${root}.denseblock*.denselayer1.layers.conv1.weight`, 1);
  for (let block = 1; block <= blocks; block++) {
    const layers = checkpoint.count(`${root}.denseblock${block}.denselayer*.layers.conv1.weight`, 1);
    for (let layer = 1; layer <= layers; layer++) x = joinChannels(graph, x, await denseLayer(source, `${root}.denseblock${block}.denselayer${layer}.layers`, x));
    if (block < blocks) x = await transition(source, `${root}.transition${block}`, x);
  }
  const depth = x.maps.length;
  const { scale, shift } = await readBatchNorm(checkpoint, `${root}.norm5`);
  const mean = { scale: scale.map((value) => value / depth), shift: shift.map((value) => value / depth) };
  const parts = await scaleChannels(graph, `${root}.norm5`, x, mean, false);
  const flat = parts.maps.reduce((sum, map) => graph.op('Add', [sum, map]));
  const map = graph.op('LeakyRelu', [flat], { attributes: { alpha: { float: leak } } });
  return { rows: cellRows(graph, { ...x, maps: [map] }), grid: [1, x.height, x.width], width: x.channels };
}

/** Norm, ReLU, 1x1x1 convolution, norm, ReLU, 3x3x3 convolution. @returns the channels it adds */
async function denseLayer({ graph, checkpoint }: Source, name: string, x: Slices): Promise<Slices> {
  const ready = await scaleChannels(graph, `${name}.norm1`, x, await readBatchNorm(checkpoint, `${name}.norm1`), true);
  const narrow = await convolve(graph, `${name}.conv1`, ready, await readFolded(checkpoint, `${name}.conv1`, `${name}.norm2`), { relu: true });
  return convolve(graph, `${name}.conv2`, narrow, await readKernel({ graph, checkpoint }, `${name}.conv2.weight`));
}

/**
 * Norm, ReLU, 1x1x1 convolution to half the channels, mean over 2x2x2 cells. The mean is taken before the convolution:
 * both are linear, and the convolution then has an eighth of the cells.
 */
async function transition({ graph, checkpoint }: Source, name: string, x: Slices): Promise<Slices> {
  const ready = await scaleChannels(graph, `${name}.norm`, x, await readBatchNorm(checkpoint, `${name}.norm`), true);
  const kernel = await readKernel({ graph, checkpoint }, `${name}.conv.weight`);
  const half = { ...kernel, values: kernel.values.map((value) => value / 2) };
  return convolve(graph, `${name}.conv`, sumOfPairedMeans(graph, ready), half);
}

async function readKernel({ checkpoint }: Source, name: string): Promise<Kernel> {
  return { shape: checkpoint.shape(name), values: await checkpoint.values(name) };
}

/**
 * The same values out of a convolution: onnxruntime keeps its blocked layout from one convolution to the next, but begins it at
 * none of the operators a dense block begins with.
 */
function inBlockedLayout({ graph }: Source, key: string, x: Slices): Promise<Slices> {
  return scaleChannels(graph, `identity.${key}`, x, { scale: new Float32Array(x.channels).fill(1), shift: new Float32Array(x.channels) }, false);
}

