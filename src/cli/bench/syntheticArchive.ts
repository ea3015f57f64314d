/**
 * Cases with the statistics that embeddings of studies have, as many as wanted, each made alone from its number: every
 * view has its own mean (query tokens specialise), cases cluster (a few common pictures, many rare ones), the views of a
 * case move together with what the study shows, noise lies mostly in a few directions, and a patient's studies are near
 * duplicates of each other.
 */

export interface SyntheticArchive {
  readonly views: number;
  readonly width: number;
  /** float32 [views, width] of unit rows: the n-th case. Of every ten cases five are alone, two and three are of one patient. */
  case(n: number): Float32Array;
  /** A study that is not in the archive: of a patient of the first `cases` (even numbers) or of nobody there (odd). */
  query(n: number, cases: number): Float32Array;
}

const clusterCount = 400;
const latents = 24;
/** Latent numbers that move one view. */
const latentsOfView = 8;
const spread = { latent: 0.24, patient: 0.45, study: 0.12, noise: 0.55 } as const;
/** Patient of each of ten cases in a row, and which study it is. */
const patients = [[0, 0], [1, 0], [2, 0], [3, 0], [4, 0], [5, 0], [5, 1], [6, 0], [6, 1], [6, 2]] as const;
const patientsOfTen = 7;

/** Normal numbers by table, so that billions of them take seconds. */
const quantiles = ((): Float32Array => {
  const table = new Float32Array(65_536);
  let state = 12345;
  const next = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  for (let at = 0; at < table.length; at += 2) {
    const radius = Math.sqrt(-2 * Math.log(next() + 1e-12));
    const angle = 2 * Math.PI * next();
    table[at] = radius * Math.cos(angle);
    table[at + 1] = radius * Math.sin(angle);
  }
  return table;
})();

/** A stream of normal numbers for each key. */
function normals(key: number): () => number {
  let state = Math.imul(key ^ (key >>> 16), 0x45d9f3b) | 1;
  for (let round = 0; round < 4; round++) state = next(state);
  return () => {
    state = next(state);
    return quantiles[state >>> 16]!;
  };
}

const next = (state: number): number => {
  let value = state;
  value ^= value << 13;
  value ^= value >>> 17;
  return value ^ (value << 5);
};

export function syntheticArchive(views = 32, width = 256, seed = 1): SyntheticArchive {
  const draw = normals(seed * 7919);
  const means = Float32Array.from({ length: views * width }, () => draw() / Math.sqrt(width));
  const moves = Float32Array.from({ length: views * latentsOfView * width }, () => draw() / Math.sqrt(width));
  const noise = Float32Array.from({ length: width }, (_, k) => (1 + k / 16) ** -0.7);
  const noiseLength = Math.hypot(...noise);
  noise.forEach((value, k) => { noise[k] = (value / noiseLength) * spread.noise; });

  const make = (patient: number, study: number): Float32Array => {
    const ofPatient = normals(seed * 31 + patient * 2 + 1);
    // Common pictures are much more frequent than rare ones.
    const cluster = Math.floor(clusterCount * Math.abs(Math.sin(patient * 12.9898) * 43758.5453 % 1) ** 2.5);
    const ofCluster = normals(seed * 17 + cluster * 2 + 900_001);
    const ofStudy = normals(seed * 13 + patient * 64 + study * 2 + 50_000_001);
    const latent = Float32Array.from({ length: latents }, () => spread.latent * (ofCluster() + spread.patient * ofPatient() + spread.study * ofStudy()) * 2);
    const out = new Float32Array(views * width);
    for (let view = 0; view < views; view++) {
      const at = view * width;
      for (let k = 0; k < width; k++) out[at + k] = means[at + k]! + noise[k]! * (0.85 * ofPatient() + 0.52 * ofStudy());
      for (let l = 0; l < latentsOfView; l++) {
        const amount = latent[(view * 5 + l * 3) % latents]!;
        const from = (view * latentsOfView + l) * width;
        for (let k = 0; k < width; k++) out[at + k]! += amount * moves[from + k]!;
      }
      let squares = 0;
      for (let k = at; k < at + width; k++) squares += out[k]! * out[k]!;
      const length = Math.sqrt(squares);
      for (let k = at; k < at + width; k++) out[k]! /= length;
    }
    return out;
  };

  return {
    views, width,
    case: (n) => {
      const [patient, study] = patients[n % 10]!;
      return make(Math.floor(n / 10) * patientsOfTen + patient, study);
    },
    query: (n, cases) => (n % 2 === 0 ? make(Math.floor((n * 0.618034 * cases) % cases / 10) * patientsOfTen + (n % patientsOfTen), 9) : make(100_000_000 + n, 0)),
  };
}
