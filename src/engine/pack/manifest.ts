/**
 * The manifest of a model pack: what the files are, how input must be prepared, and what the pack may be used for.
 * Training writes it (training/brat_train/export), the engine and `doctor` read it; both hold to this schema.
 */
import { z } from 'zod';
import { packTraining, role } from '../../shared/contract.ts';

const share = z.number().min(0).max(1);
/** Probability from which a head's answer counts, and what it was found to do. */
const operatingPoint = z.strictObject({ threshold: z.number().gt(0).lt(1), sensitivity: share, specificity: share });
const fileName = z.string().regex(/^(?!.*\.\.)[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*$/, 'a relative file name inside the pack');
const positive = z.int().positive();

export const manifestSchema = z.strictObject({
  format: z.literal('brat-pack/1'),
  id: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,63}$/),
  version: z.string().regex(/^\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.-]+)?$/),
  name: z.string().min(1),
  training: packTraining,
  licence: z.strictObject({
    spdx: z.string().min(1),
    file: fileName.optional(),
    /** Drafts of the pack say so. */
    nonCommercial: z.boolean().default(false),
    /** Who accepted which licence when it was imported. */
    accepted: z.array(z.strictObject({ licence: z.string(), by: z.string().min(1), at: z.iso.datetime() })).default([]),
  }),
  /** What an imported pack was made of. */
  source: z
    .strictObject({
      architecture: z.string(),
      precision: z.enum(['float32', 'float16']),
      files: z.array(z.strictObject({ part: z.enum(['weights', 'llm', 'bridge', 'heads']), name: z.string(), sha256: z.string(), bytes: z.int().min(0) })),
    })
    .optional(),
  card: z.strictObject({
    intendedUse: z.string().min(1),
    limits: z.array(z.string().min(1)).min(1),
    trainingData: z.string().min(1),
    /** Measured figures by name, with the command that makes them. */
    figures: z.array(z.strictObject({ name: z.string(), value: z.number(), command: z.string() })).default([]),
  }),
  input: z.strictObject({
    /** One role per channel, in the encoder's order; a missing one is zero-filled. */
    channels: z.array(role).min(1).max(4),
    /** Official brat preprocessing, see engine/volume/preprocess. */
    preprocessing: z.literal('brat/1'),
    /** Voxels along superior, anterior, right. */
    size: z.tuple([positive, positive, positive]),
  }),
  encoder: z.strictObject({
    /** Input `volume` [1, channels, S, A, R] float32; outputs `views` [1, views, hidden], `projected` [1, views, width], `attention` [1, views, positions]. */
    file: fileName,
    views: positive,
    hidden: positive,
    width: positive,
    /** Cells along superior, anterior, right (right fastest); their product is `positions`. A first value of 1 means the maps have no depth. */
    attentionGrid: z.tuple([positive, positive, positive]),
  }),
  text: z
    .strictObject({
      /** Inputs `input_ids` and `attention_mask` [sentences, tokens] int64; output `sentence` [sentences, width] of unit rows. */
      file: fileName,
      /** Hugging Face tokenizer.json; its post-processor adds the special tokens. */
      tokenizer: fileName,
      tokenizerConfig: fileName,
      padTokenId: z.int().min(0),
      maxTokens: positive.max(512),
      maxSentences: positive.max(64),
    })
    .optional(),
  bridge: z
    .strictObject({
      /** Input `views` [1, views, hidden]; output `embeddings` [1, views, width]. */
      file: fileName,
      width: positive,
    })
    .optional(),
  llm: z
    .strictObject({
      /** GGUF of the llama architecture with its own output.weight. */
      file: fileName,
      vocabulary: positive,
      width: positive,
      contextSize: positive,
      /** Vocabulary ids that stand for views 0, 1, ...; as many as there are views. */
      reservedTokenIds: z.array(z.int().min(0)).min(1),
      /** NPY float32 [views, width]: the base embedding rows of those ids as llama.cpp sees them (after dequantisation). */
      reservedEmbeddings: fileName,
      /** Prompt as text; `{views}` is replaced by the reserved tokens in order. */
      prompt: z.string().refine((text) => text.split('{views}').length === 2, 'holds {views} exactly once'),
      maxTokens: positive.max(4096),
    })
    .optional(),
  /** Classification heads. Input `views` [1, views, hidden]; output `probability` [1, outputs]. */
  findings: z
    .strictObject({
      file: fileName,
      /** Question id and answer (Figure 14) that each probability is for, in their order. */
      outputs: z.array(z.strictObject({ question: z.string(), answer: z.string(), operatingPoint: operatingPoint.optional() })).min(1),
      /** Cases the operating points were measured on. */
      measuredOn: z.string().min(1).optional(),
    })
    .optional(),
  /** Where enhancing lesions are. Input `volume` as the encoder's; output `probability` [1, S, A, R] on a grid over the same volume. */
  lesion: z
    .strictObject({
      file: fileName,
      grid: z.tuple([positive, positive, positive]),
      /** Probability from which a cell counts as lesion. */
      threshold: z.number().gt(0).lt(1).default(0.5),
    })
    .optional(),
  /** Statistics of the training inputs, by which an input of another kind is told (engine/outside, brat_train.outside). */
  madeFor: z
    .strictObject({
      measurements: z.literal('brat-outside/1'),
      /** NPY float32 [2 + directions, measurements]: mean, scale, directions. */
      basis: fileName,
      /** NPY float32 [parts, directions + 3]: weights, bias, centre and spread of each part. */
      kinds: fileName,
      /** Kinds of other images, then `unlike` and `beside`. */
      parts: z.array(z.string().min(1)).min(2),
      /** What it was made for, in plain words. */
      description: z.string().min(1),
      /** Score above which an input is outside, and what that was set on. */
      threshold: z.number(),
      measuredOn: z.string(),
    })
    .optional(),
  golden: z.strictObject({
    /** NPY uint8 [channels, S, A, R]; the encoder's input is this divided by 255. */
    volume: fileName,
    /** NPY float32 [views, hidden], [views, width], [views, positions]. */
    views: fileName,
    projected: fileName,
    attention: fileName,
    /** Sentences and their vectors, NPY float32 [sentences, width]. */
    sentences: z.array(z.string()).default([]),
    sentenceVectors: fileName.optional(),
    /** Largest absolute difference of `projected` a provider may show and still be trusted. */
    tolerance: z.number().positive(),
  }),
  calibration: z.strictObject({
    /** Cosine below which no view is said to support a sentence. */
    supportThreshold: z.number().min(-1).max(1),
    /** What the threshold was measured on. */
    measuredOn: z.string(),
    /** False where nothing was measured; the threshold then lets no sentence pass, and the window says why. */
    calibrated: z.boolean().default(true),
  }),
  /** Every file of the pack but the manifest itself. */
  files: z.record(fileName, z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/), bytes: z.int().min(0) })),
});

export type Manifest = z.output<typeof manifestSchema>;
