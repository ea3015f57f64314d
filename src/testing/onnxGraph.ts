/** Writes small ONNX graphs for tests, so that they need neither Python nor binary fixtures. Field numbers: onnx.proto. */

type Attribute = number | readonly number[];

export interface GraphNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

export interface GraphTensor {
  readonly dims: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}

export interface GraphValue {
  readonly type: 'float32' | 'int64';
  /** A name stands for a size known only at run time. */
  readonly dims: readonly (number | string)[];
}

export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly inputs: Readonly<Record<string, GraphValue>>;
  readonly outputs: Readonly<Record<string, GraphValue>>;
  readonly constants: Readonly<Record<string, GraphTensor>>;
}

/** The bytes of an ONNX model (opset 17). */
export function onnxModel(graph: Graph): Uint8Array {
  const graphBytes = [
    ...graph.nodes.map((node) => message(1, nodeBytes(node))),
    text(2, 'test'),
    ...Object.entries(graph.constants).map(([name, tensor]) => message(5, tensorBytes(name, tensor))),
    ...Object.entries(graph.inputs).map(([name, value]) => message(11, valueBytes(name, value))),
    ...Object.entries(graph.outputs).map(([name, value]) => message(12, valueBytes(name, value))),
  ];
  return Buffer.concat([integer(1, 9), message(7, graphBytes), message(8, [text(1, ''), integer(2, 17)])]);
}

function nodeBytes(node: GraphNode): Uint8Array[] {
  return [
    ...node.inputs.map((name) => text(1, name)),
    ...node.outputs.map((name) => text(2, name)),
    text(4, node.op),
    ...Object.entries(node.attributes ?? {}).map(([name, value]) =>
      message(5, typeof value === 'number' ? [text(1, name), integer(3, value), integer(20, 2)] : [text(1, name), ...value.map((item) => integer(8, item)), integer(20, 7)]),
    ),
  ];
}

function tensorBytes(name: string, { dims, data }: GraphTensor): Uint8Array[] {
  return [...dims.map((size) => integer(1, size)), integer(2, data instanceof Float32Array ? 1 : 7), text(8, name), message(9, [new Uint8Array(data.buffer, data.byteOffset, data.byteLength)])];
}

function valueBytes(name: string, { type, dims }: GraphValue): Uint8Array[] {
  const shape = dims.map((size) => message(1, [typeof size === 'number' ? integer(1, size) : text(2, size)]));
  return [text(1, name), message(2, [message(1, [integer(1, type === 'float32' ? 1 : 7), message(2, shape)])])];
}

// Protocol buffers: a key (field number and kind), then a varint, or a length and bytes.
function varint(value: number): Uint8Array {
  const out: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    out.push(rest > 0n ? low | 0x80 : low);
  } while (rest > 0n);
  return Uint8Array.from(out);
}

const integer = (field: number, value: number): Uint8Array => Buffer.concat([varint(field * 8), varint(value)]);

function message(field: number, parts: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(parts);
  return Buffer.concat([varint(field * 8 + 2), varint(body.length), body]);
}

const text = (field: number, value: string): Uint8Array => message(field, [Buffer.from(value, 'utf8')]);
