/**
 * What a PyTorch checkpoint may name: storages, tensors laid over them, and containers. Every number is held against the
 * storage's own size before anything is made of it.
 */
import { EngineError } from '../../shared/errors.ts';
import { PickleDict, PickleGlobal, PickleList, PickleObject, PickleTuple, refusedPickle, type PickleRules, type PickleValue } from './pickle.ts';
import { elementBytes, elementCount, type TensorType } from './stateDict.ts';

/** Numbers of one type in one entry of the archive. */
export interface Storage {
  /** Name of the entry below `data/`. */
  readonly key: string;
  readonly type: TensorType;
  /** Elements. */
  readonly length: number;
}

/** A tensor as PyTorch lays it over a storage; offset and strides in elements. */
export interface StoredTensor {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

const storageTypes: Readonly<Record<string, TensorType>> = {
  'torch.FloatStorage': 'float32', 'torch.HalfStorage': 'float16', 'torch.BFloat16Storage': 'bfloat16', 'torch.LongStorage': 'int64', 'torch.IntStorage': 'int32', 'torch.ByteStorage': 'uint8', 'torch.BoolStorage': 'bool',
};

const largestRank = 16;
/** A tensor may repeat its storage (stride 0) up to this many elements; weights never do, small constants may. */
const largestRepeated = 2 ** 20;

export const tensorOf = (value: PickleValue): StoredTensor | null => (value instanceof PickleObject && isTensor(value.value) ? value.value : null);
const isTensor = (value: unknown): value is StoredTensor => typeof value === 'object' && value !== null && 'strides' in value;
const isStorage = (value: unknown): value is Storage => typeof value === 'object' && value !== null && 'key' in value;

/** The rules under which the pickle of a checkpoint is read. */
export function torchRules(subject: string): PickleRules {
  const damaged = (what: string): EngineError => new EngineError('models/bad-checkpoint', `The checkpoint is damaged: ${what}`, { subject, advice: 'Download or copy the file again' });

  const whole = (value: PickleValue | undefined, what: string): number => {
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw damaged(`${what} is no whole number`);
    return value;
  };
  const sizes = (value: PickleValue | undefined, what: string): number[] => {
    if (!(value instanceof PickleTuple)) throw damaged(`${what} is no tuple`);
    if (value.items.length > largestRank) throw damaged(`${what} has ${value.items.length} dimensions`);
    return value.items.map((item) => whole(item, what));
  };

  const tensor = ([storageValue, offsetValue, shapeValue, stridesValue]: readonly PickleValue[]): PickleValue => {
    const storage = storageValue instanceof PickleObject && isStorage(storageValue.value) ? storageValue.value : null;
    if (!storage) throw damaged('a tensor has no storage');
    const offset = whole(offsetValue, 'the offset of a tensor');
    const shape = sizes(shapeValue, 'the shape of a tensor');
    const strides = sizes(stridesValue, 'the strides of a tensor');
    if (shape.length !== strides.length) throw damaged('a tensor has another number of strides than of dimensions');
    const count = elementCount(shape);
    const last = count === 0 ? offset - 1 : shape.reduce((sum, size, axis) => sum + (size - 1) * strides[axis]!, offset);
    if (!Number.isSafeInteger(count) || last >= storage.length) throw damaged(`a tensor of shape [${shape.join(', ')}] reaches beyond its storage of ${storage.length} elements`);
    if (count > Math.max(storage.length, largestRepeated)) throw damaged(`a tensor of shape [${shape.join(', ')}] repeats a storage of ${storage.length} elements`);
    return new PickleObject<StoredTensor>({ storage, offset, shape, strides });
  };

  const parameter = ([value]: readonly PickleValue[]): PickleValue => {
    if (value === undefined || tensorOf(value) === null) throw damaged('a parameter holds no tensor');
    return value;
  };

  const orderedDict = ([pairs]: readonly PickleValue[]): PickleValue => {
    const dict = new PickleDict();
    if (pairs === undefined) return dict;
    if (!(pairs instanceof PickleList)) throw damaged('an OrderedDict is made of something that is no list');
    for (const pair of pairs.items) {
      const items = pair instanceof PickleTuple || pair instanceof PickleList ? pair.items : [];
      if (items.length !== 2) throw damaged('an OrderedDict is made of something that is no pair');
      dict.entries.set(items[0]!, items[1]!);
    }
    return dict;
  };

  return {
    subject,
    globals: new Map<string, ((args: readonly PickleValue[]) => PickleValue) | null>([
      ['collections.OrderedDict', orderedDict],
      ['torch._utils._rebuild_tensor_v2', tensor],
      ['torch._utils._rebuild_parameter', parameter],
      ['torch.Size', ([items]) => new PickleTuple(sizes(items, 'a torch.Size'))],
      ...Object.keys(storageTypes).map((name) => [name, null] as const),
    ]),
    persistent: (id) => {
      const [kind, type, key, , length] = id instanceof PickleTuple ? id.items : [];
      if (kind !== 'storage' || !(type instanceof PickleGlobal) || typeof key !== 'string') throw refusedPickle(subject, 'The pickle holds a persistent id that is no storage');
      const element = storageTypes[type.name];
      if (element === undefined) throw refusedPickle(subject, `The pickle uses ${type.name} as a storage`);
      const storage: Storage = { key, type: element, length: whole(length, 'the length of a storage') };
      if (!Number.isSafeInteger(storage.length * elementBytes[element])) throw damaged(`it states a storage of ${storage.length} elements`);
      return new PickleObject<Storage>(storage);
    },
  };
}
