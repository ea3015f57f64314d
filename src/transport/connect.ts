/**
 * The asking side of a pipe: typed calls and streams. Results are parsed by the contract too, so that a fault of the
 * engine shows here, by method, and not as a strange picture three modules later; bytes are not copied by it.
 */
import * as z from 'zod';
import type { AnyContract, ItemOf, MethodNames, ParamsOf, ResultOf, StreamNames } from '../shared/contract.ts';
import { EngineError, cancelledError, fromErrorData } from '../shared/errors.ts';
import type { ErrorData } from '../shared/errors.ts';
import { replyMessage } from './messages.ts';
import type { RequestMessage } from './messages.ts';
import { closedError } from './pipe.ts';
import type { Pipe } from './pipe.ts';

/** Items a stream may have on their way before the reader has taken any. */
export const streamCredit = 8;

export interface Client<C extends AnyContract> {
  /** @throws EngineError what the handler threw; `bridge/closed` or the pipe's own reason; `cancelled` */
  call<M extends MethodNames<C>>(method: M, params: ParamsOf<C, M>, signal?: AbortSignal): Promise<ResultOf<C, M>>;
  /** Begins when iterated; leaving the loop or aborting the signal stops the work at the other end. */
  stream<M extends StreamNames<C>>(method: M, params: ParamsOf<C, M>, signal?: AbortSignal): AsyncIterable<ItemOf<C, M>>;
  close(reason?: ErrorData): void;
}

type Arrival = { readonly kind: 'value'; readonly value: unknown } | { readonly kind: 'end' } | { readonly kind: 'error'; readonly error: EngineError };

/** What has arrived for one call and was not taken yet. An error overtakes items: after it nothing else matters. */
class Inbox {
  readonly #arrivals: Arrival[] = [];
  #wake: (() => void) | null = null;
  /** The other side has nothing more to send, so there is nothing to cancel. */
  finished = false;

  put(arrival: Arrival): void {
    if (this.finished) return;
    if (arrival.kind === 'error') this.#arrivals.length = 0;
    this.finished = arrival.kind !== 'value';
    this.#arrivals.push(arrival);
    this.#wake?.();
    this.#wake = null;
  }

  async take(): Promise<Arrival> {
    for (;;) {
      const arrival = this.#arrivals.shift();
      if (arrival !== undefined) return arrival;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

function parsedBy(schema: z.ZodType, value: unknown, method: string): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new EngineError('bug/unexpected', `${method} answered against its contract: ${z.prettifyError(parsed.error)}`, { subject: method, advice: 'Report this as a bug, with the log file' });
}

/** Connects to what is served at the other end of `pipe`. */
export function connect<C extends AnyContract>(contract: C, pipe: Pipe): Client<C> {
  const inboxes = new Map<number, Inbox>();
  let closedFor: ErrorData | null = null;
  let lastId = 0;
  const send = (message: RequestMessage): void => { pipe.send(message); };

  pipe.onMessage((message) => {
    const parsed = replyMessage.safeParse(message);
    if (!parsed.success) return; // a reply we cannot read answers no call of ours
    const reply = parsed.data;
    const inbox = inboxes.get(reply.id);
    if (inbox === undefined) return; // cancelled a moment ago
    switch (reply.type) {
      case 'result':
        inbox.put({ kind: 'value', value: reply.value });
        inbox.finished = true;
        break;
      case 'item':
        inbox.put({ kind: 'value', value: reply.value });
        break;
      case 'end':
        inbox.put({ kind: 'end' });
        break;
      case 'error':
        inbox.put({ kind: 'error', error: fromErrorData(reply.error) });
        break;
    }
  });
  pipe.onClose((reason) => {
    closedFor = reason;
    for (const inbox of inboxes.values()) inbox.put({ kind: 'error', error: fromErrorData(reason) });
  });

  /** Runs `use` with an inbox for a new call; whatever happens, the call is over at both ends afterwards. */
  async function* outstanding(method: string, signal: AbortSignal | undefined, begin: (id: number) => RequestMessage): AsyncGenerator<{ arrival: Arrival; id: number }> {
    if (signal?.aborted === true) throw cancelledError(method);
    if (closedFor !== null) throw fromErrorData(closedFor);
    const id = ++lastId;
    const inbox = new Inbox();
    inboxes.set(id, inbox);
    let told = false;
    const tellStop = (): void => {
      if (told || inbox.finished) return;
      told = true;
      send({ type: 'cancel', id });
    };
    const abort = (): void => {
      tellStop();
      inbox.put({ kind: 'error', error: cancelledError(method) });
    };
    signal?.addEventListener('abort', abort, { once: true });
    try {
      send(begin(id));
      for (;;) yield { arrival: await inbox.take(), id };
    } finally {
      signal?.removeEventListener('abort', abort);
      tellStop();
      inboxes.delete(id);
    }
  }

  return {
    async call(method, params, signal) {
      const schema = contract[method];
      if (schema?.kind !== 'method') throw new TypeError(`${method} is not a method of this contract`);
      for await (const { arrival } of outstanding(method, signal, (id) => ({ type: 'call', id, method, params }))) {
        if (arrival.kind === 'error') throw arrival.error;
        if (arrival.kind === 'value') return parsedBy(schema.result, arrival.value, method) as never;
        break;
      }
      throw fromErrorData(closedError);
    },
    async *stream(method, params, signal) {
      const schema = contract[method];
      if (schema?.kind !== 'stream') throw new TypeError(`${method} is not a stream of this contract`);
      let taken = 0;
      for await (const { arrival, id } of outstanding(method, signal, (id) => ({ type: 'open', id, method, params, credit: streamCredit }))) {
        if (arrival.kind === 'error') throw arrival.error;
        if (arrival.kind === 'end') return;
        yield parsedBy(schema.item, arrival.value, method) as never;
        taken += 1;
        if (taken === streamCredit / 2) {
          send({ type: 'more', id, credit: taken });
          taken = 0;
        }
      }
    },
    close(reason) {
      pipe.close(reason);
    },
  };
}
