/**
 * Volumes as lists of slices, and the 3D layers of the vision backbones on them.
 *
 * onnxruntime runs 2D convolutions in blocked layout straight from memory, twice as fast as 3D ones, which it unrolls into
 * a matrix first; WebGPU tiles 2D convolutions and runs 3D ones cell by cell. So every slice of a feature map is a value of its
 * own, [1, channels, anterior, right], and a 3D convolution is the sum of the 2D convolutions of neighbouring slices with
 * the planes of its kernel: the same products, less those with the zeros beyond the ends. docs/graphs.md has the figures.
 */
import type { GraphBuilder, Value } from './graphBuilder.ts';
import type { Kernel, ScaleShift } from './foldedNorm.ts';

export interface Slices {
  /** One [1, channels, height, width] for each step along superior. */
  readonly maps: readonly Value[];
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

export interface ConvolutionOptions {
  readonly stride?: number;
  readonly relu?: boolean;
  /** Added before the activation; of the result's size. */
  readonly residual?: Slices;
}

/** Cells along an axis after a kernel with `floor(size / 2)` cells of padding on either side. */
const cellsAfter = (cells: number, size: number, stride: number): number => Math.floor((cells + 2 * Math.floor(size / 2) - size) / stride) + 1;

const same = (value: number): { readonly ints: readonly number[] } => ({ ints: [value, value] });
const padding = (size: number): { readonly ints: readonly number[] } => ({ ints: Array.from({ length: 4 }, () => Math.floor(size / 2)) });

/** Input slices and planes of the kernel that meet in one output slice. */
function meetings(output: number, slices: number, planes: number, stride: number): { readonly slice: number; readonly plane: number }[] {
  const first = output * stride - Math.floor(planes / 2);
  return Array.from({ length: planes }, (_, plane) => ({ plane, slice: first + plane })).filter(({ slice }) => slice >= 0 && slice < slices);
}

/** Planes of a kernel [out, in, planes, height, width], side by side as channels: [out, in * (to - from), height, width]; zeros for planes it has not. */
function planesOf({ shape, values }: Kernel, from: number, to: number): Float32Array {
  const [outputs, inputs, planes, height, width] = shape as [number, number, number, number, number];
  const area = height * width;
  const count = to - from;
  const [first, last] = [Math.max(0, from), Math.min(planes, to)];
  const out = new Float32Array(outputs * inputs * count * area);
  for (let pair = 0; pair < outputs * inputs; pair++) {
    out.set(values.subarray((pair * planes + first) * area, (pair * planes + last) * area), (pair * count + first - from) * area);
  }
  return out;
}

/**
 * Whether onnxruntime's WebGPU provider convolves so many channels rightly. A multiple of three that is none of four comes out
 * wrong there without a word, as of version 1.30 (microsoft/onnxruntime issue 29651).
 */
const isSafeOnWebGpu = (channels: number): boolean => channels % 3 !== 0 || channels % 4 === 0;

/** Slices a kernel meets, and as many more, which it will meet with zeros, as make a number of channels that is safe. */
function widened({ from, to }: { readonly from: number; readonly to: number }, inputs: number, depth: number): { readonly from: number; readonly to: number } {
  for (let more = 0; to - from + more <= depth; more++) {
    if (!isSafeOnWebGpu(inputs * (to - from + more))) continue;
    const after = Math.min(more, depth - to);
    return { from: from - (more - after), to: to + after };
  }
  return { from, to };
}

/**
 * A 3D convolution with half a kernel of padding and the same stride along all axes.
 * @param key of its weights, the same for all slices
 */
export async function convolve(graph: GraphBuilder, key: string, x: Slices, kernel: Kernel, options: ConvolutionOptions = {}): Promise<Slices> {
  const [outputs, inputs, planes, height, width] = kernel.shape as [number, number, number, number, number];
  const { stride = 1, relu = false, residual } = options;
  const { bias } = kernel;
  const attributes = { strides: same(stride), pads: padding(height), kernel_shape: { ints: [height, width] } };
  const maps: Value[] = [];
  for (let output = 0; output < cellsAfter(x.maps.length, planes, stride); output++) {
    let sum: Value | undefined;
    for (const { slice, plane } of meetings(output, x.maps.length, planes, stride)) {
      const weight = await graph.weight(planes === 1 ? key : `${key}.plane${plane}`, [outputs, inputs, height, width], () => Promise.resolve(planesOf(kernel, plane, plane + 1)));
      const withBias = sum === undefined && bias ? [await graph.weight(`${key}.bias`, [outputs], () => Promise.resolve(bias))] : [];
      const product = graph.op('Conv', [x.maps[slice]!, weight, ...withBias], { attributes });
      sum = sum === undefined ? product : graph.op('Add', [sum, product]);
    }
    if (residual) sum = graph.op('Add', [sum!, residual.maps[output]!]);
    maps.push(relu ? graph.op('Relu', [sum!]) : sum!);
  }
  return { maps, channels: outputs, height: cellsAfter(x.height, height, stride), width: cellsAfter(x.width, width, stride) };
}

/**
 * The first convolution of a backbone, of stride 2, on the volume itself: it has few channels, so that the slices a kernel
 * covers become channels of one 2D convolution.
 * @param volume [1, channels, S, A, R]
 */
export async function convolveVolume(graph: GraphBuilder, key: string, volume: Value, size: readonly [number, number, number], kernel: Kernel): Promise<Slices> {
  const [outputs, inputs, planes, height, width] = kernel.shape as [number, number, number, number, number];
  const stride = 2;
  const [depth, rows, columns] = size;
  const bias = await graph.weight(`${key}.bias`, [outputs], () => Promise.resolve(kernel.bias!));
  const maps: Value[] = [];
  for (let output = 0; output < cellsAfter(depth, planes, stride); output++) {
    const met = meetings(output, depth, planes, stride);
    const { from, to } = widened({ from: met[0]!.slice, to: met.at(-1)!.slice + 1 }, inputs, depth);
    const part = graph.op('Slice', [volume, graph.ints([from]), graph.ints([to]), graph.ints([2])]);
    const flat = graph.op('Reshape', [part, graph.ints([1, inputs * (to - from), rows, columns])]);
    const firstPlane = met[0]!.plane + from - met[0]!.slice;
    const endPlane = firstPlane + to - from;
    const weight = await graph.weight(`${key}.planes${firstPlane}to${endPlane - 1}`, [outputs, inputs * (to - from), height, width], () => Promise.resolve(planesOf(kernel, firstPlane, endPlane)));
    const attributes = { strides: same(stride), pads: padding(height), kernel_shape: { ints: [height, width] } };
    maps.push(graph.op('Relu', [graph.op('Conv', [flat, weight, bias], { attributes })]));
  }
  return { maps, channels: outputs, height: cellsAfter(rows, height, stride), width: cellsAfter(columns, width, stride) };
}

/** Max pooling over 3 cells with stride 2 and one cell of padding, along all axes. */
export function maxPool(graph: GraphBuilder, x: Slices): Slices {
  const attributes = { kernel_shape: same(3), strides: same(2), pads: padding(3) };
  const flat = x.maps.map((map) => graph.op('MaxPool', [map], { attributes }));
  const maps = Array.from({ length: cellsAfter(x.maps.length, 3, 2) }, (_, output) => {
    const met = meetings(output, flat.length, 3, 2).map(({ slice }) => flat[slice]!);
    return met.length === 1 ? met[0]! : graph.op('Max', met);
  });
  return { ...x, maps, height: cellsAfter(x.height, 3, 2), width: cellsAfter(x.width, 3, 2) };
}

/** The sum over pairs of slices of the in-plane means over 2 x 2 cells; half of it is the 3D mean. */
export function sumOfPairedMeans(graph: GraphBuilder, x: Slices): Slices {
  const flat = x.maps.map((map) => graph.op('AveragePool', [map], { attributes: { kernel_shape: same(2), strides: same(2) } }));
  const maps = Array.from({ length: Math.floor(flat.length / 2) }, (_, pair) => graph.op('Add', [flat[2 * pair]!, flat[2 * pair + 1]!]));
  return { ...x, maps, height: Math.floor(x.height / 2), width: Math.floor(x.width / 2) };
}

/** Scale and shift of every channel, written as a convolution of one cell and one channel each, which keeps the blocked layout. */
export async function scaleChannels(graph: GraphBuilder, key: string, x: Slices, { scale, shift }: ScaleShift, relu: boolean): Promise<Slices> {
  const weight = await graph.weight(`${key}.scale`, [x.channels, 1, 1, 1], () => Promise.resolve(scale));
  const bias = await graph.weight(`${key}.shift`, [x.channels], () => Promise.resolve(shift));
  const maps = x.maps.map((map) => {
    const scaled = graph.op('Conv', [map, weight, bias], { attributes: { group: { int: x.channels }, kernel_shape: same(1) } });
    return relu ? graph.op('Relu', [scaled]) : scaled;
  });
  return { ...x, maps };
}

/** Channels of both, the first's before the second's. */
export function joinChannels(graph: GraphBuilder, first: Slices, second: Slices): Slices {
  const maps = first.maps.map((map, slice) => graph.op('Concat', [map, second.maps[slice]!], { attributes: { axis: { int: 1 } } }));
  return { ...first, maps, channels: first.channels + second.channels };
}

/** Rows of features, one for each cell, right fastest, then anterior, then superior: [cells, channels]. */
export function cellRows(graph: GraphBuilder, x: Slices): Value {
  const rows = x.maps.map((map) => {
    const columns = graph.op('Reshape', [map, graph.ints([x.channels, x.height * x.width])]);
    return graph.op('Transpose', [columns], { attributes: { perm: { ints: [1, 0] } } });
  });
  return rows.length === 1 ? rows[0]! : graph.op('Concat', rows, { attributes: { axis: { int: 0 } } });
}
