/**
 * A pipe: two ends that pass messages in order until one of them closes. Everything above it (serve, connect) is the
 * same whatever carries the bytes; everything below it is one small file per carrier. A message that arrives is
 * `unknown`: whoever receives it parses it.
 */
import type { ErrorData } from '../shared/errors.ts';

export interface Pipe {
  /**
   * Sends one message; does nothing once the pipe is closed (the close listener has been told by then).
   * @throws DOMException `DataCloneError` for a value that cannot cross (a function, say); the pipe stays open
   */
  send(message: unknown): void;
  /** Sets the one receiver. Messages that came earlier are kept for it. */
  onMessage(listener: (message: unknown) => void): void;
  /** Called once when the pipe has closed, whichever end did it; at once if that was before. */
  onClose(listener: (reason: ErrorData) => void): void;
  close(reason?: ErrorData): void;
}

/** Why a pipe is closed when nobody knows better. */
export const closedError: ErrorData = {
  code: 'bridge/closed',
  message: 'The connection to the engine closed',
  subject: 'engine',
  advice: 'Try again; restart the app if this goes on',
};

const restartAdvice = 'Repeat what you were doing; what was stored is kept';

/** Why the pipe of a page closes when the engine's process ended; its shell starts another and gives a new pipe. */
export const crashedError: ErrorData = { code: 'host/crashed', message: 'The engine stopped and is being started again', subject: 'engine', advice: restartAdvice };
export const stuckError: ErrorData = { code: 'host/stuck', message: 'The engine did not answer any more and is being started again', subject: 'engine', advice: restartAdvice };
export const hostErrors = [crashedError, stuckError] as const;

/** What a carrier needs to do for {@link carriedPipe}. */
export interface Carrier {
  /** Throws a `DataCloneError` for a value that cannot cross; anything else thrown means the carrier is gone. */
  send(message: unknown): void;
  close(reason: ErrorData): void;
}

/**
 * Builds a pipe from a carrier: keeps early messages for the receiver and tells of closing exactly once.
 * @returns the pipe, and the two functions its carrier calls: `deliver` for each message, `ended` when it is gone.
 */
export function carriedPipe(carrier: Carrier): { pipe: Pipe; deliver: (message: unknown) => void; ended: (reason?: ErrorData) => void } {
  const early: unknown[] = [];
  let receive: ((message: unknown) => void) | null = null;
  let closedFor: ErrorData | null = null;
  const closeListeners: ((reason: ErrorData) => void)[] = [];

  const ended = (reason: ErrorData = closedError): void => {
    if (closedFor !== null) return;
    closedFor = reason;
    for (const listener of closeListeners.splice(0)) listener(reason);
  };

  const pipe: Pipe = {
    send(message) {
      if (closedFor !== null) return;
      try {
        carrier.send(message);
      } catch (error) {
        if (error instanceof Error && error.name === 'DataCloneError') throw error;
        ended({ ...closedError, message: `${closedError.message}: ${error instanceof Error ? error.message : String(error)}` });
      }
    },
    onMessage(listener) {
      receive = listener;
      for (const message of early.splice(0)) listener(message);
    },
    onClose(listener) {
      if (closedFor !== null) listener(closedFor);
      else closeListeners.push(listener);
    },
    close(reason = closedError) {
      if (closedFor !== null) return;
      ended(reason);
      carrier.close(reason);
    },
  };

  const deliver = (message: unknown): void => {
    if (closedFor !== null) return;
    if (receive === null) early.push(message);
    else receive(message);
  };

  return { pipe, deliver, ended };
}

/** Passes every message and the closing of each pipe on to the other. */
export function joinPipes(a: Pipe, b: Pipe): void {
  a.onMessage((message) => { b.send(message); });
  b.onMessage((message) => { a.send(message); });
  a.onClose((reason) => { b.close(reason); });
  b.onClose((reason) => { a.close(reason); });
}

/**
 * Gives every byte array in a message a buffer of its own that it fills exactly. Without this, a structured clone of a
 * slice of a volume would copy the whole volume, and bytes read out of a frame could start at an odd address, where
 * no Float32Array may begin. Arrays that already own their buffer are passed as they are.
 */
export function ownBytes(value: unknown): unknown {
  if (value instanceof Uint8Array) {
    const owns = value.constructor === Uint8Array && value.byteOffset === 0 && value.byteLength === value.buffer.byteLength;
    return owns ? value : new Uint8Array(value);
  }
  if (Array.isArray(value)) return value.map(ownBytes);
  if (typeof value === 'object' && value !== null && (Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null)) {
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, ownBytes(part)]));
  }
  return value;
}
