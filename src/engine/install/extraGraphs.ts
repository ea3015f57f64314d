/**
 * Graphs of what training adds to the published model: the bridge to a language model and the classification heads, from
 * their state dicts (brat_train.models.llama.Bridge and brat_train.models.heads.FindingHeads), as safetensors or PyTorch files.
 */
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { EngineError } from '../../shared/errors.ts';
import { openCheckpoint } from '../checkpoint/openCheckpoint.ts';
import type { StateDict } from '../checkpoint/stateDict.ts';
import { CheckpointReader } from '../graph/checkpointReader.ts';
import { GraphBuilder } from '../graph/graphBuilder.ts';
import { feedForward, layerNorm, type Source } from '../graph/layers.ts';
import { WeightFile } from '../graph/weightFile.ts';

/** PyTorch's default, which both have. */
const epsilon = 1e-5;

/** Names and shapes a state dict must have, -1 for any size. */
function requireShapes(state: StateDict, expected: Readonly<Record<string, readonly number[]>>, subject: string, what: string): void {
  const problems = Object.entries(expected).flatMap(([name, shape]) => {
    const found = state.tensors.get(name)?.shape;
    if (!found) return [`${name} is missing`];
    return found.length === shape.length && shape.every((size, axis) => size === -1 || size === found[axis]) ? [] : [`${name} is [${found.join(', ')}] where [${shape.map((size) => (size === -1 ? 'any' : size)).join(', ')}] fits`];
  });
  const unexpected = [...state.tensors.keys()].filter((name) => !(name in expected));
  if (unexpected.length > 0) problems.push(`${unexpected.slice(0, 6).join(', ')} not expected`);
  if (problems.length > 0) throw new EngineError('models/wrong-weights', `This is no ${what} for these weights: ${problems.join('; ')}`, { subject, advice: `Choose the ${what} that was trained with these weights` });
}

interface Build {
  readonly path: string;
  readonly folder: string;
  readonly signal: AbortSignal;
}

async function build(file: string, { path, folder, signal }: Build, make: (source: Source) => Promise<void>, check: (state: StateDict) => void): Promise<string[]> {
  const state = await openCheckpoint(path);
  try {
    check(state);
    const weightsName = file.replace('.onnx', '-weights.bin');
    const weights = await WeightFile.create(join(folder, weightsName), 'float32');
    try {
      const graph = new GraphBuilder(file.replace('.onnx', ''), weights);
      await make({ graph, checkpoint: new CheckpointReader(state, { subject: basename(path), signal, onProgress: () => undefined }) });
      await writeFile(join(folder, file), graph.encode());
    } finally {
      await weights.close();
    }
    return [file, weightsName];
  } finally {
    await state.close();
  }
}

/**
 * Writes bridge.onnx: `views` [1, views, hidden] to `embeddings` [1, views, width].
 * @param width of the language model's embeddings
 * @returns the files made
 * @throws EngineError `models/wrong-weights`, and what opening a checkpoint throws
 */
export function buildBridge(from: Build, views: number, hidden: number, width: number): Promise<string[]> {
  const subject = basename(from.path);
  return build('bridge.onnx', from, async (source) => {
    const { graph } = source;
    const input = graph.input('views', 'float32', [1, views, hidden]);
    const rows = graph.op('Reshape', [input, graph.ints([views, hidden])]);
    const out = await feedForward(source, 'enter', 'leave', await layerNorm(source, 'norm', rows, epsilon));
    graph.op('Reshape', [out, graph.ints([1, views, width])], { as: 'embeddings' });
    graph.output('embeddings', 'float32', [1, views, width]);
  }, (state) => {
    const inner = state.tensors.get('enter.bias')?.shape[0] ?? -1;
    requireShapes(state, { 'norm.weight': [hidden], 'norm.bias': [hidden], 'enter.weight': [inner, hidden], 'enter.bias': [inner], 'leave.weight': [width, inner], 'leave.bias': [width] }, subject, 'bridge');
  });
}

/**
 * Writes findings.onnx: `views` [1, views, hidden] to `probability` [1, outputs]; mean and maximum over the views go in.
 * @throws as {@link buildBridge}
 */
export function buildFindings(from: Build, views: number, hidden: number, outputs: number): Promise<string[]> {
  const subject = basename(from.path);
  return build('findings.onnx', from, async (source) => {
    const { graph } = source;
    const input = graph.input('views', 'float32', [1, views, hidden]);
    const pooled = graph.op('Concat', [
      graph.op('ReduceMean', [input, graph.ints([1])], { attributes: { keepdims: { int: 0 } } }),
      graph.op('ReduceMax', [input, graph.ints([1])], { attributes: { keepdims: { int: 0 } } }),
    ], { attributes: { axis: { int: -1 } } });
    const scores = await feedForward(source, 'enter', 'leave', await layerNorm(source, 'norm', pooled, epsilon));
    graph.op('Sigmoid', [scores], { as: 'probability' });
    graph.output('probability', 'float32', [1, outputs]);
  }, (state) => {
    const inner = state.tensors.get('enter.bias')?.shape[0] ?? -1;
    requireShapes(state, { 'norm.weight': [2 * hidden], 'norm.bias': [2 * hidden], 'enter.weight': [inner, 2 * hidden], 'enter.bias': [inner], 'leave.weight': [outputs, inner], 'leave.bias': [outputs] }, subject, 'set of heads');
  });
}
