/**
 * What the engine needs from outside itself, as interfaces. `src/native` fulfils them with onnxruntime-node,
 * node-llama-cpp and better-sqlite3; tests may stand in for a neighbour of the part under test, never for the part.
 */
import type { PackStamp, ProviderState } from '../shared/contract.ts';

export type Provider = ProviderState['provider'];

/** A named tensor crossing the ONNX boundary. Row-major. */
export type Tensor =
  | { readonly type: 'float32'; readonly dims: readonly number[]; readonly data: Float32Array }
  | { readonly type: 'int64'; readonly dims: readonly number[]; readonly data: BigInt64Array };

/** One loaded ONNX graph on one provider. */
export interface OnnxSession {
  readonly provider: Provider;
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** @throws EngineError `onnx/run-failed` naming the graph. */
  run(inputs: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>>;
  release(): Promise<void>;
}

export interface OnnxRuntime {
  /** Version of the runtime library, part of the key under which self-test results are kept. */
  readonly version: string;
  /** Providers that may exist on this machine, best first, always ending with `cpu`. */
  providers(): readonly Provider[];
  /** Names of GPUs and drivers as far as they can be told without loading one; part of the same key. */
  devices(): string;
  /** @throws EngineError `onnx/provider-unavailable`, `pack/bad-shape`. */
  open(file: string, provider: Provider): Promise<OnnxSession>;
  /**
   * Runs a graph twice in a process made for it and thrown away, since a GPU driver may crash or never come back.
   * @returns the outputs, and the time of the second run (the first one compiles shaders)
   * @throws EngineError `onnx/provider-unavailable` if it cannot be opened, crashes or outlasts the limit
   */
  runApart(file: string, provider: Provider, inputs: Readonly<Record<string, Tensor>>, limitMs: number): Promise<{ readonly outputs: Record<string, Tensor>; readonly ms: number }>;
  /** Ends the runtime; sessions that are still open are released. */
  close(): Promise<void>;
}

/** The part of JSON schema that answers take. */
export type JsonForm =
  | { readonly enum: readonly string[] }
  | { readonly type: 'string'; readonly minLength?: number; readonly maxLength: number }
  | { readonly type: 'array'; readonly items: JsonForm; readonly minItems: number; readonly maxItems: number }
  | { readonly type: 'object'; readonly properties: Readonly<Record<string, JsonForm>> };

/** A loaded language model, and generation from a prompt whose image tokens carry given embeddings. */
export interface TextModel {
  /**
   * Streams text pieces. Stops at the model's end of text, at `maxTokens`, on repetition, or when aborted.
   * @param prompt text with the pack's image placeholder where the views go
   * @param embeddings float32 [views, width], in the language model's embedding space
   * @throws EngineError `llm/run-failed`, `cancelled`
   */
  write(
    prompt: string,
    embeddings: { readonly data: Float32Array; readonly count: number; readonly width: number },
    options: { readonly signal: AbortSignal; readonly maxTokens: number; readonly seed: number },
  ): AsyncIterable<{ readonly text: string } | { readonly stop: 'complete' | 'length' | 'repetition' }>;
  /**
   * Answers a prompt of text alone in JSON of a given form: a grammar lets no other tokens pass, so the answer is valid
   * whatever the weights are. Texts in the form must be bounded (maxLength, maxItems), or a model may never end.
   * @throws EngineError `llm/run-failed` where prompt and answer do not fit the context, `cancelled`
   */
  answer(prompt: string, form: JsonForm, options: { readonly signal: AbortSignal; readonly seed: number }): Promise<unknown>;
  close(): Promise<void>;
}

/** Result of encoding one volume. All matrices row-major float32. */
export interface EncodedViews {
  /** [views, hidden] */
  readonly views: Float32Array;
  /** [views, width], rows of length 1 */
  readonly projected: Float32Array;
  /** [views, positions], rows sum to 1; positions are the pack's attention grid, width fastest */
  readonly attention: Float32Array;
  readonly viewCount: number;
  readonly hidden: number;
  readonly width: number;
  readonly positions: number;
  readonly pack: PackStamp;
  readonly provider: Provider;
}

export interface Clock {
  now(): Date;
}

/** Structured log: codes, ids and durations; never a patient's name, report text or full path. */
export interface Log {
  info(event: string, fields?: Readonly<Record<string, string | number | boolean | null>>): void;
  warn(event: string, fields?: Readonly<Record<string, string | number | boolean | null>>): void;
  error(event: string, fields?: Readonly<Record<string, string | number | boolean | null>>): void;
}
