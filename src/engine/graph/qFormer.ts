/**
 * The Q-Former of BLIP-2 (Li et al. 2023) as two graphs: queries that look at an image, and words alone. Both use the same
 * self-attention weights; each has its own feed-forward network.
 */
import { attend, feedForward, layerNorm, linear, parameter, unitRows, type Heads, type Source } from './layers.ts';
import type { Value } from './graphBuilder.ts';

const root = 'Qformer.bert';
const epsilon = 1e-12;

export interface QFormerSizes {
  readonly heads: number;
  readonly hidden: number;
  readonly layers: number;
  /** Number of queries, hence of views. */
  readonly queries: number;
  readonly vocabulary: number;
  /** Longest text, tokens. */
  readonly positions: number;
  /** Width of the space in which views and sentences are compared. */
  readonly width: number;
}

/** Residual, layer norm: the ending of each half of a layer. */
async function addAndNorm(source: Source, name: string, x: Value, residual: Value, as?: string): Promise<Value> {
  return layerNorm(source, `${name}.LayerNorm`, source.graph.op('Add', [x, residual]), epsilon, as);
}

interface Rows {
  readonly x: Value;
  readonly heads: Heads;
}

/** One attention with its output projection; `from` is what is looked at. */
async function attention(source: Source, name: string, width: number, rows: Rows, from: Rows, mask?: Value): Promise<{ readonly out: Value; readonly weights: Value }> {
  const [query, key, value] = [await linear(source, `${name}.self.query`, rows.x), await linear(source, `${name}.self.key`, from.x), await linear(source, `${name}.self.value`, from.x)];
  const { out, weights } = attend(source.graph, query, key, value, rows.heads, from.heads, width, mask);
  return { out: await addAndNorm(source, `${name}.output`, await linear(source, `${name}.output.dense`, out), rows.x), weights };
}

/**
 * Queries look at image features.
 * @param features [positions, image width], after ln_vision
 * @returns `views` [1, queries, hidden], `projected` [1, queries, width] of unit rows, `attention` [1, queries, positions]: mean over
 *   heads of the last layer that looks; declared as outputs of the graph
 */
export async function lookAtImage(source: Source, sizes: QFormerSizes, features: Value, positions: number): Promise<void> {
  const { graph, checkpoint } = source;
  const { heads, hidden, queries, width } = sizes;
  const headWidth = hidden / heads;
  const own: Heads = { shape: graph.ints([1, queries, heads, headWidth]), headWidth };
  const image: Rows = { x: features, heads: { shape: graph.ints([1, positions, heads, headWidth]), headWidth } };
  let x = await layerNorm(source, `${root}.embeddings.LayerNorm`, await parameter(source, 'query_tokens', [queries, hidden]), epsilon);
  let looked = '';
  for (let layer = 0; layer < sizes.layers; layer++) {
    const at = `${root}.encoder.layer.${layer}`;
    const self: Rows = { x, heads: own };
    x = (await attention(source, `${at}.attention`, hidden, self, self)).out;
    if (checkpoint.has(`${at}.crossattention.self.query.weight`)) {
      const found = await attention(source, `${at}.crossattention`, hidden, { x, heads: own }, image);
      x = found.out;
      looked = found.weights;
    }
    x = await addAndNorm(source, `${at}.output_query`, await feedForward(source, `${at}.intermediate_query.dense`, `${at}.output_query.dense`, x), x);
  }
  graph.op('Unsqueeze', [x, graph.ints([0])], { as: 'views' });
  graph.op('Unsqueeze', [unitRows(graph, await linear(source, 'vision_proj', x)), graph.ints([0])], { as: 'projected' });
  graph.op('ReduceMean', [looked, graph.ints([1])], { attributes: { keepdims: { int: 0 } }, as: 'attention' });
  graph.output('views', 'float32', [1, queries, hidden]);
  graph.output('projected', 'float32', [1, queries, width]);
  graph.output('attention', 'float32', [1, queries, positions]);
}

/** As good as minus infinity, but a row of nothing but padding stays finite. */
const masked = -1.7e38;

/**
 * Words alone, each sentence the mean of its tokens (paper, section 3.2).
 * Inputs `input_ids` and `attention_mask` [sentences, tokens] int64; output `sentence` [sentences, width] of unit rows.
 */
export async function readSentences(source: Source, sizes: QFormerSizes): Promise<void> {
  const { graph, checkpoint } = source;
  const { heads, hidden, width } = sizes;
  const ids = graph.input('input_ids', 'int64', ['sentences', 'tokens']);
  const real = graph.toFloat32(graph.input('attention_mask', 'int64', ['sentences', 'tokens']));
  const count = graph.op('Shape', [ids]);
  const tokens = graph.op('Slice', [count, graph.ints([1]), graph.ints([2])]);
  const headWidth = hidden / heads;
  const shaped: Heads = { shape: graph.op('Concat', [count, graph.ints([heads, headWidth])], { attributes: { axis: { int: 0 } } }), headWidth };

  const tableName = `${root}.embeddings.word_embeddings.weight`;
  const table = await graph.storedWeight(tableName, checkpoint.shape(tableName), () => checkpoint.values(tableName));
  const picked = graph.op('Gather', [table.name, ids]);
  const words = table.type === 'float32' ? picked : graph.toFloat32(picked);
  const places = graph.op('Slice', [await parameter(source, `${root}.embeddings.position_embeddings.weight`), graph.ints([0]), tokens, graph.ints([0])]);
  const embedded = graph.op('Reshape', [graph.op('Add', [words, places]), graph.ints([-1, hidden])]);
  let x = await layerNorm(source, `${root}.embeddings.LayerNorm`, embedded, epsilon);

  const padding = graph.op('Mul', [graph.op('Sub', [graph.number(1), real]), graph.number(masked)]);
  const mask = graph.op('Unsqueeze', [padding, graph.ints([1, 2])]);
  for (let layer = 0; layer < sizes.layers; layer++) {
    const at = `${root}.encoder.layer.${layer}`;
    const self: Rows = { x, heads: shaped };
    x = (await attention(source, `${at}.attention`, hidden, self, self, mask)).out;
    x = await addAndNorm(source, `${at}.output`, await feedForward(source, `${at}.intermediate.dense`, `${at}.output.dense`, x), x);
  }
  const rows = graph.op('Reshape', [x, graph.op('Concat', [count, graph.ints([hidden])], { attributes: { axis: { int: 0 } } })]);
  const weight = graph.op('Unsqueeze', [real, graph.ints([2])]);
  const sum = graph.op('ReduceSum', [graph.op('Mul', [rows, weight]), graph.ints([1])], { attributes: { keepdims: { int: 0 } } });
  const total = graph.op('Max', [graph.op('ReduceSum', [weight, graph.ints([1])], { attributes: { keepdims: { int: 0 } } }), graph.number(1)]);
  const sentence = unitRows(graph, await linear(source, 'text_proj', graph.op('Div', [sum, total])));
  graph.op('Identity', [sentence], { as: 'sentence' });
  graph.output('sentence', 'float32', ['sentences', width]);
}
