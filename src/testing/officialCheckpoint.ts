/**
 * Checkpoints of the official layout with random weights, small enough for a test: a narrow DenseNet and a Q-Former of two
 * layers, with the real vocabulary's number of words. What they say means nothing.
 */
import { writeFile } from 'node:fs/promises';
import { randoms } from './tinyPack.ts';
import { floatBytes, torchFile, type TestTensor } from './torchFile.ts';

/** A multiple of the 12 heads every published model has. */
const hidden = 12;
export const official = { hidden, views: 4, width: 6, words: 30_523, positions: 64, channels: 1, size: [32, 64, 64] } as const;

const [init, growth, bottleneck, inner] = [4, 2, 4, 16];

/** Shapes by name. */
export function officialShapes(channels = 1): Record<string, number[]> {
  const shapes: Record<string, number[]> = {};
  const norm = (name: string, width: number): void => { for (const part of ['weight', 'bias', 'running_mean', 'running_var']) shapes[`${name}.${part}`] = [width]; };
  const affine = (name: string, ...shape: number[]): void => {
    shapes[`${name}.weight`] = shape;
    shapes[`${name}.bias`] = [shape[0]!];
  };
  const root = 'visual_encoder.features';
  shapes[`${root}.conv0.weight`] = [init, channels, 7, 7, 7];
  norm(`${root}.norm0`, init);
  let width = init;
  for (let block = 1; block <= 4; block++) {
    const layer = `${root}.denseblock${block}.denselayer1.layers`;
    norm(`${layer}.norm1`, width);
    shapes[`${layer}.conv1.weight`] = [bottleneck, width, 1, 1, 1];
    norm(`${layer}.norm2`, bottleneck);
    shapes[`${layer}.conv2.weight`] = [growth, bottleneck, 3, 3, 3];
    width += growth;
    if (block === 4) continue;
    norm(`${root}.transition${block}.norm`, width);
    shapes[`${root}.transition${block}.conv.weight`] = [Math.floor(width / 2), width, 1, 1, 1];
    width = Math.floor(width / 2);
  }
  norm(`${root}.norm5`, width);
  affine('ln_vision', width);
  shapes['query_tokens'] = [1, official.views, hidden];
  const bert = 'Qformer.bert';
  shapes[`${bert}.embeddings.word_embeddings.weight`] = [official.words, hidden];
  shapes[`${bert}.embeddings.position_embeddings.weight`] = [official.positions, hidden];
  affine(`${bert}.embeddings.LayerNorm`, hidden);
  for (const layer of [0, 1]) {
    const at = `${bert}.encoder.layer.${layer}`;
    for (const [name, source] of [['attention', hidden], ...(layer === 0 ? [['crossattention', width] as const] : [])] as const) {
      affine(`${at}.${name}.self.query`, hidden, hidden);
      affine(`${at}.${name}.self.key`, hidden, source);
      affine(`${at}.${name}.self.value`, hidden, source);
      affine(`${at}.${name}.output.dense`, hidden, hidden);
      affine(`${at}.${name}.output.LayerNorm`, hidden);
    }
    for (const branch of ['', '_query']) {
      affine(`${at}.intermediate${branch}.dense`, inner, hidden);
      affine(`${at}.output${branch}.dense`, hidden, inner);
      affine(`${at}.output${branch}.LayerNorm`, hidden);
    }
  }
  affine('vision_proj', official.width, hidden);
  affine('text_proj', official.width, hidden);
  shapes['temp'] = [];
  return shapes;
}

const count = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/** Tensors with random values; norms begin near one, and variances are positive. */
export function randomTensors(shapes: Readonly<Record<string, readonly number[]>>): Record<string, TestTensor> {
  return Object.fromEntries(Object.entries(shapes).map(([name, shape], seed) => {
    const values = randoms(count(shape), seed + 1, 0.3);
    const isScale = /(?:running_var|norm\d?\.weight|LayerNorm\.weight|^ln_vision\.weight|^norm\.weight)$/.test(name);
    return [name, { shape, data: floatBytes(isScale ? values.map((value) => 1 + Math.abs(value)) : values) }];
  }));
}

export const writeOfficialCheckpoint = (path: string, channels = 1): Promise<void> => writeFile(path, torchFile(randomTensors(officialShapes(channels))));

/** Shapes of a bridge to a language model of this width (brat_train.models.llama.Bridge). */
export const bridgeShapes = (width: number): Record<string, number[]> => ({ 'norm.weight': [hidden], 'norm.bias': [hidden], 'enter.weight': [8, hidden], 'enter.bias': [8], 'leave.weight': [width, 8], 'leave.bias': [width] });

/** Shapes of classification heads (brat_train.models.heads.FindingHeads). */
export const headShapes = (outputs: number): Record<string, number[]> => ({ 'norm.weight': [2 * hidden], 'norm.bias': [2 * hidden], 'enter.weight': [8, 2 * hidden], 'enter.bias': [8], 'leave.weight': [outputs, 8], 'leave.bias': [outputs] });
