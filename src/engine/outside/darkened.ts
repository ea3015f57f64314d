/**
 * A prepared volume in 256 steps, as training shards hold it, with a dark background. The official preparation leaves
 * voxels of exactly zero at the mean of the others, so that a masked background comes out grey; measurements and outlines
 * need it dark.
 */

/** A most frequent value at least this high, of at least this share of the voxels, is such a background. */
const greyLevel = 24;
const greyShare = 0.12;

/** @param volume float32, 0..1 */
export function inSteps(volume: Float32Array): Uint8Array {
  const out = new Uint8Array(volume.length);
  // Storing cuts the fraction off.
  for (let at = 0; at < volume.length; at++) out[at] = volume[at]! * 255 + 0.5;
  return out;
}

/** The volume with a background that was turned grey set to 0 again; the same array where there is none. */
export function darkened(volume: Uint8Array): Uint8Array {
  const counts = new Uint32Array(256);
  for (let at = 0; at < volume.length; at++) counts[volume[at]!]! += 1;
  let grey = 0;
  for (let value = 1; value < 256; value++) if (counts[value]! > counts[grey]!) grey = value;
  if (grey < greyLevel || counts[grey]! < greyShare * volume.length) return volume;
  const out = volume.slice();
  for (let at = 0; at < out.length; at++) if (out[at] === grey) out[at] = 0;
  return out;
}
