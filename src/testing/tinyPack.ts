/**
 * A whole model pack in a few hundred kilobytes, made by code with random weights: real ONNX graphs, a real tokenizer and a
 * real GGUF in the pack format, for tests of everything that handles packs. What it says means nothing.
 */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { z } from 'zod';
import { writeNpy } from '../engine/arrays/npy.ts';
import { writeGguf, type GgufTensor, type GgufValue } from '../engine/draft/ggufFile.ts';
import type { manifestSchema } from '../engine/pack/manifest.ts';
import { createOnnxRuntime } from '../native/onnx.ts';
import { onnxModel, type GraphTensor } from './onnxGraph.ts';

export const tiny = { views: 4, hidden: 12, width: 6, size: [8, 16, 16], grid: [2, 4, 4], positions: 32, llmWidth: 32, feedForward: 64 } as const;

const words = '[PAD] [CLS] [SEP] [UNK] no mass edema is seen the ventricles are normal in size there an enhancing left right frontal lobe of cm . , 1 2 3'.split(' ');
const sentences = ['No mass is seen.', 'The ventricles are normal in size.'];

/** Byte-level tokens as GPT-2 names them, then begin, end and one reserved token a view. */
const bytes = [...byteNames()];
export const tinyVocabulary = [...bytes, '<|bos|>', '<|eos|>', ...Array.from({ length: tiny.views }, (_, view) => `<|view_${view}|>`)];
export const reservedTokenIds = Array.from({ length: tiny.views }, (_, view) => bytes.length + 2 + view);

export type ManifestInput = z.input<typeof manifestSchema>;

/** Repeatable normal-like numbers. */
export function randoms(count: number, seed: number, scale = 1): Float32Array {
  let state = seed >>> 0;
  const uniform = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  return Float32Array.from({ length: count }, () => scale * (uniform() + uniform() + uniform() + uniform() - 2) * 1.7);
}

/** Makes the pack in a new temporary folder. The caller removes it. */
export async function makeTinyPack(): Promise<{ folder: string; manifest: ManifestInput }> {
  const folder = await mkdtemp(join(tmpdir(), 'brat-tiny-pack-'));
  await mkdir(folder, { recursive: true });
  const put = (name: string, data: Uint8Array | string) => writeFile(join(folder, name), data);
  await put('encoder.onnx', encoderGraph());
  await put('text.onnx', textGraph());
  await put('bridge.onnx', bridgeGraph());
  await put('tokenizer.json', JSON.stringify(tokenizer()));
  await put('tokenizer_config.json', JSON.stringify({ tokenizer_class: 'PreTrainedTokenizerFast' }));
  await put('llm.gguf', tinyLanguageModel());
  await writeFile(join(folder, 'reserved.npy'), writeNpy(baseEmbeddings(), [tiny.views, tiny.llmWidth]));
  await writeGolden(folder);

  const manifest: ManifestInput = {
    format: 'brat-pack/1', id: 'tiny', version: '0.1.0', name: 'Tiny', training: 'untrained', licence: { spdx: 'Apache-2.0' },
    card: { intendedUse: 'Tests', limits: ['Random weights'], trainingData: 'None' },
    input: { channels: ['t1c'], preprocessing: 'brat/1', size: [...tiny.size] },
    encoder: { file: 'encoder.onnx', views: tiny.views, hidden: tiny.hidden, width: tiny.width, attentionGrid: [...tiny.grid] },
    text: { file: 'text.onnx', tokenizer: 'tokenizer.json', tokenizerConfig: 'tokenizer_config.json', padTokenId: 0, maxTokens: 8, maxSentences: 20 },
    bridge: { file: 'bridge.onnx', width: tiny.llmWidth },
    llm: {
      file: 'llm.gguf', vocabulary: tinyVocabulary.length, width: tiny.llmWidth, contextSize: 512, reservedTokenIds, reservedEmbeddings: 'reserved.npy',
      prompt: '<|bos|>Image: {views} Report:', maxTokens: 48,
    },
    golden: {
      volume: 'golden_volume.npy', views: 'golden_views.npy', projected: 'golden_projected.npy', attention: 'golden_attention.npy',
      sentences, sentenceVectors: 'golden_sentences.npy', tolerance: 1e-4,
    },
    calibration: { supportThreshold: 0.2, measuredOn: 'Nothing' },
    files: {},
  };
  await sealPack(folder, manifest, [
    'encoder.onnx', 'text.onnx', 'bridge.onnx', 'tokenizer.json', 'tokenizer_config.json', 'llm.gguf', 'reserved.npy', 'golden_volume.npy', 'golden_views.npy',
    'golden_projected.npy', 'golden_attention.npy', 'golden_sentences.npy',
  ]);
  return { folder, manifest };
}

