/**
 * A client whose pipe may be replaced: the engine's process can end and be started again while the window stays.
 * Calls under way fail with the reason the pipe closed for; calls made meanwhile wait for the next pipe.
 */
import type { AnyContract, ItemOf, MethodNames, ParamsOf, ResultOf, StreamNames } from '../shared/contract.ts';
import { EngineError, cancelledError } from '../shared/errors.ts';
import { connect } from './connect.ts';
import type { Client } from './connect.ts';
import type { Pipe } from './pipe.ts';

export interface ReconnectingClient<C extends AnyContract> {
  readonly call: Client<C>['call'];
  readonly stream: Client<C>['stream'];
  /** Takes the place of the pipe before, which is closed if it still is open. */
  attach(pipe: Pipe): void;
}

/** @param patienceMs how long a call waits for a pipe before it fails with `bridge/closed` */
export function reconnectingClient<C extends AnyContract>(contract: C, patienceMs: number): ReconnectingClient<C> {
  let current: Client<C> | null = null;
  const waiting = new Set<(client: Client<C>) => void>();

  const client = (method: string, signal: AbortSignal | undefined): Promise<Client<C>> => {
    if (current !== null) return Promise.resolve(current);
    return new Promise((resolve, reject) => {
      const settle = (outcome: () => void): void => {
        clearTimeout(timer);
        waiting.delete(arrived);
        signal?.removeEventListener('abort', aborted);
        outcome();
      };
      const arrived = (found: Client<C>): void => { settle(() => { resolve(found); }); };
      const aborted = (): void => { settle(() => { reject(cancelledError(method)); }); };
      const timer = setTimeout(() => {
        settle(() => { reject(new EngineError('bridge/closed', 'The engine is not answering', { subject: method, advice: 'Restart the app; what was stored is kept' })); });
      }, patienceMs);
      if (signal?.aborted === true) { aborted(); return; }
      signal?.addEventListener('abort', aborted, { once: true });
      waiting.add(arrived);
    });
  };

  return {
    async call<M extends MethodNames<C>>(method: M, params: ParamsOf<C, M>, signal?: AbortSignal): Promise<ResultOf<C, M>> {
      return (await client(method, signal)).call(method, params, signal);
    },
    async *stream<M extends StreamNames<C>>(method: M, params: ParamsOf<C, M>, signal?: AbortSignal): AsyncGenerator<ItemOf<C, M>> {
      yield* (await client(method, signal)).stream(method, params, signal);
    },
    attach(pipe) {
      current?.close();
      const next = connect(contract, pipe);
      current = next;
      pipe.onClose(() => { if (current === next) current = null; });
      for (const arrived of [...waiting]) arrived(next);
    },
  };
}
