/** The engine in the shell's own process: for looking for faults, and where no other process may be started. */
import { memoryPipes } from '../transport/memory.ts';
import type { Pipe } from '../transport/pipe.ts';
import type { HostConfig } from './config.ts';
import { serveEngine } from './serveEngine.ts';

/** @returns the shell's end of the pipe, and the way to end the engine */
export async function startInline(config: HostConfig): Promise<{ pipe: Pipe; close: () => Promise<void> }> {
  const engine = await serveEngine(config);
  const [near, far] = memoryPipes();
  engine.serveShell(far);
  return { pipe: near, close: () => engine.close() };
}
