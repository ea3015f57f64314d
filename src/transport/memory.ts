/** A pipe within one process, for the inline host and for tests. Messages are cloned, so the ends share nothing. */
import { carriedPipe, ownBytes } from './pipe.ts';
import type { Pipe } from './pipe.ts';

/** Two joined ends. A message that no process boundary could carry (a function, say) closes the pipe, as it would there. */
export function memoryPipes(): [Pipe, Pipe] {
  const a = carriedPipe({
    send: (message) => { const copy = structuredClone(ownBytes(message)); setImmediate(() => { b.deliver(copy); }); },
    close: (reason) => { setImmediate(() => { b.ended(reason); }); },
  });
  const b = carriedPipe({
    send: (message) => { const copy = structuredClone(ownBytes(message)); setImmediate(() => { a.deliver(copy); }); },
    close: (reason) => { setImmediate(() => { a.ended(reason); }); },
  });
  return [a.pipe, b.pipe];
}
