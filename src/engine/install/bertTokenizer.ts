/**
 * The tokenizer of the official text branch, BERT-base uncased, as the tokenizer.json the text encoder reads. The
 * vocabulary ships with the app; its exactness is a hash, since a word off by one row would give other vectors unseen.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { EngineError } from '../../shared/errors.ts';

/** SHA-256 of vocab.txt of bert-base-uncased as its authors published it. */
export const bertVocabularySha256 = '07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3';

const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'] as const;

export interface BuiltTokenizer {
  /** Contents of tokenizer.json and tokenizer_config.json. */
  readonly tokenizer: string;
  readonly config: string;
  readonly padTokenId: number;
}

/**
 * @param vocabularyFile vocab.txt, one token a line
 * @param rows rows of the checkpoint's word embeddings; the release appends tokens of its own ([DEC]) behind the vocabulary
 * @throws EngineError `pack/missing-file`, `pack/altered-file`, `models/wrong-weights` if the checkpoint has fewer rows
 */
export async function bertTokenizer(vocabularyFile: string, rows: number): Promise<BuiltTokenizer> {
  const subject = basename(vocabularyFile);
  const bytes = await readFile(vocabularyFile).catch((error: unknown) => {
    throw new EngineError('pack/missing-file', 'The vocabulary of BERT-base uncased is missing from the app', { subject, advice: 'Install the app again' }, { cause: error });
  });
  if (createHash('sha256').update(bytes).digest('hex') !== bertVocabularySha256) throw new EngineError('pack/altered-file', 'The vocabulary of BERT-base uncased is not the published one', { subject, advice: 'Install the app again' });
  const tokens = bytes.toString('utf8').trimEnd().split('\n');
  if (rows < tokens.length) {
    throw new EngineError('models/wrong-weights', `The text branch knows ${rows} words, BERT-base uncased has ${tokens.length}`, { subject: 'Qformer.bert.embeddings.word_embeddings.weight', advice: 'Choose a checkpoint that was trained with BERT-base uncased' });
  }
  return {
    tokenizer: `${JSON.stringify(wordPiece(tokens))}\n`,
    config: `${JSON.stringify({ tokenizer_class: 'BertTokenizer', do_lower_case: true, unk_token: '[UNK]', sep_token: '[SEP]', pad_token: '[PAD]', cls_token: '[CLS]', mask_token: '[MASK]', model_max_length: 512 })}\n`,
    padTokenId: tokens.indexOf('[PAD]'),
  };
}

/** @see the tokenizer.json of Hugging Face's tokenizers: BertNormalizer, BertPreTokenizer, WordPiece, [CLS] sentence [SEP] */
function wordPiece(tokens: readonly string[]): object {
  const id = (token: string): number => tokens.indexOf(token);
  const part = (token: string) => ({ SpecialToken: { id: token, type_id: 0 } });
  const sentence = (name: string, type: number) => ({ Sequence: { id: name, type_id: type } });
  return {
    version: '1.0', truncation: null, padding: null,
    added_tokens: special.map((content) => ({ id: id(content), content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true })),
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [part('[CLS]'), sentence('A', 0), part('[SEP]')],
      pair: [part('[CLS]'), sentence('A', 0), part('[SEP]'), sentence('B', 1), { SpecialToken: { id: '[SEP]', type_id: 1 } }],
      special_tokens: Object.fromEntries(['[CLS]', '[SEP]'].map((token) => [token, { id: token, ids: [id(token)], tokens: [token] }])),
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: { type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', max_input_chars_per_word: 100, vocab: Object.fromEntries(tokens.map((token, at) => [token, at])) },
  };
}
