/**
 * Pipes between a process and a child it started with `serialization: 'advanced'` (node:child_process), which carries
 * byte arrays as they are. The two ends look alike: `send`, 'message', 'disconnect'.
 */
import { carriedPipe, ownBytes } from './pipe.ts';
import type { Pipe } from './pipe.ts';

/** A ChildProcess with an IPC channel, or `process` inside one. */
export interface IpcEnd {
  readonly connected: boolean;
  send?(message: unknown, handle: undefined, options: undefined, callback: (error: Error | null) => void): boolean;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  on(event: 'disconnect', listener: () => void): unknown;
  disconnect?(): void;
}

export function processPipe(end: IpcEnd): Pipe {
  const { pipe, deliver, ended } = carriedPipe({
    send: (message) => {
      // A failure arrives as an event as well, 'disconnect'; without a callback it would be thrown as an 'error'.
      try {
        end.send?.(message, undefined, undefined, (error) => { if (error !== null) ended(); });
      } catch (error) {
        // While connected, only a value that v8 cannot serialize throws here, and as a plain Error.
        if (end.connected) throw new DOMException(String(error), 'DataCloneError');
        throw error;
      }
    },
    close: () => { if (end.connected) end.disconnect?.(); },
  });
  end.on('message', (message) => { deliver(ownBytes(message)); });
  end.on('disconnect', () => { ended(); });
  return pipe;
}
