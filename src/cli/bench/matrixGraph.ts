/**
 * An ONNX graph of one matrix product, `product` = `left` x `right`, all float32 [size, size]: what the same runtime, on
 * the same threads, does at its best. Written as protobuf by hand, which for one node is less than a library.
 */

const varint = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)]);
const message = (field: number, ...parts: readonly (readonly number[])[]): number[] => {
  const content = parts.flat();
  return [...varint((field << 3) | 2), ...varint(content.length), ...content];
};
const text = (field: number, value: string): number[] => message(field, [...Buffer.from(value)]);
const number = (field: number, value: number): number[] => [...varint(field << 3), ...varint(value)];

/** Field numbers are those of onnx.proto. */
export function matrixGraph(size: number): Uint8Array {
  const shape = message(2, message(1, number(1, size)), message(1, number(1, size)));
  const value = (field: number, name: string): number[] => message(field, text(1, name), message(2, message(1, number(1, 1), shape)));
  const node = message(1, text(1, 'left'), text(1, 'right'), text(2, 'product'), text(4, 'MatMul'));
  const graph = message(7, node, text(2, 'product'), value(11, 'left'), value(11, 'right'), value(12, 'product'));
  return Uint8Array.from([...number(1, 8), ...graph, ...message(8, text(1, ''), number(2, 17))]);
}
