/**
 * What the published brat checkpoints hold, and how a file differs from it. Sizes are read off the tensors, as the published
 * loader does, so that narrower models of the same build are known too; what cannot be read off is held to the known builds.
 * What the graphs then do with the tensors is graph/'s.
 */
import { EngineError } from '../../shared/errors.ts';
import { printable } from './pickle.ts';
import type { StateDict, TensorInfo } from './stateDict.ts';

export type Backbone = 'densenet' | 'resnet' | 'vit';

/** A size that could not be read off the file is null and fits anything. */
type Size = number | null;

export interface LayoutDifference {
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
  /** Names with the shape in the file and the one that fits the rest of the file. */
  readonly wrongShape: readonly { readonly name: string; readonly found: readonly number[]; readonly expected: readonly Size[] }[];
}

/** Tensors of the published files that no graph needs: training's own heads, counters, copies and constants. */
const unused: readonly RegExp[] = [
  /\.num_batches_tracked$/, /^temp$/, /^itm_head\./, /^Qformer\.cls\./, /^Qformer\.bert\.embeddings\.position_ids$/, /^Qformer\.bert\.pooler\./,
  /^visual_encoder\.(?:class_layers|classification_head|fc)\./, /^visual_encoder\.blocks\.\d+\.(?:norm_cross_attn|cross_attn)\./,
];

/** Blocks of the builds there are: DenseNet-121 and -169, ResNet-50, ViT-B. */
const denseBlocks = [[6, 12, 24, 16], [6, 12, 32, 32]] as const;
const residualBlocks = [3, 4, 6, 3] as const;
const residualWidth = 64;
const vitBlocks = 12;
const vitWidth = 768;
/** BLIP-2: queries look at the image in every second layer. */
const crossAttentionEvery = 2;

/**
 * @throws EngineError `models/wrong-weights` naming what is missing, unexpected or of another shape; names that are merely
 *   unexpected are given back and not refused, since nothing depends on them
 */
export function requireOfficialLayout(state: StateDict, subject: string): { readonly backbone: Backbone; readonly unexpected: readonly string[] } {
  const { backbone, difference } = compareLayout(state.tensors);
  const { missing, unexpected, wrongShape } = difference;
  if (backbone !== null && missing.length === 0 && wrongShape.length === 0) return { backbone, unexpected };
  const parts = [
    list(missing, 'missing'),
    list(wrongShape.map(({ name, found, expected }) => `${name} is [${found.join(', ')}] where [${expected.map((size) => size ?? 'any').join(', ')}] fits`), 'of the wrong shape'),
    list(unexpected, 'unexpected'),
  ].filter((part) => part !== '');
  throw new EngineError('models/wrong-weights', `These are not the weights of a brat model: ${parts.join('; ')}`, { subject, advice: 'Choose a checkpoint of the official layout, whole (docs/models.md)' });
}

const shown = 6;
const list = (names: readonly string[], what: string): string =>
  names.length === 0 ? '' : `${names.length} ${what} (${names.slice(0, shown).map(printable).join(', ')}${names.length > shown ? ', …' : ''})`;

/** How the tensors of a file differ from what a model with its sizes has. */
export function compareLayout(tensors: ReadonlyMap<string, TensorInfo>): { readonly backbone: Backbone | null; readonly difference: LayoutDifference } {
  const read = reader(tensors);
  const backbone = findBackbone(tensors);
  const expected = new Map<string, readonly Size[]>();
  const imageWidth = backbone === null ? null : { densenet: expectDenseNet, resnet: expectResNet, vit: expectViT }[backbone](read, expected);
  if (backbone === null) expected.set('visual_encoder.*', []);
  expectQFormer(read, expected, imageWidth);

  const missing = [...expected.keys()].filter((name) => !tensors.has(name));
  const unexpected = [...tensors.keys()].filter((name) => !expected.has(name) && !unused.some((pattern) => pattern.test(name)));
  const wrongShape = [...expected].flatMap(([name, shape]) => {
    const found = tensors.get(name)?.shape;
    return !found || (found.length === shape.length && shape.every((size, axis) => size === null || size === found[axis])) ? [] : [{ name, found, expected: shape }];
  });
  return { backbone, difference: { missing, unexpected, wrongShape } };
}

interface Reader {
  /** Size of a tensor along an axis. */
  size(name: string, axis: number): Size;
  /** One more than the largest number that stands at `*` of a name. */
  count(pattern: string): number;
}

