/**
 * Collects the nodes and constants of one ONNX graph. Operators are called by their ONNX names and give the name of their
 * result, so that a network reads as the sequence of its layers. What each operator means is ONNX's definition.
 */
import { attribute, dataType, encodeModel, type AttributeValue, type DataTypeName, type NodeMessage, type TensorMessage, type ValueMessage } from './onnxSchema.ts';
import type { WeightFile } from './weightFile.ts';

/** 20 is the first with Gelu; IR 9 is what it came with. */
const opset = 20;
const irVersion = 9;

/** Tensors with fewer numbers are kept in the graph itself, as float32. */
const smallTensor = 1024;

/** Name of a value in a graph. */
export type Value = string;

export interface Operation {
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  /** Name of the result, for outputs of the graph. */
  readonly as?: string;
}

export class GraphBuilder {
  readonly #name: string;
  readonly #weights: WeightFile;
  readonly #nodes: NodeMessage[] = [];
  readonly #constants = new Map<string, TensorMessage>();
  readonly #inputs: ValueMessage[] = [];
  readonly #outputs: ValueMessage[] = [];
  /** Results of weights, by key: a weight used twice is one constant. */
  readonly #loaded = new Map<string, Value>();
  #last = 0;

  constructor(name: string, weights: WeightFile) {
    this.#name = name;
    this.#weights = weights;
  }

  /** A string among the sizes is one known only at run time. */
  input(name: string, type: DataTypeName, dims: readonly (number | string)[]): Value {
    this.#inputs.push(valueMessage(name, type, dims));
    return name;
  }

  /** Declares a value that a node made with `as` to be an output. */
  output(name: Value, type: DataTypeName, dims: readonly (number | string)[]): void {
    this.#outputs.push(valueMessage(name, type, dims));
  }

  /** Adds a node with one result. */
  op(type: string, inputs: readonly Value[], { attributes = {}, as }: Operation = {}): Value {
    return this.split(type, inputs, 1, { attributes, ...(as !== undefined && { as }) })[0]!;
  }

  /** Adds a node with several results. */
  split(type: string, inputs: readonly Value[], results: number, { attributes = {}, as }: Operation = {}): Value[] {
    const name = `${type}_${++this.#last}`;
    const output = Array.from({ length: results }, (_, n) => as ?? (results === 1 ? name : `${name}_${n}`));
    this.#nodes.push({ name, opType: type, input: inputs, output, attribute: Object.entries(attributes).map(([key, value]) => attribute(key, value)) });
    return output;
  }

  /** A constant of whole numbers, as shapes and indices are. */
  ints(values: readonly number[]): Value {
    const name = `ints_${values.join('_')}`;
    if (!this.#constants.has(name)) this.#constants.set(name, { name, dims: [values.length], dataType: dataType.int64, rawData: bytesOf(BigInt64Array.from(values, BigInt)) });
    return name;
  }

  /** A constant number, without dimensions. */
  number(value: number): Value {
    const name = `number_${value}`;
    if (!this.#constants.has(name)) this.#constants.set(name, { name, dims: [], dataType: dataType.float32, rawData: bytesOf(Float32Array.of(value)) });
    return name;
  }

  /**
   * A weight as float32, whatever it is stored as. The same key is the same weight, in this graph and in others of the file.
   * @param load gives the values, row-major; called only where the key is new to the file
   */
  async weight(key: string, dims: readonly number[], load: () => Promise<Float32Array>): Promise<Value> {
    const { name, type } = await this.storedWeight(key, dims, load);
    if (type === 'float32') return name;
    const known = this.#loaded.get(key);
    if (known !== undefined) return known;
    const value = this.toFloat32(name);
    this.#loaded.set(key, value);
    return value;
  }

  /** A weight in the type it is stored as, for operators that pick a few rows of a large table. */
  async storedWeight(key: string, dims: readonly number[], load: () => Promise<Float32Array>): Promise<{ readonly name: Value; readonly type: 'float32' | 'float16' }> {
    const known = this.#constants.get(key);
    if (known) return { name: key, type: known.dataType === dataType.float16 ? 'float16' : 'float32' };
    if (dims.reduce((product, size) => product * size, 1) < smallTensor) {
      this.#constants.set(key, { name: key, dims, dataType: dataType.float32, rawData: bytesOf(await load()) });
      return { name: key, type: 'float32' };
    }
    const { type, offset, length } = await this.#weights.store(key, dims, load);
    const externalData = [{ key: 'location', value: this.#weights.name }, { key: 'offset', value: String(offset) }, { key: 'length', value: String(length) }];
    this.#constants.set(key, { name: key, dims, dataType: dataType[type], externalData, dataLocation: 1 });
    return { name: key, type };
  }

  toFloat32(value: Value): Value {
    return this.op('Cast', [value], { attributes: { to: { int: dataType.float32 } } });
  }

  /** The bytes of the .onnx file. */
  encode(): Uint8Array {
    return encodeModel({
      irVersion,
      producerName: 'brat desktop',
      opsetImport: [{ domain: '', version: opset }],
      graph: { name: this.#name, node: this.#nodes, initializer: [...this.#constants.values()], input: this.#inputs, output: this.#outputs },
    });
  }
}

const valueMessage = (name: string, type: DataTypeName, dims: readonly (number | string)[]): ValueMessage => ({
  name,
  type: { tensorType: { elemType: dataType[type], shape: { dim: dims.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size })) } } },
});

const bytesOf = (values: Float32Array | BigInt64Array): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
