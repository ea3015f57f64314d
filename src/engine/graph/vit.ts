/** MONAI's ViT as the published model uses it: convolved patches, a table of positions, class token dropped after the last norm. */
import type { VisionFeatures, VisionInput } from './vision.ts';
import { attend, feedForward, layerNorm, linear, parameter, type Source } from './layers.ts';

const root = 'visual_encoder';
/** PyTorch's default. */
const epsilon = 1e-5;

export async function vit(source: Source, { volume, size, heads }: VisionInput): Promise<VisionFeatures> {
  const { graph, checkpoint } = source;
  const patches = `${root}.patch_embedding.patch_embeddings`;
  const [width, channels, ...patch] = checkpoint.shape(`${patches}.weight`) as [number, number, number, number, number];
  const grid = size.map((cells, axis) => cells / patch[axis]!) as [number, number, number];
  const cells = grid[0] * grid[1] * grid[2];
  const numbers = channels * patch[0] * patch[1] * patch[2];

  // A convolution whose stride is its kernel is a matrix product over the cells of each patch.
  const cut = graph.op('Reshape', [volume, graph.ints([channels, ...grid.flatMap((count, axis) => [count, patch[axis]!])])]);
  const ordered = graph.op('Transpose', [cut], { attributes: { perm: { ints: [1, 3, 5, 0, 2, 4, 6] } } });
  const weight = await parameter(source, `${patches}.weight`, [width, numbers]);
  const embedded = graph.op('Gemm', [graph.op('Reshape', [ordered, graph.ints([cells, numbers])]), weight, await parameter(source, `${patches}.bias`)], { attributes: { transB: { int: 1 } } });
  const placed = graph.op('Add', [embedded, await parameter(source, `${root}.patch_embedding.position_embeddings`, [cells, width])]);
  let x = graph.op('Concat', [await parameter(source, `${root}.cls_token`, [1, width]), placed], { attributes: { axis: { int: 0 } } });

  const headWidth = width / heads;
  const shaped = { shape: graph.ints([1, cells + 1, heads, headWidth]), headWidth };
  const blocks = checkpoint.count(`${root}.blocks.*.norm1.weight`);
  for (let block = 0; block < blocks; block++) {
    const at = `${root}.blocks.${block}`;
    const qkv = await linear(source, `${at}.attn.qkv`, await layerNorm(source, `${at}.norm1`, x, epsilon));
    const [query, key, value] = graph.split('Split', [qkv], 3, { attributes: { axis: { int: 1 }, num_outputs: { int: 3 } } });
    const { out } = attend(graph, query!, key!, value!, shaped, shaped, width);
    x = graph.op('Add', [x, await linear(source, `${at}.attn.out_proj`, out)]);
    x = graph.op('Add', [x, await feedForward(source, `${at}.mlp.linear1`, `${at}.mlp.linear2`, await layerNorm(source, `${at}.norm2`, x, epsilon))]);
  }
  const whole = await layerNorm(source, `${root}.norm`, x, epsilon);
  return { rows: graph.op('Slice', [whole, graph.ints([1]), graph.ints([cells + 1]), graph.ints([0])]), grid, width };
}