/** Writes the manifest with the sizes and hashes the files have now, as an exporter would. */
export async function sealPack(folder: string, manifest: ManifestInput, names = Object.keys(manifest.files)): Promise<void> {
  for (const name of names) {
    const data = await readFile(join(folder, name));
    manifest.files[name] = { sha256: createHash('sha256').update(data).digest('hex'), bytes: data.length };
  }
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest));
}

function* byteNames(): Generator<string> {
  const printable = (byte: number) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let next = 256;
  for (let byte = 0; byte < 256; byte++) yield String.fromCodePoint(printable(byte) ? byte : next++);
}

const floats = (dims: readonly number[], seed: number, scale = 1): GraphTensor => ({ dims, data: randoms(dims.reduce((a, b) => a * b, 1), seed, scale) });
const shape = (...dims: number[]): GraphTensor => ({ dims: [dims.length], data: BigInt64Array.from(dims, BigInt) });

/** A 3D convolution, pooling and linear layers: the kinds of arithmetic a real encoder is made of. */
function encoderGraph(): Uint8Array {
  const { views, hidden, width, positions, size } = tiny;
  return onnxModel({
    inputs: { volume: { type: 'float32', dims: [1, 1, ...size] } },
    outputs: { views: { type: 'float32', dims: [1, views, hidden] }, projected: { type: 'float32', dims: [1, views, width] }, attention: { type: 'float32', dims: [1, views, positions] } },
    nodes: [
      { op: 'Conv', inputs: ['volume', 'kernel'], outputs: ['conv'], attributes: { kernel_shape: [4, 4, 4], strides: [4, 4, 4] } },
      { op: 'Relu', inputs: ['conv'], outputs: ['active'] },
      { op: 'Reshape', inputs: ['active', 'flatShape'], outputs: ['flat'] },
      { op: 'MatMul', inputs: ['flat', 'toViews'], outputs: ['viewsFlat'] },
      { op: 'Tanh', inputs: ['viewsFlat'], outputs: ['viewsBounded'] },
      { op: 'Reshape', inputs: ['viewsBounded', 'viewShape'], outputs: ['views'] },
      { op: 'MatMul', inputs: ['views', 'project'], outputs: ['long'] },
      { op: 'LpNormalization', inputs: ['long'], outputs: ['projected'], attributes: { axis: -1, p: 2 } },
      { op: 'MatMul', inputs: ['flat', 'toAttention'], outputs: ['scoresFlat'] },
      { op: 'Reshape', inputs: ['scoresFlat', 'mapShape'], outputs: ['scores'] },
      { op: 'Softmax', inputs: ['scores'], outputs: ['attention'], attributes: { axis: -1 } },
    ],
    constants: {
      kernel: floats([2, 1, 4, 4, 4], 1, 0.1), flatShape: shape(1, 2 * positions), toViews: floats([2 * positions, views * hidden], 2, 0.3), viewShape: shape(1, views, hidden),
      project: floats([hidden, width], 3), toAttention: floats([2 * positions, views * positions], 4), mapShape: shape(1, views, positions),
    },
  });
}

