/**
 * The ONNX graphs of a brat model from its checkpoint: `encoder.onnx` (volume to views, projections and attention maps),
 * `text.onnx` (tokens to sentence vectors) and `weights.bin`, which both point into. Layout and names of the checkpoint are
 * checkpoint/officialLayout's; this turns tensors into operators. Held to PyTorch's numbers by buildGraphs.parity.test.ts.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../../shared/errors.ts';
import { requireOfficialLayout, type Backbone } from '../checkpoint/officialLayout.ts';
import type { StateDict } from '../checkpoint/stateDict.ts';
import { CheckpointReader } from './checkpointReader.ts';
import { denseNet } from './denseNet.ts';
import { GraphBuilder } from './graphBuilder.ts';
import { layerNorm, type Source } from './layers.ts';
import { lookAtImage, readSentences, type QFormerSizes } from './qFormer.ts';
import { resNet } from './resNet.ts';
import type { VisionFeatures, VisionInput } from './vision.ts';
import { vit } from './vit.ts';
import { storageError, WeightFile, type Precision } from './weightFile.ts';

export interface BuildOptions {
  /**
   * How weights are stored. Arithmetic is float32 either way: float16 halves the files, costs a rounding of each weight
   * (cosine of the views above 0.999), and no time.
   */
  readonly precision: Precision;
  /** Voxels of the volume along superior, anterior, right; official models take [32, 256, 256]. */
  readonly size: readonly [number, number, number];
  readonly signal: AbortSignal;
  /** Tensors of the checkpoint dealt with, of all it has. */
  onProgress(done: number, total: number): void;
  /** Name of the checkpoint for errors. */
  readonly subject?: string;
}

export interface BuiltGraphs {
  /** Which network the names of the tensors tell. */
  readonly architecture: string;
  readonly encoder: {
    /** Input `volume` [1, channels, S, A, R] float32; outputs `views` [1, views, hidden], `projected` [1, views, width], `attention` [1, views, positions]. */
    readonly file: string;
    readonly views: number;
    readonly hidden: number;
    readonly width: number;
    /** Cells along superior, anterior, right (right fastest); a first value of 1 means the maps have no depth. */
    readonly attentionGrid: readonly [number, number, number];
    readonly channels: number;
  };
  readonly text: {
    /** Inputs `input_ids` and `attention_mask` [sentences, tokens] int64; output `sentence` [sentences, width] of unit rows. */
    readonly file: string;
    /** The release reads 256; fewer where the checkpoint has fewer positions. */
    readonly maxTokens: number;
    readonly maxSentences: number;
    /** Entries of the vocabulary, to hold the tokenizer to. */
    readonly vocabulary: number;
  };
  /** Names of all files made in the folder. */
  readonly files: readonly string[];
}

const encoderFile = 'encoder.onnx';
const textFile = 'text.onnx';
const weightsFile = 'weights.bin';

/** Heads of the published transformers, which no tensor tells. */
const heads = 12;
const maxTokens = 256;
const maxSentences = 20;
/** nn.LayerNorm's default, which ln_vision has. */
const visionEpsilon = 1e-5;

const builders: Readonly<Record<Backbone, (source: Source, input: VisionInput) => Promise<VisionFeatures>>> = { densenet: denseNet, resnet: resNet, vit };

/**
 * Writes the graphs of a checkpoint of the official layout into a folder that exists. One tensor is in memory at a time. A
 * failed or stopped build leaves files behind; the caller owns the folder and removes it.
 * @throws EngineError `models/wrong-weights` naming what is missing or of the wrong shape, or that the size does not fit,
 *   `models/bad-checkpoint` for values that are not finite, `models/no-space`, `cancelled`
 */
