/**
 * Pipes over message ports (structured clone): those of the web and of Node's worker threads, and Electron's own,
 * which have another event interface. The other end's closing is heard where the platform tells of it.
 */
import type { ErrorData } from '../shared/errors.ts';
import { carriedPipe, closedError, ownBytes } from './pipe.ts';
import type { Pipe } from './pipe.ts';

/** What a port of the web, or of node:worker_threads, offers. */
export interface WebPort {
  postMessage(message: unknown): void;
  addEventListener(type: 'message' | 'messageerror' | 'close', listener: (event: { readonly data?: unknown }) => void): void;
  start(): void;
  close(): void;
}

/** @param reason what the closing of this port means */
export function webPortPipe(port: WebPort, reason: ErrorData = closedError): Pipe {
  const { pipe, deliver, ended } = carriedPipe({
    send: (message) => { port.postMessage(ownBytes(message)); },
    close: () => { port.close(); },
  });
  port.addEventListener('message', (event) => { deliver(event.data); });
  port.addEventListener('close', () => { ended(reason); });
  port.start();
  return pipe;
}

/** Electron's MessagePortMain, and the parent port of a utility process. */
export interface EmitterPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { readonly data: unknown }) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
  start?(): void;
  close?(): void;
}

export function emitterPortPipe(port: EmitterPort): Pipe {
  const { pipe, deliver, ended } = carriedPipe({
    send: (message) => { port.postMessage(ownBytes(message)); },
    close: () => { port.close?.(); },
  });
  port.on('message', (event) => { deliver(event.data); });
  port.on('close', () => { ended(); });
  port.start?.();
  return pipe;
}
