/**
 * The messages of ONNX that a graph is written with, and their encoding as protocol buffers by protobufjs. Names and field
 * numbers are those of the public schema, onnx.proto (ONNX project, Apache-2.0); what no graph here uses is left out.
 */
import protobuf from 'protobufjs/light.js';

/** TensorProto.DataType */
export const dataType = { float32: 1, int64: 7, float16: 10 } as const;
export type DataTypeName = keyof typeof dataType;

/** AttributeProto.AttributeType */
const attributeType = { float: 1, int: 2, floats: 6, ints: 7 } as const;

export type AttributeValue = { readonly float: number } | { readonly int: number } | { readonly ints: readonly number[] };

interface AttributeMessage {
  readonly name: string;
  readonly type: number;
  readonly f?: number;
  readonly i?: number;
  readonly ints?: readonly number[];
}

export interface NodeMessage {
  readonly name: string;
  readonly opType: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attribute: readonly AttributeMessage[];
}

export interface TensorMessage {
  readonly name: string;
  readonly dims: readonly number[];
  readonly dataType: number;
  readonly rawData?: Uint8Array;
  readonly externalData?: readonly { readonly key: string; readonly value: string }[];
  /** 1 where the values are in a file of their own. */
  readonly dataLocation?: 0 | 1;
}

export interface ValueMessage {
  readonly name: string;
  readonly type: { readonly tensorType: { readonly elemType: number; readonly shape: { readonly dim: readonly ({ readonly dimValue: number } | { readonly dimParam: string })[] } } };
}

export interface ModelMessage {
  readonly irVersion: number;
  readonly producerName: string;
  readonly opsetImport: readonly { readonly domain: string; readonly version: number }[];
  readonly graph: {
    readonly name: string;
    readonly node: readonly NodeMessage[];
    readonly initializer: readonly TensorMessage[];
    readonly input: readonly ValueMessage[];
    readonly output: readonly ValueMessage[];
  };
}

const one = (type: string, id: number) => ({ type, id });
const many = (type: string, id: number) => ({ type, id, rule: 'repeated' as const });

const schema = protobuf.Root.fromJSON({
  nested: {
    AttributeProto: { fields: { name: one('string', 1), f: one('float', 2), i: one('int64', 3), ints: many('int64', 8), type: one('int32', 20) } },
    NodeProto: { fields: { input: many('string', 1), output: many('string', 2), name: one('string', 3), opType: one('string', 4), attribute: many('AttributeProto', 5) } },
    StringStringEntryProto: { fields: { key: one('string', 1), value: one('string', 2) } },
    TensorProto: {
      fields: { dims: many('int64', 1), dataType: one('int32', 2), name: one('string', 8), rawData: one('bytes', 9), externalData: many('StringStringEntryProto', 13), dataLocation: one('int32', 14) },
    },
    Dimension: { fields: { dimValue: one('int64', 1), dimParam: one('string', 2) } },
    TensorShapeProto: { fields: { dim: many('Dimension', 1) } },
    TensorTypeProto: { fields: { elemType: one('int32', 1), shape: one('TensorShapeProto', 2) } },
    TypeProto: { fields: { tensorType: one('TensorTypeProto', 1) } },
    ValueInfoProto: { fields: { name: one('string', 1), type: one('TypeProto', 2) } },
    GraphProto: { fields: { node: many('NodeProto', 1), name: one('string', 2), initializer: many('TensorProto', 5), input: many('ValueInfoProto', 11), output: many('ValueInfoProto', 12) } },
    OperatorSetIdProto: { fields: { domain: one('string', 1), version: one('int64', 2) } },
    ModelProto: { fields: { irVersion: one('int64', 1), producerName: one('string', 2), graph: one('GraphProto', 7), opsetImport: many('OperatorSetIdProto', 8) } },
  },
});

const modelType = schema.lookupType('ModelProto');

/** The bytes of an .onnx file. */
export function encodeModel(model: ModelMessage): Uint8Array {
  return modelType.encode(modelType.create(model)).finish();
}

/** An attribute of a node, in the field its kind of value has. */
export function attribute(name: string, value: AttributeValue): AttributeMessage {
  if ('float' in value) return { name, type: attributeType.float, f: value.float };
  if ('int' in value) return { name, type: attributeType.int, i: value.int };
  return { name, type: attributeType.ints, ints: value.ints };
}
