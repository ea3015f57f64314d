/** MONAI's ResNet with bottleneck blocks as the published model uses it: the last feature map, a row for each cell. */
import type { VisionFeatures, VisionInput } from './vision.ts';
import { readFolded } from './foldedNorm.ts';
import type { Source } from './layers.ts';
import { cellRows, convolve, convolveVolume, maxPool, type Slices } from './slices.ts';

const root = 'visual_encoder';

export async function resNet(source: Source, { volume, size }: VisionInput): Promise<VisionFeatures> {
  const { graph, checkpoint } = source;
  let x = maxPool(graph, await convolveVolume(graph, `${root}.conv1`, volume, size, await readFolded(checkpoint, `${root}.conv1`, `${root}.bn1`)));
  const stages = checkpoint.count(`${root}.layer*.0.conv1.weight`, 1);
  for (let stage = 1; stage <= stages; stage++) {
    const blocks = checkpoint.count(`${root}.layer${stage}.*.conv1.weight`);
    for (let block = 0; block < blocks; block++) x = await bottleneck(source, `${root}.layer${stage}.${block}`, x, stage > 1 && block === 0 ? 2 : 1);
  }
  return { rows: cellRows(graph, x), grid: [x.maps.length, x.height, x.width], width: x.channels };
}

/** 1x1x1, 3x3x3 with the block's stride, 1x1x1 to four times the channels; added to what came in, brought to the same size. */
async function bottleneck({ graph, checkpoint }: Source, name: string, x: Slices, stride: number): Promise<Slices> {
  const conv = (part: string, norm: string) => readFolded(checkpoint, `${name}.${part}`, `${name}.${norm}`);
  const residual = checkpoint.has(`${name}.downsample.0.weight`) ? await convolve(graph, `${name}.downsample`, x, await conv('downsample.0', 'downsample.1'), { stride }) : x;
  const narrow = await convolve(graph, `${name}.conv1`, x, await conv('conv1', 'bn1'), { relu: true });
  const looked = await convolve(graph, `${name}.conv2`, narrow, await conv('conv2', 'bn2'), { stride, relu: true });
  return convolve(graph, `${name}.conv3`, looked, await conv('conv3', 'bn3'), { residual, relu: true });
}
