/** Opens a checkpoint by what its first bytes say it is; a file's ending is not trusted. */
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { EngineError } from '../../shared/errors.ts';
import { openSafetensors } from './safetensors.ts';
import type { StateDict, TensorInfo } from './stateDict.ts';
import { openTorchCheckpoint } from './torchCheckpoint.ts';

/** PROTO 2, then LONG1 of PyTorch's magic number: the first pickle of a file saved before PyTorch 1.6. */
const legacyMagic = Buffer.from('80028a0a6cfc9c46f9206aa85019', 'hex');

/**
 * The named tensors of a PyTorch (.bin, .pt, .pth) or safetensors file. `module.` before every name, as training on several
 * devices leaves it, is dropped. The caller closes it.
 * @throws EngineError `import/not-found`, `models/bad-checkpoint`, `models/refused-pickle`, `models/legacy-checkpoint`
 */
export async function openCheckpoint(path: string): Promise<StateDict> {
  const subject = basename(path);
  const { start, size } = await readStart(path, subject);
  if (start.readUInt32LE(0) === 0x04034b50) return withoutModule(await openTorchCheckpoint(path));
  if (start.subarray(0, legacyMagic.length).equals(legacyMagic) || start.toString('latin1', 257, 262) === 'ustar') {
    throw new EngineError('models/legacy-checkpoint', 'This file is in the format PyTorch used before version 1.6, which cannot be read safely', {
      subject,
      advice: 'Save it again with a current PyTorch: torch.save(torch.load(file, weights_only=True, map_location="cpu"), "weights.bin")',
    });
  }
  if (start.toString('latin1', 0, 4) === 'GGUF') throw notWeights(subject, 'This is a language model (GGUF)', 'Pass it as the language model (--llm) and the brat weights as the weights');
  if (start.toString('latin1', 1, 4) === 'HDF') throw notWeights(subject, 'This is an HDF5 file', 'Choose the .bin, .pt or .safetensors file of a brat model');
  // safetensors: a length below the file's, then a JSON object.
  if (start[8] === 0x7b && start.readBigUInt64LE(0) < BigInt(size)) return withoutModule(await openSafetensors(path));
  throw notWeights(subject, 'This is neither a PyTorch nor a safetensors checkpoint', 'Choose the .bin, .pt or .safetensors file of a brat model; if it was downloaded, download it again');
}

const notWeights = (subject: string, message: string, advice: string): EngineError => new EngineError('models/bad-checkpoint', message, { subject, advice });

async function readStart(path: string, subject: string): Promise<{ start: Buffer; size: number }> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw new EngineError('import/not-found', 'The file cannot be opened', { subject, advice: 'Check the path and its permissions' }, { cause: error });
  });
  try {
    const start = Buffer.alloc(512);
    const found = await file.stat();
    if (!found.isFile()) throw new EngineError('import/not-found', 'This is not a file', { subject, advice: 'Choose the .bin, .pt or .safetensors file itself' });
    await file.read(start, 0, start.length, 0);
    return { start, size: found.size };
  } finally {
    await file.close();
  }
}

function withoutModule(state: StateDict): StateDict {
  const prefix = 'module.';
  const names = [...state.tensors.keys()];
  if (names.length === 0 || !names.every((name) => name.startsWith(prefix))) return state;
  const tensors = new Map<string, TensorInfo>([...state.tensors.values()].map((info) => [info.name.slice(prefix.length), { ...info, name: info.name.slice(prefix.length) }]));
  return { tensors, float32: (name) => state.float32(prefix + name), close: () => state.close() };
}
