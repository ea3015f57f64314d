/** Layers that transformers are made of, on matrices [rows, width]; weights as PyTorch stores them, [out, in]. */
import type { CheckpointReader } from './checkpointReader.ts';
import type { GraphBuilder, Value } from './graphBuilder.ts';

/** A graph and the checkpoint its weights come from. */
export interface Source {
  readonly graph: GraphBuilder;
  readonly checkpoint: CheckpointReader;
}

/** A tensor of the checkpoint under its own name, which is what lets two graphs share it. */
export const parameter = ({ graph, checkpoint }: Source, name: string, dims: readonly number[] = checkpoint.shape(name)): Promise<Value> =>
  graph.weight(name, dims, () => checkpoint.values(name));

/** x W^T + b; without a bias where the checkpoint has none. */
export async function linear(source: Source, name: string, x: Value): Promise<Value> {
  const inputs = [x, await parameter(source, `${name}.weight`)];
  if (source.checkpoint.has(`${name}.bias`)) inputs.push(await parameter(source, `${name}.bias`));
  return source.graph.op('Gemm', inputs, { attributes: { transB: { int: 1 } } });
}

export async function layerNorm(source: Source, name: string, x: Value, epsilon: number, as?: string): Promise<Value> {
  const inputs = [x, await parameter(source, `${name}.weight`), await parameter(source, `${name}.bias`)];
  return source.graph.op('LayerNormalization', inputs, { attributes: { axis: { int: -1 }, epsilon: { float: epsilon } }, ...(as !== undefined && { as }) });
}

/** Two linear layers with an exact GELU between them. */
export async function feedForward(source: Source, first: string, second: string, x: Value): Promise<Value> {
  return linear(source, second, source.graph.op('Gelu', [await linear(source, first, x)]));
}

/** Rows scaled to length 1. */
export function unitRows(graph: GraphBuilder, x: Value): Value {
  const length = graph.op('ReduceL2', [x, graph.ints([-1])], { attributes: { keepdims: { int: 1 } } });
  // As PyTorch's normalize: a row of zeros stays one.
  return graph.op('Div', [x, graph.op('Max', [length, graph.number(1e-12)])]);
}

/** How rows become heads: reshape to `shape`, then bring the heads before the rows. */
export interface Heads {
  /** Sizes for Reshape, [batch, rows, heads, width of a head]; -1 where only the run knows. */
  readonly shape: Value;
  readonly headWidth: number;
}

/**
 * Scaled dot-product attention.
 * @param mask added to the scores, broadcast to [batch, heads, queries, keys]
 * @returns the rows [batch x queries, width] and the weights [batch, heads, queries, keys]
 */
export function attend(graph: GraphBuilder, query: Value, key: Value, value: Value, rows: Heads, sourceRows: Heads, width: number, mask?: Value): { readonly out: Value; readonly weights: Value } {
  const toHeads = (x: Value, { shape }: Heads, order: readonly number[]): Value => graph.op('Transpose', [graph.op('Reshape', [x, shape])], { attributes: { perm: { ints: order } } });
  const scaled = graph.op('Mul', [toHeads(query, rows, [0, 2, 1, 3]), graph.number(1 / Math.sqrt(rows.headWidth))]);
  const scores = graph.op('MatMul', [scaled, toHeads(key, sourceRows, [0, 2, 3, 1])]);
  const weights = graph.op('Softmax', [mask === undefined ? scores : graph.op('Add', [scores, mask])], { attributes: { axis: { int: -1 } } });
  const out = graph.op('Transpose', [graph.op('MatMul', [weights, toHeads(value, sourceRows, [0, 2, 1, 3])])], { attributes: { perm: { ints: [0, 2, 1, 3] } } });
  return { out: graph.op('Reshape', [out, graph.ints([-1, width])]), weights };
}