/** Mean of token embeddings under the mask, length 1: the arithmetic of the paper's text branch without its layers. */
function textGraph(): Uint8Array {
  return onnxModel({
    inputs: { input_ids: { type: 'int64', dims: ['sentences', 'tokens'] }, attention_mask: { type: 'int64', dims: ['sentences', 'tokens'] } },
    outputs: { sentence: { type: 'float32', dims: ['sentences', tiny.width] } },
    nodes: [
      { op: 'Gather', inputs: ['table', 'input_ids'], outputs: ['embedded'] },
      { op: 'Cast', inputs: ['attention_mask'], outputs: ['mask'], attributes: { to: 1 } },
      { op: 'Unsqueeze', inputs: ['mask', 'last'], outputs: ['maskColumn'] },
      { op: 'Mul', inputs: ['embedded', 'maskColumn'], outputs: ['kept'] },
      { op: 'ReduceSum', inputs: ['kept', 'first'], outputs: ['sum'], attributes: { keepdims: 0 } },
      { op: 'LpNormalization', inputs: ['sum'], outputs: ['sentence'], attributes: { axis: -1, p: 2 } },
    ],
    constants: { table: floats([words.length, tiny.width], 5), last: shape(2), first: shape(1) },
  });
}

function bridgeGraph(): Uint8Array {
  return onnxModel({
    inputs: { views: { type: 'float32', dims: [1, tiny.views, tiny.hidden] } },
    outputs: { embeddings: { type: 'float32', dims: [1, tiny.views, tiny.llmWidth] } },
    nodes: [{ op: 'MatMul', inputs: ['views', 'weight'], outputs: ['embeddings'] }],
    constants: { weight: floats([tiny.hidden, tiny.llmWidth], 6) },
  });
}

function tokenizer(): object {
  const special = (content: string, id: number) => ({ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true });
  const part = (id: string) => ({ SpecialToken: { id, type_id: 0 } });
  return {
    version: '1.0', truncation: null, padding: null, added_tokens: words.slice(0, 4).map(special), normalizer: { type: 'Lowercase' }, pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing', single: [part('[CLS]'), { Sequence: { id: 'A', type_id: 0 } }, part('[SEP]')], pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
      special_tokens: { '[CLS]': { id: '[CLS]', ids: [1], tokens: ['[CLS]'] }, '[SEP]': { id: '[SEP]', ids: [2], tokens: ['[SEP]'] } },
    },
    decoder: null, model: { type: 'WordLevel', vocab: Object.fromEntries(words.map((word, id) => [word, id])), unk_token: '[UNK]' },
  };
}

const embeddingTable = (): Float32Array => randoms(tinyVocabulary.length * tiny.llmWidth, 7, 0.3);

/** The rows of the reserved tokens in {@link tinyLanguageModel}, float32 [views, width]. */
export const baseEmbeddings = (): Float32Array => embeddingTable().slice(reservedTokenIds[0]! * tiny.llmWidth);

/**
 * A llama of two layers with random float32 weights.
 * @param change `tied` leaves output.weight out; `rows` overwrites the embeddings of the reserved tokens; `output` is the
 *   output matrix [vocabulary, width] to use instead of a random one
 */
