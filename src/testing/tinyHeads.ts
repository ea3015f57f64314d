/** Heads for the tiny pack: random answers, and a lesion head that really finds what is bright, so that places can be tested. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onnxModel } from './onnxGraph.ts';
import { makeTinyPack, randoms, sealPack, tiny, type ManifestInput } from './tinyPack.ts';

export const tinyLesionGrid = [8, 8, 8] as const;
export const tinyFindings = [{ question: 'enhancing', answer: 'Yes' }, { question: 'side', answer: 'Left' }, { question: 'side', answer: 'Right' }];

/** Adds both heads to a pack of makeTinyPack. */
export async function addTinyHeads(folder: string, manifest: ManifestInput): Promise<void> {
  await writeFile(join(folder, 'findings.onnx'), findingsGraph());
  await writeFile(join(folder, 'lesion.onnx'), lesionGraph());
  manifest.findings = { file: 'findings.onnx', outputs: tinyFindings };
  manifest.lesion = { file: 'lesion.onnx', grid: [...tinyLesionGrid] };
  await sealPack(folder, manifest, [...Object.keys(manifest.files), 'findings.onnx', 'lesion.onnx']);
}

/** The tiny pack with both heads. @returns its folder */
export async function makeTinyPackWithHeads(): Promise<string> {
  const { folder, manifest } = await makeTinyPack();
  await addTinyHeads(folder, manifest);
  return folder;
}

const shape = (...dims: number[]) => ({ dims: [dims.length], data: BigInt64Array.from(dims, BigInt) });

function findingsGraph(): Uint8Array {
  const { views, hidden } = tiny;
  return onnxModel({
    inputs: { views: { type: 'float32', dims: [1, views, hidden] } },
    outputs: { probability: { type: 'float32', dims: [1, tinyFindings.length] } },
    nodes: [
      { op: 'Reshape', inputs: ['views', 'flat'], outputs: ['row'] },
      { op: 'MatMul', inputs: ['row', 'weight'], outputs: ['score'] },
      { op: 'Sigmoid', inputs: ['score'], outputs: ['probability'] },
    ],
    constants: { flat: shape(1, views * hidden), weight: { dims: [views * hidden, tinyFindings.length], data: randoms(views * hidden * tinyFindings.length, 21) } },
  });
}

/** Mean of blocks of 1 x 2 x 2 voxels, above 0.7 likely and below it not. */
function lesionGraph(): Uint8Array {
  const one = (value: number) => ({ dims: [1], data: Float32Array.of(value) });
  return onnxModel({
    inputs: { volume: { type: 'float32', dims: [1, 1, ...tiny.size] } },
    outputs: { probability: { type: 'float32', dims: [1, ...tinyLesionGrid] } },
    nodes: [
      { op: 'AveragePool', inputs: ['volume'], outputs: ['means'], attributes: { kernel_shape: [1, 2, 2], strides: [1, 2, 2] } },
      { op: 'Sub', inputs: ['means', 'level'], outputs: ['above'] },
      { op: 'Mul', inputs: ['above', 'steepness'], outputs: ['score'] },
      { op: 'Sigmoid', inputs: ['score'], outputs: ['likely'] },
      { op: 'Reshape', inputs: ['likely', 'grid'], outputs: ['probability'] },
    ],
    constants: { level: one(0.7), steepness: one(40), grid: shape(1, ...tinyLesionGrid) },
  });
}
