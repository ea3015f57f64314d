/**
 * How a part of the contract is written: `method` answers once; `stream` answers with items until it ends, fails or is
 * cancelled. Types of callers and handlers are derived from the schemas, so that nothing is said twice.
 */
import type { z } from 'zod';

export interface MethodSchema<P extends z.ZodType = z.ZodType, R extends z.ZodType = z.ZodType> {
  readonly kind: 'method';
  readonly params: P;
  readonly result: R;
}

export interface StreamSchema<P extends z.ZodType = z.ZodType, I extends z.ZodType = z.ZodType> {
  readonly kind: 'stream';
  readonly params: P;
  readonly item: I;
}

export const method = <P extends z.ZodType, R extends z.ZodType>(schema: { params: P; result: R }): MethodSchema<P, R> => ({ kind: 'method', ...schema });
export const stream = <P extends z.ZodType, I extends z.ZodType>(schema: { params: P; item: I }): StreamSchema<P, I> => ({ kind: 'stream', ...schema });

export type AnyContract = Record<string, MethodSchema | StreamSchema>;

export type ParamsOf<C extends AnyContract, M extends keyof C> = z.input<C[M]['params']>;
export type ResultOf<C extends AnyContract, M extends keyof C> = C[M] extends MethodSchema<z.ZodType, infer R> ? z.output<R> : never;
export type ItemOf<C extends AnyContract, M extends keyof C> = C[M] extends StreamSchema<z.ZodType, infer I> ? z.output<I> : never;
export type MethodNames<C extends AnyContract> = { [M in keyof C]: C[M] extends MethodSchema ? M : never }[keyof C] & string;
export type StreamNames<C extends AnyContract> = { [M in keyof C]: C[M] extends StreamSchema ? M : never }[keyof C] & string;

/** What a handler is given beside its parameters. */
export interface Call {
  /** Aborted when the caller cancels or the pipe closes. */
  readonly signal: AbortSignal;
}

/** The functions that fulfil a contract: a promise for a method, an async iterable for a stream. */
export type HandlersOf<C extends AnyContract> = {
  [M in keyof C]: C[M] extends StreamSchema
    ? (params: z.output<C[M]['params']>, call: Call) => AsyncIterable<ItemOf<C, M>>
    : (params: z.output<C[M]['params']>, call: Call) => Promise<ResultOf<C, M>> | ResultOf<C, M>;
};