function reader(tensors: ReadonlyMap<string, TensorInfo>): Reader {
  return {
    size: (name, axis) => tensors.get(name)?.shape[axis] ?? null,
    count: (pattern) => {
      const [before, after] = pattern.split('*') as [string, string];
      let count = 0;
      for (const name of tensors.keys()) {
        if (!name.startsWith(before)) continue;
        const number = /^\d{1,4}/.exec(name.slice(before.length))?.[0];
        if (number !== undefined && name.startsWith(after, before.length + number.length)) count = Math.max(count, Number(number) + 1);
      }
      return count;
    },
  };
}

function findBackbone(tensors: ReadonlyMap<string, TensorInfo>): Backbone | null {
  const has = (start: string): boolean => [...tensors.keys()].some((name) => name.startsWith(`visual_encoder.${start}`));
  if (has('features.')) return 'densenet';
  if (has('layer1.')) return 'resnet';
  return has('blocks.') || has('patch_embedding.') ? 'vit' : null;
}

type Expected = Map<string, readonly Size[]>;

const times = (a: Size, b: number): Size => (a === null ? null : a * b);

function batchNorm(expected: Expected, name: string, width: Size): void {
  for (const part of ['weight', 'bias', 'running_mean', 'running_var']) expected.set(`${name}.${part}`, [width]);
}

function affine(expected: Expected, name: string, shape: readonly Size[]): void {
  expected.set(`${name}.weight`, shape);
  expected.set(`${name}.bias`, [shape[0]!]);
}

/** MONAI's DenseNet. @returns channels of its last map */
function expectDenseNet(read: Reader, expected: Expected): Size {
  const root = 'visual_encoder.features';
  const layer = (block: number, number: number): string => `${root}.denseblock${block}.denselayer${number}.layers`;
  const channels = read.size(`${root}.conv0.weight`, 1);
  let width = read.size(`${root}.conv0.weight`, 0);
  const growth = read.size(`${layer(1, 1)}.conv2.weight`, 0);
  const bottleneck = read.size(`${layer(1, 1)}.conv2.weight`, 1);
  const kernel = (name: string): Size[] => [2, 3, 4].map((axis) => read.size(name, axis));
  const [stem, fine] = [kernel(`${root}.conv0.weight`), kernel(`${layer(1, 1)}.conv2.weight`)];
  expected.set(`${root}.conv0.weight`, [width, channels, ...stem]);
  batchNorm(expected, `${root}.norm0`, width);
  const blocks = read.count(`${root}.denseblock*.`) - 1;
  // What a block adds to its channels says how many layers it has, also where the last ones are missing.
  const end = (block: number): Size => read.size(block === blocks ? `${root}.norm5.weight` : `${root}.transition${block}.norm.weight`, 0);
  const known = growth === 32 && width === 64 ? denseBlocks.find((counts) => counts[2] === (read.size(`${root}.transition3.norm.weight`, 0) === 1280 ? 32 : 24)) : undefined;
  for (let block = 1; block <= (known?.length ?? blocks); block++) {
    const named = read.count(`${root}.denseblock${block}.denselayer*.`) - 1;
    const added = width !== null && growth !== null && end(block) !== null ? (end(block)! - width) / growth : named;
    const layers = known?.[block - 1] ?? (Number.isInteger(added) && added > 0 && added < 1000 ? added : named);
    for (let number = 1; number <= layers; number++) {
      const at = layer(block, number);
      batchNorm(expected, `${at}.norm1`, width);
      expected.set(`${at}.conv1.weight`, [bottleneck, width, 1, 1, 1]);
      batchNorm(expected, `${at}.norm2`, bottleneck);
      expected.set(`${at}.conv2.weight`, [growth, bottleneck, ...fine]);
      width = width === null || growth === null ? null : width + growth;
    }
    if (block === (known?.length ?? blocks)) continue;
    batchNorm(expected, `${root}.transition${block}.norm`, width);
    const half = width === null ? null : Math.floor(width / 2);
    expected.set(`${root}.transition${block}.conv.weight`, [half, width, 1, 1, 1]);
    width = half;
  }
  batchNorm(expected, `${root}.norm5`, width);
  return width;
}

