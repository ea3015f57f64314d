/** Batch norm as what it is at inference, a scale and a shift per channel, and folded into the convolution before it. */
import type { CheckpointReader } from './checkpointReader.ts';

/** PyTorch's default. */
const epsilon = 1e-5;

export interface ScaleShift {
  readonly scale: Float32Array;
  readonly shift: Float32Array;
}

export async function readBatchNorm(checkpoint: CheckpointReader, name: string): Promise<ScaleShift> {
  const weight = await checkpoint.values(`${name}.weight`);
  const bias = await checkpoint.values(`${name}.bias`);
  const mean = await checkpoint.values(`${name}.running_mean`);
  const variance = await checkpoint.values(`${name}.running_var`);
  const scale = weight.map((value, channel) => value / Math.sqrt(variance[channel]! + epsilon));
  return { scale, shift: bias.map((value, channel) => value - mean[channel]! * scale[channel]!) };
}

/** A convolution's weights, [out, in, ...], and its bias. */
export interface Kernel {
  readonly shape: readonly number[];
  readonly values: Float32Array;
  readonly bias?: Float32Array;
}

/** A convolution without bias, followed by its norm, as one convolution. */
export function foldIntoKernel(shape: readonly number[], values: Float32Array, { scale, shift }: ScaleShift): Kernel {
  const perOutput = values.length / shape[0]!;
  return { shape, values: values.map((value, at) => value * scale[Math.floor(at / perOutput)]!), bias: shift };
}

/** Reads a convolution and the norm after it. */
export async function readFolded(checkpoint: CheckpointReader, convolution: string, norm: string): Promise<Kernel> {
  const name = `${convolution}.weight`;
  return foldIntoKernel(checkpoint.shape(name), await checkpoint.values(name), await readBatchNorm(checkpoint, norm));
}
