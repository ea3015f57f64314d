/**
 * A checkpoint as what it is: named tensors. Readers of file formats (torchCheckpoint, safetensors) give this; builders of
 * graphs take it. Values are read when asked for and not kept, so that a file larger than memory can be gone through.
 */

export type TensorType = 'float32' | 'float16' | 'bfloat16' | 'int64' | 'int32' | 'uint8' | 'bool';

export interface TensorInfo {
  readonly name: string;
  /** Row-major, as PyTorch states it; empty for a scalar. */
  readonly shape: readonly number[];
  /** Type in the file. */
  readonly type: TensorType;
}

export interface StateDict {
  /** In the order of the file. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /**
   * Values as float32, row-major; read from the file when asked, not kept.
   * @throws EngineError `models/no-tensor` for a name there is none of, `models/bad-checkpoint` if the file ends early
   */
  float32(name: string): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Bytes of one element. */
export const elementBytes: Readonly<Record<TensorType, number>> = { float32: 4, float16: 2, bfloat16: 2, int64: 8, int32: 4, uint8: 1, bool: 1 };

/** Elements of a shape; 1 for a scalar. */
export const elementCount = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);