export function tinyLanguageModel(change: { readonly tied?: boolean; readonly rows?: Float32Array; readonly output?: Float32Array; readonly contextSize?: number } = {}): Uint8Array {
  const { llmWidth: width, feedForward } = tiny;
  const vocabulary = tinyVocabulary.length;
  const table = embeddingTable();
  if (change.rows) table.set(change.rows, reservedTokenIds[0]! * width);
  const ones = new Float32Array(width).fill(1);
  const number = (value: number): GgufValue => ({ kind: 'uint32', value });
  const text = (value: string): GgufValue => ({ kind: 'string', value });
  const matrix = (name: string, columns: number, rows: number, seed: number): GgufTensor => ({ name, dims: [columns, rows], data: randoms(columns * rows, seed, 0.25) });
  const layers = [0, 1].flatMap((layer): GgufTensor[] => {
    const at = `blk.${layer}.`;
    const seed = 100 * (layer + 1);
    return [
      { name: `${at}attn_norm.weight`, dims: [width], data: ones },
      { name: `${at}ffn_norm.weight`, dims: [width], data: ones },
      matrix(`${at}attn_q.weight`, width, width, seed + 1), matrix(`${at}attn_k.weight`, width, width / 2, seed + 2), matrix(`${at}attn_v.weight`, width, width / 2, seed + 3),
      matrix(`${at}attn_output.weight`, width, width, seed + 4), matrix(`${at}ffn_gate.weight`, width, feedForward, seed + 5), matrix(`${at}ffn_up.weight`, width, feedForward, seed + 6),
      matrix(`${at}ffn_down.weight`, feedForward, width, seed + 7),
    ];
  });
  return writeGguf(
    {
      'general.architecture': text('llama'), 'llama.context_length': number(change.contextSize ?? 512), 'llama.embedding_length': number(width), 'llama.block_count': number(2),
      'llama.feed_forward_length': number(feedForward), 'llama.attention.head_count': number(4), 'llama.attention.head_count_kv': number(2),
      'llama.attention.layer_norm_rms_epsilon': { kind: 'float32', value: 1e-5 }, 'llama.rope.dimension_count': number(8), 'llama.vocab_size': number(vocabulary),
      'tokenizer.ggml.model': text('gpt2'), 'tokenizer.ggml.pre': text('gpt-2'), 'tokenizer.ggml.tokens': { kind: 'strings', value: tinyVocabulary },
      'tokenizer.ggml.token_type': { kind: 'int32s', value: tinyVocabulary.map((_, id) => (id < bytes.length ? 1 : 3)) }, 'tokenizer.ggml.merges': { kind: 'strings', value: ['a b'] },
      'tokenizer.ggml.bos_token_id': number(bytes.length), 'tokenizer.ggml.eos_token_id': number(bytes.length + 1), 'tokenizer.ggml.add_bos_token': { kind: 'bool', value: false },
    },
    [
      { name: 'token_embd.weight', dims: [width, vocabulary], data: table },
      ...(change.tied ? [] : [{ name: 'output.weight', dims: [width, vocabulary], data: change.output ?? randoms(width * vocabulary, 8, 0.3) }]),
      { name: 'output_norm.weight', dims: [width], data: ones },
      ...layers,
    ],
  );
}

/** The golden case as the CPU provider gives it. A real pack's comes from where it was trained. */
async function writeGolden(folder: string): Promise<void> {
  const voxels = Uint8Array.from(randoms(8 * 16 * 16, 9), (value) => Math.min(255, Math.abs(value) * 100));
  await writeFile(join(folder, 'golden_volume.npy'), writeNpy(voxels, [1, ...tiny.size]));
  const runtime = createOnnxRuntime();
  try {
    const encoder = await runtime.open(join(folder, 'encoder.onnx'), 'cpu');
    const outputs = await encoder.run({ volume: { type: 'float32', dims: [1, 1, ...tiny.size], data: Float32Array.from(voxels, (value) => value / 255) } });
    for (const name of ['views', 'projected', 'attention']) {
      const output = outputs[name]!;
      await writeFile(join(folder, `golden_${name}.npy`), writeNpy(output.data, output.dims.slice(1)));
    }
    const rows = ['[CLS] no mass is seen . [SEP]', '[CLS] the ventricles are normal in size . [SEP]'].map((row) => row.split(' ').map((word) => BigInt(words.indexOf(word))));
    const text = await runtime.open(join(folder, 'text.onnx'), 'cpu');
    const vectors: number[] = [];
    for (const row of rows) {
      const dims = [1, row.length];
      // The second sentence has nine tokens and is cut to eight: the last word goes, [SEP] stays.
      const kept = row.length > 8 ? [...row.slice(0, 7), row.at(-1)!] : row;
      dims[1] = kept.length;
      const output = await text.run({ input_ids: { type: 'int64', dims, data: BigInt64Array.from(kept) }, attention_mask: { type: 'int64', dims, data: new BigInt64Array(kept.length).fill(1n) } });
      vectors.push(...(output['sentence']!.data as Float32Array));
    }
    await writeFile(join(folder, 'golden_sentences.npy'), writeNpy(Float32Array.from(vectors), [rows.length, tiny.width]));
  } finally {
    await runtime.close();
  }
}
