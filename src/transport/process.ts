/**
 * Pipes between a process and a child it started with `serialization: 'advanced'` (node:child_process), which carries
 * byte arrays as they are. The two ends look alike: `send`, 'message', 'disconnect'.
 */
import type { ErrorData } from '../shared/errors.ts';
import { carriedPipe, closedError, ownBytes } from './pipe.ts';
import type { Pipe } from './pipe.ts';

/** A ChildProcess with an IPC channel, or `process` inside one. */
export interface IpcEnd {
  readonly connected: boolean;
  send?(message: unknown, handle: undefined, options: undefined, callback: (error: Error | null) => void): boolean;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  on(event: 'disconnect', listener: () => void): unknown;
  disconnect?(): void;
}

/** @param why resolves to the reason the other process went away; the channel breaks a moment before that is known */
export function processPipe(end: IpcEnd, why: Promise<ErrorData> = Promise.resolve(closedError)): Pipe {
  const gone = (): void => { void why.then(ended); };
  const { pipe, deliver, ended } = carriedPipe({
    send: (message) => {
      // A failure arrives as an event as well, 'disconnect'; without a callback it would be thrown as an 'error'.
      try {
        end.send?.(message, undefined, undefined, (error) => { if (error !== null) gone(); });
      } catch (error) {
        // While connected, only a value that v8 cannot serialize throws here, and as a plain Error.
        if (end.connected) throw new DOMException(String(error), 'DataCloneError');
        throw error;
      }
    },
    close: () => { if (end.connected) end.disconnect?.(); },
  });
  end.on('message', (message) => { deliver(ownBytes(message)); });
  end.on('disconnect', gone);
  return pipe;
}
