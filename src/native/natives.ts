/** All native runtimes for `createEngine`. */
import type { Natives } from '../engine/services/natives.ts';
import { createOnnxRuntime } from './onnx.ts';
import { sqlite } from './sqlite.ts';

export const natives: Natives = {
  database: sqlite,
  createOnnxRuntime: () => createOnnxRuntime(),
  loadTextModel: async (pack, options) => {
    // Imported at first need: the library probes graphics drivers when it starts.
    const { loadTextModel } = await import('./llama.ts');
    return loadTextModel(pack, options);
  },
};
