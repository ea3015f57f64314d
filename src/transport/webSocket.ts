/**
 * Pipes over a web socket, one MessagePack frame a message (JSON has no bytes). The same file serves both ends: the
 * browser's WebSocket and the one of the `ws` package offer the same events.
 */
import { decode, encode } from '@msgpack/msgpack';
import type { ErrorData } from '../shared/errors.ts';
import { carriedPipe, closedError, hostErrors, ownBytes } from './pipe.ts';
import type { Pipe } from './pipe.ts';

export interface WebSocketLike {
  binaryType: string;
  readonly readyState: number;
  send(data: Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { readonly code: number; readonly reason: string }) => void): void;
}

/** Close codes (RFC 6455, 7.4): 4000 and up are ours; the reason text then holds one of our error codes. */
const closedWithReason = 4000;
const badData = 1007;

function reasonOf(text: string): ErrorData {
  return hostErrors.find(({ code }) => code === text) ?? closedError;
}

function encoded(message: unknown): Uint8Array<ArrayBuffer> {
  try {
    return encode(message, { ignoreUndefined: true });
  } catch (error) {
    throw new DOMException(String(error), 'DataCloneError');
  }
}

/** @param socket one that is open, or still connecting when nothing is sent before it opened */
export function webSocketPipe(socket: WebSocketLike): Pipe {
  socket.binaryType = 'arraybuffer';
  const { pipe, deliver, ended } = carriedPipe({
    send: (message) => { socket.send(encoded(message)); },
    close: (reason) => { socket.close(closedWithReason, reason.code); },
  });
  socket.addEventListener('message', ({ data }) => {
    let message: unknown;
    try {
      if (!(data instanceof ArrayBuffer)) throw new TypeError('a frame of text');
      message = decode(new Uint8Array(data));
    } catch {
      // Not a frame of ours: whoever sent it does not speak this protocol, and what follows cannot be trusted either.
      ended();
      socket.close(badData, 'bridge/refused');
      return;
    }
    deliver(ownBytes(message));
  });
  socket.addEventListener('close', ({ reason }) => { ended(reasonOf(reason)); });
  return pipe;
}