/** MONAI's ResNet with bottleneck blocks. @returns channels of its last map */
function expectResNet(read: Reader, expected: Expected): Size {
  const root = 'visual_encoder';
  const base = read.size(`${root}.conv1.weight`, 0);
  const stem = [2, 3, 4].map((axis) => read.size(`${root}.conv1.weight`, axis));
  expected.set(`${root}.conv1.weight`, [base, read.size(`${root}.conv1.weight`, 1), ...stem]);
  batchNorm(expected, `${root}.bn1`, base);
  let width = base;
  for (let stage = 1; stage <= residualBlocks.length; stage++) {
    const inner = times(base, 2 ** (stage - 1));
    const outer = times(inner, 4);
    const named = read.count(`${root}.layer${stage}.*.`);
    const blocks = base === residualWidth ? Math.max(named, residualBlocks[stage - 1]!) : Math.max(1, named);
    for (let block = 0; block < blocks; block++) {
      const at = `${root}.layer${stage}.${block}`;
      expected.set(`${at}.conv1.weight`, [inner, width, 1, 1, 1]);
      batchNorm(expected, `${at}.bn1`, inner);
      expected.set(`${at}.conv2.weight`, [inner, inner, 3, 3, 3]);
      batchNorm(expected, `${at}.bn2`, inner);
      expected.set(`${at}.conv3.weight`, [outer, inner, 1, 1, 1]);
      batchNorm(expected, `${at}.bn3`, outer);
      if (block === 0) {
        expected.set(`${at}.downsample.0.weight`, [outer, width, 1, 1, 1]);
        batchNorm(expected, `${at}.downsample.1`, outer);
      }
      width = outer;
    }
  }
  return width;
}

/** MONAI's ViT with convolved patches. @returns width of a cell */
function expectViT(read: Reader, expected: Expected): Size {
  const root = 'visual_encoder';
  const patches = `${root}.patch_embedding.patch_embeddings`;
  const width = read.size(`${patches}.weight`, 0) ?? read.size(`${root}.norm.weight`, 0);
  const inner = read.size(`${root}.blocks.0.mlp.linear1.weight`, 0);
  expected.set(`${root}.cls_token`, [1, 1, width]);
  expected.set(`${root}.patch_embedding.position_embeddings`, [1, read.size(`${root}.patch_embedding.position_embeddings`, 1), width]);
  affine(expected, patches, [width, ...[1, 2, 3, 4].map((axis) => read.size(`${patches}.weight`, axis))]);
  const named = read.count(`${root}.blocks.*.`);
  for (let block = 0; block < (width === vitWidth ? Math.max(vitBlocks, named) : named); block++) {
    const at = `${root}.blocks.${block}`;
    affine(expected, `${at}.norm1`, [width]);
    expected.set(`${at}.attn.qkv.weight`, [times(width, 3), width]);
    affine(expected, `${at}.attn.out_proj`, [width, width]);
    affine(expected, `${at}.norm2`, [width]);
    affine(expected, `${at}.mlp.linear1`, [inner, width]);
    affine(expected, `${at}.mlp.linear2`, [width, inner]);
  }
  affine(expected, `${root}.norm`, [width]);
  return width;
}

/** BLIP-2's Q-Former between the layer norm of the image and the two projections. */
function expectQFormer(read: Reader, expected: Expected, imageWidth: Size): void {
  const root = 'Qformer.bert';
  const hidden = read.size('query_tokens', 2) ?? read.size(`${root}.embeddings.LayerNorm.weight`, 0);
  const image = imageWidth ?? read.size('ln_vision.weight', 0);
  const inner = read.size(`${root}.encoder.layer.0.intermediate.dense.weight`, 0);
  const shared = read.size('vision_proj.weight', 0);
  affine(expected, 'ln_vision', [image]);
  expected.set('query_tokens', [1, read.size('query_tokens', 1), hidden]);
  expected.set(`${root}.embeddings.word_embeddings.weight`, [read.size(`${root}.embeddings.word_embeddings.weight`, 0), hidden]);
  expected.set(`${root}.embeddings.position_embeddings.weight`, [read.size(`${root}.embeddings.position_embeddings.weight`, 0), hidden]);
  affine(expected, `${root}.embeddings.LayerNorm`, [hidden]);
  for (let layer = 0; layer < Math.max(1, read.count(`${root}.encoder.layer.*.`)); layer++) {
    const at = `${root}.encoder.layer.${layer}`;
    const attention = (name: string, source: Size): void => {
      affine(expected, `${at}.${name}.self.query`, [hidden, hidden]);
      affine(expected, `${at}.${name}.self.key`, [hidden, source]);
      affine(expected, `${at}.${name}.self.value`, [hidden, source]);
      affine(expected, `${at}.${name}.output.dense`, [hidden, hidden]);
      affine(expected, `${at}.${name}.output.LayerNorm`, [hidden]);
    };
    attention('attention', hidden);
    if (layer % crossAttentionEvery === 0) attention('crossattention', image);
    for (const branch of ['', '_query']) {
      affine(expected, `${at}.intermediate${branch}.dense`, [inner, hidden]);
      affine(expected, `${at}.output${branch}.dense`, [hidden, inner]);
      affine(expected, `${at}.output${branch}.LayerNorm`, [hidden]);
    }
  }
  affine(expected, 'vision_proj', [shared, hidden]);
  affine(expected, 'text_proj', [shared, hidden]);
}
