/** The text encoder of a pack: sentences to unit vectors in the space of the projected views. */
import { readFile } from 'node:fs/promises';
import { Tokenizer } from '@huggingface/tokenizers';
import { EngineError } from '../../shared/errors.ts';
import { packFile, packKey, type Pack } from '../pack/pack.ts';
import type { OnnxRuntime } from '../ports.ts';
import { requireNames, requireRows, takeFloats } from './encoder.ts';

export interface TextEncoder {
  /** Width of a vector; the same as that of the projected views. */
  readonly width: number;
  /**
   * @param sentences any number; each is cut at the pack's maxTokens, special tokens kept
   * @returns float32 [sentences, width], rows of length 1
   * @throws EngineError `onnx/run-failed`, `pack/bad-shape`, `search/bad-query` for a sentence without a word
   */
  encodeSentences(sentences: readonly string[]): Promise<Float32Array>;
  release(): Promise<void>;
}

/** The part of the tokenizer library used here; its own type files do not resolve under Node's ESM rules. */
interface PlainTokenizer {
  encode(text: string, options?: { readonly add_special_tokens: boolean }): { readonly ids: readonly (number | undefined)[] };
}
const PackTokenizer = Tokenizer as unknown as new (model: object, config: object) => PlainTokenizer;

/** Sentences a run: enough to keep the cores busy, few enough that padding to the longest stays cheap. */
const batchSize = 32;

/**
 * Opens the pack's text encoder. It always runs on the CPU, where a sentence takes milliseconds.
 * @throws EngineError `pack/no-text-encoder`, `pack/bad-shape`
 */
export async function createTextEncoder(runtime: OnnxRuntime, pack: Pack): Promise<TextEncoder> {
  const { text, encoder } = pack.manifest;
  if (!text) throw new EngineError('pack/no-text-encoder', `Pack ${packKey(pack)} has no text encoder`, { subject: packKey(pack), advice: 'Choose a pack with a text encoder' });
  const toIds = await readTokenizer(pack, text);
  const session = await runtime.open(packFile(pack, text.file), 'cpu');
  await requireNames(session, text.file, ['input_ids', 'attention_mask'], ['sentence']);
  const { width } = encoder;

  async function encodeBatch(rows: readonly (readonly number[])[]): Promise<Float32Array> {
    const tokens = Math.max(...rows.map((row) => row.length));
    const ids = new BigInt64Array(rows.length * tokens).fill(BigInt(text!.padTokenId));
    const mask = new BigInt64Array(rows.length * tokens);
    rows.forEach((row, r) => {
      row.forEach((id, t) => {
        ids[r * tokens + t] = BigInt(id);
        mask[r * tokens + t] = 1n;
      });
    });
    const dims = [rows.length, tokens];
    const outputs = await session.run({ input_ids: { type: 'int64', dims, data: ids }, attention_mask: { type: 'int64', dims, data: mask } });
    const vectors = takeFloats(outputs, 'sentence', [rows.length, width], text!.file);
    requireRows(vectors, width, (row) => Math.hypot(...row), 'sentence vector', text!.file);
    return vectors;
  }

  return {
    width,
    async encodeSentences(sentences) {
      const rows = sentences.map(toIds);
      const out = new Float32Array(rows.length * width);
      for (let start = 0; start < rows.length; start += batchSize) out.set(await encodeBatch(rows.slice(start, start + batchSize)), start * width);
      return out;
    },
    release: () => session.release(),
  };
}

async function readTokenizer(pack: Pack, text: NonNullable<Pack['manifest']['text']>): Promise<(sentence: string) => readonly number[]> {
  let tokenizer: PlainTokenizer;
  let unknown: number | undefined;
  try {
    const [model, config] = await Promise.all([text.tokenizer, text.tokenizerConfig].map(async (name) => JSON.parse(await readFile(packFile(pack, name), 'utf8')) as object));
    tokenizer = new PackTokenizer(model!, config!);
    const { vocab, unk_token: name } = (model as { model: { vocab?: Readonly<Record<string, number>>; unk_token?: string } }).model;
    unknown = vocab?.[name ?? ''];
  } catch (error) {
    throw new EngineError('pack/bad-shape', `Pack ${packKey(pack)}, ${text.tokenizer}: the tokenizer cannot be read (${error instanceof Error ? error.message : String(error)})`, { subject: text.tokenizer, advice: 'Install the model pack again' }, { cause: error });
  }
  // The library leaves a word outside the vocabulary of some kinds of model without an id.
  const known = (ids: readonly (number | undefined)[]): number[] => ids.flatMap((id) => id ?? unknown ?? []);
  return (sentence) => {
    const content = known(tokenizer.encode(sentence, { add_special_tokens: false }).ids);
    if (content.length === 0) throw new EngineError('search/bad-query', 'A sentence without any word cannot be encoded', { subject: 'sentence', advice: 'Write some words' });
    const whole = known(tokenizer.encode(sentence).ids);
    if (whole.length <= text.maxTokens) return whole;
    // As Hugging Face truncates: the words are cut, the special tokens around them stay.
    const start = whole.findIndex((_, at) => content.every((id, i) => whole[at + i] === id));
    const special = whole.length - content.length;
    if (start < 0 || special >= text.maxTokens) return whole.slice(0, text.maxTokens);
    return [...whole.slice(0, start), ...content.slice(0, text.maxTokens - special), ...whole.slice(start + content.length)];
  };
}