export async function buildGraphs(state: StateDict, folder: string, options: BuildOptions): Promise<BuiltGraphs> {
  const { size, precision, signal, subject = 'checkpoint' } = options;
  const { backbone } = requireOfficialLayout(state, subject);
  const checkpoint = new CheckpointReader(state, { subject, signal, onProgress: (done, total) => { options.onProgress(done, total); } });
  const sizes = readSizes(checkpoint, subject);
  requireSize(checkpoint, backbone, size, subject);
  const channels = checkpoint.shape(stemOf[backbone])[1]!;
  const weights = await WeightFile.create(join(folder, weightsFile), precision);
  try {
    const encoder: Source = { checkpoint, graph: new GraphBuilder('encoder', weights) };
    const volume = encoder.graph.input('volume', 'float32', [1, channels, ...size]);
    const { rows, grid } = await builders[backbone](encoder, { volume, size, heads });
    await lookAtImage(encoder, sizes, await layerNorm(encoder, 'ln_vision', rows, visionEpsilon), grid[0] * grid[1] * grid[2]);
    await write(folder, encoderFile, encoder.graph);

    const text: Source = { checkpoint, graph: new GraphBuilder('text', weights) };
    await readSentences(text, sizes);
    await write(folder, textFile, text.graph);
    checkpoint.finish();
    return {
      architecture: nameOf(checkpoint, backbone),
      encoder: { file: encoderFile, views: sizes.queries, hidden: sizes.hidden, width: sizes.width, attentionGrid: grid, channels },
      text: { file: textFile, maxTokens: Math.min(maxTokens, sizes.positions), maxSentences, vocabulary: sizes.vocabulary },
      files: [encoderFile, textFile, weightsFile],
    };
  } finally {
    await weights.close();
  }
}

async function write(folder: string, name: string, graph: GraphBuilder): Promise<void> {
  await writeFile(join(folder, name), graph.encode()).catch((error: unknown) => {
    throw storageError(error, name);
  });
}

const stemOf: Readonly<Record<Backbone, string>> = {
  densenet: 'visual_encoder.features.conv0.weight',
  resnet: 'visual_encoder.conv1.weight',
  vit: 'visual_encoder.patch_embedding.patch_embeddings.weight',
};

function readSizes(checkpoint: CheckpointReader, subject: string): QFormerSizes {
  const bert = 'Qformer.bert';
  const [, queries, hidden] = checkpoint.shape('query_tokens') as [number, number, number];
  if (hidden % heads !== 0) throw wrong(`The model's width of ${hidden} cannot be shared among the ${heads} attention heads of the published models`, subject);
  return {
    heads,
    hidden,
    queries,
    layers: checkpoint.count(`${bert}.encoder.layer.*.attention.self.query.weight`),
    vocabulary: checkpoint.shape(`${bert}.embeddings.word_embeddings.weight`)[0]!,
    positions: checkpoint.shape(`${bert}.embeddings.position_embeddings.weight`)[0]!,
    width: checkpoint.shape('vision_proj.weight')[0]!,
  };
}

/** Convolutions halve the volume five times; patches must fill it, and have as many positions as the checkpoint has. */
function requireSize(checkpoint: CheckpointReader, backbone: Backbone, size: readonly [number, number, number], subject: string): void {
  const patch = backbone === 'vit' ? checkpoint.shape(stemOf.vit).slice(2) : [32, 32, 32];
  const uneven = size.some((cells, axis) => cells < patch[axis]! || cells % patch[axis]! !== 0);
  if (uneven) throw wrong(`A volume of ${size.join(' x ')} voxels cannot be cut into cells of ${patch.join(' x ')}`, subject);
  if (backbone !== 'vit') return;
  const width = checkpoint.shape(stemOf.vit)[0]!;
  if (width % heads !== 0) throw wrong(`The backbone's width of ${width} cannot be shared among the ${heads} attention heads of the published models`, subject);
  const cells = size.reduce((product, voxels, axis) => product * (voxels / patch[axis]!), 1);
  const positions = checkpoint.shape('visual_encoder.patch_embedding.position_embeddings')[1]!;
  if (cells !== positions) throw wrong(`The checkpoint has positions for ${positions} patches; a volume of ${size.join(' x ')} voxels has ${cells}`, subject);
}

const wrong = (message: string, subject: string): EngineError => new EngineError('models/wrong-weights', message, { subject, advice: 'Use a checkpoint of the official layout, and the size it was trained with' });

/** Layers of the third dense block tell the published DenseNets apart. */
function nameOf(checkpoint: CheckpointReader, backbone: Backbone): string {
  if (backbone === 'vit') return 'vit';
  if (backbone === 'resnet') {
    const layers = [1, 2, 3, 4].map((stage) => checkpoint.count(`visual_encoder.layer${stage}.*.conv1.weight`));
    return layers.join() === '3,4,6,3' ? 'resnet50' : 'resnet';
  }
  const layers = [1, 2, 3, 4].map((block) => checkpoint.count(`visual_encoder.features.denseblock${block}.denselayer*.layers.conv1.weight`, 1));
  return ({ '6,12,24,16': 'densenet121', '6,12,32,32': 'densenet169' } as const)[layers.join()] ?? 'densenet';
}
