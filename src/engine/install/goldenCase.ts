/**
 * The golden case of an imported pack: a volume made by arithmetic alone and what its graphs make of it on this machine's CPU.
 * It lets every other provider be held to the CPU's numbers; that those are right is what the parity tests of graph/ show.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeNpy } from '../arrays/npy.ts';
import { createEncoder } from '../encode/encoder.ts';
import { createTextEncoder } from '../encode/textEncoder.ts';
import type { Manifest } from '../pack/manifest.ts';
import type { Pack } from '../pack/pack.ts';
import type { OnnxRuntime } from '../ports.ts';

export const goldenFiles = { volume: 'golden-volume.npy', views: 'golden-views.npy', projected: 'golden-projected.npy', attention: 'golden-attention.npy', sentenceVectors: 'golden-sentences.npy' } as const;

export const goldenSentences: readonly string[] = [
  'There is a ring-enhancing mass in the left frontal lobe measuring 2.3 cm.',
  'No abnormal enhancement is seen.',
  'The ventricles are normal in size.',
];

/** Another order of float32 sums, on a GPU, moves unit vectors by some 1e-5; a swapped axis by more than 0.1. */
export const goldenTolerance = 1e-3;

/**
 * uint8 [channels, S, A, R], a head-like ellipsoid with rings and a bright spot, no two axes alike and every channel
 * different, so that a swapped axis or channel shows.
 */
export function goldenVolume(channels: number, [height, depth, width]: readonly [number, number, number]): Uint8Array {
  const voxels = new Uint8Array(channels * height * depth * width);
  let at = 0;
  for (let channel = 0; channel < channels; channel++) {
    for (let s = 0; s < height; s++) {
      for (let a = 0; a < depth; a++) {
        for (let r = 0; r < width; r++, at++) {
          const [z, y, x] = [(2 * s + 1) / height - 1, (2 * a + 1) / depth - 1, (2 * r + 1) / width - 1];
          const radius = Math.hypot(z / 0.95, y / 0.9, x / 0.75);
          if (radius > 1) continue;
          const rings = 90 + 40 * Math.cos(9 * radius + channel) + 25 * y - 18 * x + 12 * z;
          const spot = Math.hypot(z - 0.2, y - 0.35, x + 0.3) < 0.18 ? 110 - 20 * channel : 0;
          voxels[at] = Math.max(1, Math.min(255, Math.round(rings + spot)));
        }
      }
    }
  }
  return voxels;
}

/**
 * Runs the graphs of an unfinished pack on the CPU and writes the golden files beside them.
 * @throws what the encoders throw: graphs whose outputs are not finite, of another shape or not of unit length are refused
 */
export async function makeGoldenCase(runtime: OnnxRuntime, folder: string, manifest: Manifest, signal: AbortSignal): Promise<void> {
  const pack: Pack = { folder, manifest };
  const { input, encoder: { views, hidden, width, attentionGrid } } = manifest;
  const put = (name: string, bytes: Uint8Array): Promise<void> => writeFile(join(folder, name), bytes);
  const voxels = goldenVolume(input.channels.length, input.size);
  await put(goldenFiles.volume, writeNpy(voxels, [input.channels.length, ...input.size]));
  const encoder = await createEncoder(runtime, pack, 'cpu');
  try {
    const encoded = await encoder.encode(Float32Array.from(voxels, (value) => value / 255), { signal });
    await put(goldenFiles.views, writeNpy(encoded.views, [views, hidden]));
    await put(goldenFiles.projected, writeNpy(encoded.projected, [views, width]));
    await put(goldenFiles.attention, writeNpy(encoded.attention, [views, attentionGrid[0] * attentionGrid[1] * attentionGrid[2]]));
  } finally {
    await encoder.release();
  }
  const text = await createTextEncoder(runtime, pack);
  try {
    await put(goldenFiles.sentenceVectors, writeNpy(await text.encodeSentences(goldenSentences), [goldenSentences.length, width]));
  } finally {
    await text.release();
  }
}
