/**
 * Checkpoints as torch.save writes them, made by code: a pickle of an OrderedDict of tensors in a zip archive. Also the
 * pieces of pickles, for files that no PyTorch would write.
 */
import { zipFile, type TestZipEntry } from './zipFile.ts';

export interface TestTensor {
  readonly shape: readonly number[];
  /** Little-endian elements of `type`. */
  readonly data: Uint8Array;
  readonly type?: 'Float' | 'Half' | 'BFloat16' | 'Long' | 'Bool';
  readonly strides?: readonly number[];
  readonly offset?: number;
  /** Entry under `data/`; tensors may share one. */
  readonly key?: string;
}

const elementBytes = { Float: 4, Half: 2, BFloat16: 2, Long: 8, Bool: 1 } as const;

/** Opcodes of pickle protocol 2, as bytes. */
export const op = {
  start: Buffer.from([0x80, 2]),
  stop: Buffer.from('.'),
  mark: Buffer.from('('),
  tuple: Buffer.from('t'),
  dict: Buffer.from('}'),
  list: Buffer.from(']'),
  none: Buffer.from('N'),
  false: Buffer.from([0x89]),
  call: Buffer.from('R'),
  build: Buffer.from('b'),
  setItems: Buffer.from('u'),
  persistent: Buffer.from('Q'),
  text: (value: string): Buffer => {
    const bytes = Buffer.from(value);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    return Buffer.concat([Buffer.from('X'), length, bytes]);
  },
  int: (value: number): Buffer => {
    if (value < 2 ** 31) {
      const bytes = Buffer.alloc(4);
      bytes.writeInt32LE(value);
      return Buffer.concat([Buffer.from('J'), bytes]);
    }
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(value));
    return Buffer.concat([Buffer.from([0x8a, 8]), bytes]);
  },
  global: (module: string, name: string): Buffer => Buffer.from(`c${module}\n${name}\n`),
};

const tupleOf = (items: readonly Buffer[]): Buffer => Buffer.concat([op.mark, ...items, op.tuple]);

/** The part of a pickle that makes one tensor. */
export function tensorPickle(name: string, { shape, data, type = 'Float', strides, offset = 0, key = name }: TestTensor): Buffer {
  const rowMajor = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const storage = tupleOf([op.text('storage'), op.global('torch', `${type}Storage`), op.text(key), op.text('cpu'), op.int(Math.floor(data.length / elementBytes[type]))]);
  const args = tupleOf([
    Buffer.concat([storage, op.persistent]), op.int(offset), tupleOf(shape.map(op.int)), tupleOf((strides ?? rowMajor).map(op.int)), op.false,
    Buffer.concat([op.global('collections', 'OrderedDict'), tupleOf([]), op.call]),
  ]);
  return Buffer.concat([op.global('torch._utils', '_rebuild_tensor_v2'), args, op.call]);
}

/** A pickle of an OrderedDict, with the attribute PyTorch hangs on it. */
export function stateDictPickle(tensors: Readonly<Record<string, TestTensor>>): Buffer {
  const items = Object.entries(tensors).flatMap(([name, tensor]) => [op.text(name), tensorPickle(name, tensor)]);
  const attribute = Buffer.concat([op.dict, op.mark, op.text('_metadata'), op.dict, op.setItems, op.build]);
  return Buffer.concat([op.global('collections', 'OrderedDict'), tupleOf([]), op.call, op.mark, ...items, op.setItems, attribute]);
}

/** A whole checkpoint; `under` puts the state dict below a key of a dict. */
export function torchFile(tensors: Readonly<Record<string, TestTensor>>, options: { readonly deflate?: boolean; readonly under?: string; readonly pickle?: Buffer } = {}): Buffer {
  const dict = stateDictPickle(tensors);
  const whole = options.under === undefined ? dict : Buffer.concat([op.dict, op.mark, op.text('epoch'), op.int(3), op.text(options.under), dict, op.setItems]);
  const compress = options.deflate === true ? { deflate: true } : {};
  const storages = new Map(Object.entries(tensors).map(([name, { data, key = name }]) => [key, data]));
  const entries: TestZipEntry[] = [
    { name: 'weights/data.pkl', content: options.pickle ?? Buffer.concat([op.start, whole, op.stop]), ...compress },
    { name: 'weights/byteorder', content: Buffer.from('little') },
    ...[...storages].map(([key, content]) => ({ name: `weights/data/${key}`, content, ...compress })),
    { name: 'weights/version', content: Buffer.from('3\n') },
  ];
  return zipFile(entries);
}

/** float32 numbers as the bytes of a tensor. */
export const floatBytes = (values: ArrayLike<number>): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
