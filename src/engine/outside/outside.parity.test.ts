/** Measurements and scores in TypeScript against those of the package that fits them, in Python. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../testing/temporaryFolder.ts';
import { readNpy, writeNpy } from '../arrays/npy.ts';
import { loadPack } from '../pack/load.ts';
import { createOutsideDetector } from './detector.ts';
import { measure } from './measure.ts';

const training = resolve(import.meta.dirname, '../../../training');
const folder = resolve(import.meta.dirname, '../../../resources/models/demo');
const python = process.env['BRAT_PYTHON'] ?? join(training, '.venv/bin/python');
const size = [32, 256, 256] as const;

/** Heads and things that are none, uint8 [32, 256, 256]. */
function volumes(): Record<string, Uint8Array> {
  const make = (value: (s: number, a: number, r: number) => number): Uint8Array => {
    const out = new Uint8Array(size[0] * size[1] * size[2]);
    for (let s = 0, at = 0; s < size[0]; s++) for (let a = 0; a < size[1]; a++) for (let r = 0; r < size[2]; r++, at++) out[at] = Math.max(0, Math.min(255, Math.round(value(s, a, r))));
    return out;
  };
  const head = (s: number, a: number, r: number): boolean => ((s - 16) / 14) ** 2 + ((a - 130) / 105) ** 2 + ((r - 120) / 80) ** 2 < 1;
  const grain = (s: number, a: number, r: number): number => ((s * 7919 + a * 104_729 + r * 1299) % 65_537) / 65_537;
  return {
    head: make((s, a, r) => (head(s, a, r) ? 120 + 60 * Math.sin(a / 17) * Math.cos(r / 23) + 20 * grain(s, a, r) : 6 * grain(s, a, r))),
    masked: make((s, a, r) => (head(s, a, r) ? 40 + 150 * grain(s, a, r) : 97)),
    noise: make((s, a, r) => 255 * grain(s, a, r)),
    nothing: make(() => 0),
    flat: make(() => 200),
  };
}

const script = `
import json, sys
import numpy as np
from pathlib import Path
from brat_train.outside.measure import measure
from brat_train.outside.fit import read_statistics
folder, pack = Path(sys.argv[1]), Path(sys.argv[2])
statistics = read_statistics(pack)
out = {}
for file in sorted(folder.glob("*.npy")):
    measured = measure(np.load(file))
    np.save(folder / (file.stem + ".measured"), measured.astype(np.float32))
    out[file.stem] = [float(value) for value in statistics.parts(measured[None])[0]]
print(json.dumps(out))
`;

describe.skipIf(!existsSync(python))('the limits of a pack in TypeScript', () => {
  test('are those of brat_train.outside, measurement by measurement and part by part', async () => {
    const work = temporaryFolder();
    const made = volumes();
    for (const [name, voxels] of Object.entries(made)) writeFileSync(join(work, `${name}.npy`), writeNpy(voxels, size));
    const told = JSON.parse(execFileSync(python, ['-c', script, work, folder], { cwd: training, encoding: 'utf8', env: { ...process.env, OMP_NUM_THREADS: '1' } })) as Record<string, number[]>;
    const detector = (await createOutsideDetector(await loadPack(folder)))!;
    for (const [name, voxels] of Object.entries(made)) {
      const theirs = readNpy(readFileSync(join(work, `${name}.measured.npy`)), name).data as Float32Array;
      const ours = measure(voxels, size);
      expect(Math.max(...ours.map((value, at) => Math.abs(value - theirs[at]!))), name).toBeLessThan(1e-5); // they are stored as float32
      const parts = Object.values(detector.parts(Float32Array.from(voxels, (value) => value / 255)));
      expect(parts).toHaveLength(told[name]!.length);
      for (const [at, value] of parts.entries()) expect(Math.abs(value - told[name]![at]!) / Math.max(1, Math.abs(value)), `${name}, part ${at}`).toBeLessThan(1e-4);
    }
  });
});
