/**
 * A started host as its shell sees it: a pipe, an end that is a value, and two ways to stop it. The utility process
 * of Electron is started by src/main, since only that layer may name electron.
 */
import { fork } from 'node:child_process';
import { openChannels } from '../transport/channels.ts';
import { crashedError, stuckError } from '../transport/pipe.ts';
import type { Pipe } from '../transport/pipe.ts';
import { processPipe } from '../transport/process.ts';
import type { ErrorData } from '../shared/errors.ts';
import type { HostConfig } from './config.ts';

/** How a host came to its end. */
export type HostEnd =
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'crash'; readonly reason: string }
  | { readonly kind: 'stuck'; readonly afterMs: number };

/** What a page is told about calls that were under way when its host ended. */
export function hostEndError(end: HostEnd): ErrorData {
  switch (end.kind) {
    case 'exit':
      return { ...crashedError, message: `The engine stopped (exit code ${end.code}) and is being started again` };
    case 'crash':
      return { ...crashedError, message: `The engine crashed (${end.reason}) and is being started again` };
    case 'stuck':
      return { ...stuckError, message: `The engine did not answer for ${Math.round(end.afterMs / 1000)} s and is being started again` };
  }
}

export interface HostProcess {
  /** Opens a channel by its label (`page`, `shell`). */
  readonly open: (label: string) => Pipe;
  readonly ended: Promise<HostEnd>;
  /** Asks it to finish; {@link HostProcess.ended} tells when it has. */
  stop(): void;
  /** Ends it now. */
  kill(): void;
}

/**
 * Starts a host as a child of this process.
 * @param startFile absolute URL of `host/child.js`, or of another start file that serves channels
 */
export function startChildHost(startFile: URL, config: HostConfig): HostProcess {
  const child = fork(startFile, [JSON.stringify(config)], {
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' },
  });
  const ended = new Promise<HostEnd>((resolve) => {
    child.once('error', (error) => { resolve({ kind: 'crash', reason: error.message }); });
    child.once('exit', (code, signal) => { resolve(code === null ? { kind: 'crash', reason: signal ?? 'unknown' } : { kind: 'exit', code }); });
  });
  const pipe = processPipe(child, ended.then(hostEndError));
  const { open } = openChannels(pipe);
  return { open, ended, stop: () => { pipe.close(); }, kill: () => { child.kill('SIGKILL'); } };
}

/** The inline host in the shape of a process. It shares the shell's process, so killing it is all that stopping is. */
export async function startInlineHost(config: HostConfig): Promise<HostProcess> {
  const { startInline } = await import('./inline.ts'); // loads the natives, which no other kind of shell should
  const { pipe, close } = await startInline(config);
  const { open } = openChannels(pipe);
  const { promise: ended, resolve } = Promise.withResolvers<HostEnd>();
  const stop = (): void => {
    pipe.close();
    void close().finally(() => { resolve({ kind: 'exit', code: 0 }); });
  };
  return { open, ended, stop, kill: stop };
}
