/**
 * The serving side of a pipe: parses each request, runs its handler and sends what came of it. Streams are pulled
 * only as fast as the other side takes items (credit), so a slow reader holds no volume in memory twice. Cancelling
 * is a message that aborts the handler's signal; so does the closing of the pipe.
 */
import * as z from 'zod';
import type { AnyContract, Call, HandlersOf } from '../shared/contract.ts';
import { EngineError, toErrorData } from '../shared/errors.ts';
import type { ErrorData } from '../shared/errors.ts';
import { claimedId, requestMessage } from './messages.ts';
import type { ReplyMessage, RequestMessage } from './messages.ts';
import type { Pipe } from './pipe.ts';

/** Calls and streams one pipe may have under way; a page that asks for more is broken or hostile. */
export const maximumOutstanding = 512;

/** A fault on the serving side that nobody but a developer can act on. Carries no parameter values. */
export interface BridgeFault {
  readonly event: 'bridge.malformed' | 'bridge.bug';
  readonly method: string;
  readonly message: string;
}

type Handler = (params: unknown, call: Call) => unknown;

/** One stream's right to send, topped up by the other side. */
class Credit {
  #items: number;
  #wake: (() => void) | null = null;

  constructor(items: number) {
    this.#items = items;
  }

  add(items: number): void {
    this.#items += items;
    this.wake();
  }

  wake(): void {
    this.#wake?.();
    this.#wake = null;
  }

  /** Resolves to true when an item may be sent, to false when the signal is aborted. */
  async take(signal: AbortSignal): Promise<boolean> {
    while (this.#items === 0 && !signal.aborted) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#items -= 1;
    return !signal.aborted;
  }
}

interface Outstanding {
  readonly stop: AbortController;
  readonly credit: Credit;
}

/**
 * Serves `handlers` on `pipe` until it closes.
 * @param onFault told of malformed messages and of exceptions that are faults of ours
 */
export function serve<C extends AnyContract>(contract: C, handlers: HandlersOf<C>, pipe: Pipe, onFault: (fault: BridgeFault) => void): void {
  const outstanding = new Map<number, Outstanding>();
  const reply = (message: ReplyMessage): void => { pipe.send(message); };

  const refuse = (id: number, code: 'bridge/bad-params' | 'bridge/unknown-method' | 'bridge/refused', message: string, subject: string): void => {
    const error: ErrorData = { code, message, subject, advice: 'Report this as a bug' };
    reply({ type: 'error', id, error });
  };

  const fail = (id: number, method: string, error: unknown): void => {
    const data = toErrorData(error, method);
    // An EngineError that says `bug` was reported where it arose.
    if (!(error instanceof EngineError) && data.code === 'bug/unexpected') onFault({ event: 'bridge.bug', method, message: error instanceof Error ? (error.stack ?? error.message) : data.message });
    reply({ type: 'error', id, error: data });
  };

  const begin = (request: Extract<RequestMessage, { type: 'call' | 'open' }>): void => {
    const { id, method } = request;
    const schema = Object.hasOwn(contract, method) ? contract[method] : undefined;
    if (schema === undefined) { refuse(id, 'bridge/unknown-method', `There is no method ${JSON.stringify(method.slice(0, 80))}`, 'bridge'); return; }
    if ((schema.kind === 'stream') !== (request.type === 'open')) { refuse(id, 'bridge/refused', `${method} is a ${schema.kind}`, method); return; }
    if (outstanding.has(id)) { refuse(id, 'bridge/refused', `Call ${id} is under way already`, method); return; }
    if (outstanding.size >= maximumOutstanding) { refuse(id, 'bridge/refused', `${outstanding.size} calls are under way already`, method); return; }
    const params = schema.params.safeParse(request.params);
    if (!params.success) { refuse(id, 'bridge/bad-params', z.prettifyError(params.error), method); return; }

    const running: Outstanding = { stop: new AbortController(), credit: new Credit(request.type === 'open' ? request.credit : 0) };
    outstanding.set(id, running);
    const handler = handlers[method] as unknown as Handler;
    const work = request.type === 'call' ? answer(id, handler, params.data, running) : pump(id, handler, params.data, running);
    void work
      .catch((error: unknown) => {
        if (!running.stop.signal.aborted) fail(id, method, error);
      })
      .finally(() => {
        if (outstanding.get(id) === running) outstanding.delete(id);
      });
  };

  const answer = async (id: number, handler: Handler, params: unknown, running: Outstanding): Promise<void> => {
    const value = await handler(params, { signal: running.stop.signal });
    if (!running.stop.signal.aborted) reply({ type: 'result', id, value });
  };

  const pump = async (id: number, handler: Handler, params: unknown, { stop: { signal }, credit }: Outstanding): Promise<void> => {
    const items = (handler(params, { signal }) as AsyncIterable<unknown>)[Symbol.asyncIterator]();
    let done = false;
    try {
      while (await credit.take(signal)) {
        const next = await items.next();
        done = next.done === true;
        if (signal.aborted) return;
        if (done) { reply({ type: 'end', id }); return; }
        reply({ type: 'item', id, value: next.value });
      }
    } catch (error) {
      done = true;
      throw error;
    } finally {
      if (!done) await items.return?.();
    }
  };

  const cancel = (id: number): void => {
    const running = outstanding.get(id);
    outstanding.delete(id);
    running?.stop.abort();
    running?.credit.wake();
  };

  pipe.onMessage((message) => {
    const parsed = requestMessage.safeParse(message);
    if (!parsed.success) {
      onFault({ event: 'bridge.malformed', method: 'bridge', message: z.prettifyError(parsed.error) });
      const id = claimedId(message);
      if (id !== null && !outstanding.has(id)) refuse(id, 'bridge/refused', 'The request is malformed', 'bridge');
      return;
    }
    const request = parsed.data;
    switch (request.type) {
      case 'call':
      case 'open':
        begin(request);
        break;
      case 'more':
        outstanding.get(request.id)?.credit.add(request.credit);
        break;
      case 'cancel':
        cancel(request.id);
        break;
    }
  });
  pipe.onClose(() => {
    for (const id of [...outstanding.keys()]) cancel(id);
  });
}

/** Handlers that answer every method with one error: what a host serves whose engine could not start. */
export function refusingHandlers<C extends AnyContract>(contract: C, error: ErrorData): HandlersOf<C> {
  const refuse = (): never => {
    throw new EngineError(error.code, error.message, { subject: error.subject, advice: error.advice });
  };
  return Object.fromEntries(Object.keys(contract).map((method) => [method, refuse])) as unknown as HandlersOf<C>;
}
