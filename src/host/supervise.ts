/**
 * Keeps one host running: starts it, waits until it answers, asks every few seconds whether it still does, and starts
 * another when it ends. Why a host ended is a value, told to whoever listens; pages lose their pipes with the reason
 * and come back for new ones. What stays the same across restarts is the caller's: text in the window, files on disk.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { shellContract } from '../shared/contract.ts';
import type { ShellContract } from '../shared/contract.ts';
import { connect } from '../transport/connect.ts';
import type { Client } from '../transport/connect.ts';
import type { Pipe } from '../transport/pipe.ts';
import { hostEndError } from './process.ts';
import type { HostEnd, HostProcess } from './process.ts';

export interface SupervisionOptions {
  /** A host that has not answered its first ping by then is stuck. Loading a large database may take its time. */
  readonly startMs: number;
  readonly pingEveryMs: number;
  /** A host that leaves a ping unanswered for so long is stuck. Longer than any synchronous work of the engine. */
  readonly stuckMs: number;
  /** Pause before the first restart; doubled for each further one up to 30 s, and back to this after a healthy minute. */
  readonly backOffMs: number;
  /** How long a host that was asked to stop may take before it is killed. */
  readonly stopMs: number;
}

export const defaultSupervision: SupervisionOptions = { startMs: 120_000, pingEveryMs: 5_000, stuckMs: 30_000, backOffMs: 500, stopMs: 5_000 };

const longestBackOffMs = 30_000;
const healthyMs = 60_000;

export interface RunningHost<P extends HostProcess> {
  readonly process: P;
  readonly shell: Client<ShellContract>;
  /** A pipe for one page. It closes with the reason when the host ends. */
  openPage(): Pipe;
}

export interface Supervisor<P extends HostProcess> {
  /** The host that answers, now or once it does. Rejects when the supervisor has been stopped. */
  running(): Promise<RunningHost<P>>;
  /** Called for every end that was not asked for. */
  onEnd(listener: (end: HostEnd) => void): void;
  /** Called for every host that begins to answer. */
  onReady(listener: (host: RunningHost<P>) => void): void;
  stop(): Promise<void>;
}

/** Pings until the host misses one. Resolves to how long it had been silent; never when the host ends otherwise. */
async function silence(shell: Client<ShellContract>, options: SupervisionOptions, stopped: AbortSignal): Promise<number> {
  for (;;) {
    await sleep(options.pingEveryMs, undefined, { signal: stopped });
    const waiting = AbortSignal.timeout(options.stuckMs);
    try {
      await shell.call('host.ping', {}, AbortSignal.any([waiting, stopped]));
    } catch {
      if (waiting.aborted) return options.stuckMs;
    }
  }
}

/** @param start starts one host; called again for each restart */
export function superviseHost<P extends HostProcess>(start: () => P | Promise<P>, options: SupervisionOptions): Supervisor<P> {
  const stopping = new AbortController();
  const endListeners: ((end: HostEnd) => void)[] = [];
  const readyListeners: ((host: RunningHost<P>) => void)[] = [];
  let current = Promise.withResolvers<RunningHost<P>>();
  let process: P | null = null;
  // Nobody may be waiting when it is rejected at the end.
  current.promise.catch(() => undefined);

  /** One life of a host, from its start to its end. */
  const live = async (): Promise<HostEnd> => {
    const started = await start();
    process = started;
    const over = new AbortController();
    const pages = new Set<Pipe>();
    const shell = connect(shellContract, started.open('shell'));

    const answer = shell.call('host.ping', {}, AbortSignal.any([AbortSignal.timeout(options.startMs), over.signal])).then(
      () => 'ready' as const,
      () => 'silent' as const,
    );
    const watch = async (): Promise<HostEnd> => {
      const startedAt = performance.now();
      if ((await answer) === 'silent') {
        // Either it never answered, or its pipe broke because it is ending; the end itself then wins the race below.
        await sleep(Math.max(0, options.startMs - (performance.now() - startedAt)), undefined, { signal: over.signal });
        return { kind: 'stuck', afterMs: options.startMs };
      }
      const host: RunningHost<P> = {
        process: started,
        shell,
        openPage() {
          const page = started.open('page');
          pages.add(page);
          page.onClose(() => pages.delete(page));
          return page;
        },
      };
      current.resolve(host);
      for (const listener of readyListeners) listener(host);
      return { kind: 'stuck', afterMs: await silence(shell, options, over.signal) };
    };

    const stuck = watch();
    stuck.catch(() => undefined); // aborted below once the host has ended by itself
    const end = await Promise.race([started.ended, stuck]);
    over.abort();
    if (end.kind === 'stuck') started.kill();
    for (const page of [...pages]) page.close(hostEndError(end));
    shell.close(hostEndError(end));
    process = null;
    return end;
  };

  const keepRunning = async (): Promise<void> => {
    let backOffMs = options.backOffMs;
    for (;;) {
      const startedAt = performance.now();
      const end = await live().catch((error: unknown): HostEnd => ({ kind: 'crash', reason: error instanceof Error ? error.message : String(error) }));
      if (stopping.signal.aborted) break;
      current = Promise.withResolvers<RunningHost<P>>();
      current.promise.catch(() => undefined);
      for (const listener of endListeners) listener(end);
      if (performance.now() - startedAt > healthyMs) backOffMs = options.backOffMs;
      if (!(await sleep(backOffMs, true, { signal: stopping.signal }).catch(() => false))) break;
      backOffMs = Math.min(2 * backOffMs, longestBackOffMs);
    }
    current.reject(new Error('the engine was stopped'));
  };
  const done = keepRunning();

  return {
    running: () => current.promise,
    onEnd: (listener) => { endListeners.push(listener); },
    onReady: (listener) => { readyListeners.push(listener); },
    async stop() {
      stopping.abort();
      const last: P | null = process;
      if (last !== null) {
        last.stop();
        const timer = setTimeout(() => { last.kill(); }, options.stopMs);
        await last.ended;
        clearTimeout(timer);
      }
      await done;
    },
  };
}
