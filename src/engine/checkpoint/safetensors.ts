/**
 * Checkpoints in the safetensors format: a length, a JSON description, then the numbers. Every offset is held against the
 * file before anything is read.
 * @see the format's description in the safetensors repository
 */
import { open, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { z } from 'zod';
import { EngineError } from '../../shared/errors.ts';
import { printable } from './pickle.ts';
import { readExactly } from './readExactly.ts';
import { elementBytes, elementCount, type StateDict, type TensorInfo, type TensorType } from './stateDict.ts';
import { toFloats } from './toFloats.ts';

/** A state dict and the words that stand beside it. */
export interface SafetensorsFile extends StateDict {
  readonly metadata: Readonly<Record<string, string>>;
}

const types: Readonly<Record<string, TensorType>> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16', I64: 'int64', I32: 'int32', U8: 'uint8', BOOL: 'bool' };

/** A thousand tensors take some 100 kB. */
const largestHeader = 16 * 2 ** 20;

const natural = z.int().min(0);
const tensorSchema = z.object({ dtype: z.string(), shape: z.array(natural).max(16), data_offsets: z.tuple([natural, natural]) });

interface Place extends TensorInfo {
  /** In the file, bytes. */
  readonly start: number;
}

/** @throws EngineError `models/bad-checkpoint` */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const subject = basename(path);
  const damaged = (what: string, cause?: unknown): EngineError => new EngineError('models/bad-checkpoint', `The checkpoint is damaged: ${what}`, { subject, advice: 'Download or copy the file again' }, { cause });
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (size < 8) throw damaged('it ends within its header');
    const stated = (await readExactly(file, 0, 8)).readBigUInt64LE(0);
    if (stated > BigInt(Math.min(size - 8, largestHeader))) throw damaged(`it states a header of ${stated} bytes`);
    const header = Number(stated);
    const { places, metadata } = readHeader((await readExactly(file, 8, header)).toString('utf8'), 8 + header, size, damaged);
    return {
      metadata,
      tensors: new Map([...places].map(([name, { shape, type }]) => [name, { name, shape, type }])),
      float32: (name) => readTensor(file, places.get(name), name, damaged),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error instanceof EngineError ? error : damaged(error instanceof Error ? error.message : String(error), error);
  }
}

type Damaged = (what: string, cause?: unknown) => EngineError;

function readHeader(text: string, dataStart: number, fileSize: number, damaged: Damaged): { places: Map<string, Place>; metadata: Record<string, string> } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw damaged('its header is no JSON', error);
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw damaged('its header is no object');
  const places = new Map<string, Place>();
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(json) as [string, unknown][]) {
    if (name === '__metadata__') {
      const words = z.record(z.string(), z.string()).safeParse(value);
      if (!words.success) throw damaged('its metadata is no text');
      metadata = words.data;
      continue;
    }
    const parsed = tensorSchema.safeParse(value);
    if (!parsed.success) throw damaged(`${printable(name)} is not described as a tensor`);
    const { dtype, shape, data_offsets: [begin, end] } = parsed.data;
    const type = Object.hasOwn(types, dtype) ? types[dtype] : undefined;
    if (type === undefined) throw damaged(`${printable(name)} has the type ${printable(dtype)}, which is not read`);
    const bytes = elementCount(shape) * elementBytes[type];
    if (end - begin !== bytes || dataStart + end > fileSize) throw damaged(`${printable(name)} of shape [${shape.join(', ')}] does not lie within the file`);
    places.set(name, { name, shape, type, start: dataStart + begin });
  }
  requireApart([...places.values()], damaged);
  return { places, metadata };
}

/** Tensors that overlap would state more numbers than the file has. */
function requireApart(places: readonly Place[], damaged: Damaged): void {
  let end = 0;
  for (const { name, start, shape, type } of places.filter(({ shape }) => elementCount(shape) > 0).sort((a, b) => a.start - b.start)) {
    if (start < end) throw damaged(`${printable(name)} overlaps another tensor`);
    end = start + elementCount(shape) * elementBytes[type];
  }
}

async function readTensor(file: FileHandle, place: Place | undefined, name: string, damaged: Damaged): Promise<Float32Array> {
  if (!place) throw new EngineError('models/no-tensor', `The checkpoint has no ${printable(name)}`, { subject: printable(name), advice: 'Choose the weights of a brat model' });
  try {
    return toFloats(await readExactly(file, place.start, elementCount(place.shape) * elementBytes[place.type]), place.type);
  } catch (error) {
    throw damaged(error instanceof Error ? error.message : String(error), error);
  }
}
