/**
 * A host is native + engine + transport: it starts the engine and serves it on the pipes a shell opens, the page's
 * contract on pages' pipes and the shell's on its own. An engine that cannot start (a database of a newer version,
 * say) is served too: every call then ends with the reason, so the window opens and shows it.
 */
import { createEngine } from '../engine/create.ts';
import type { Log } from '../engine/ports.ts';
import { usualPauses } from '../engine/services/watchedFolder.ts';
import { natives } from '../native/natives.ts';
import { contract, shellContract } from '../shared/contract.ts';
import type { Handlers, ShellHandlers } from '../shared/contract.ts';
import { toErrorData } from '../shared/errors.ts';
import { acceptChannels } from '../transport/channels.ts';
import type { Pipe } from '../transport/pipe.ts';
import { refusingHandlers, serve } from '../transport/serve.ts';
import type { BridgeFault } from '../transport/serve.ts';
import type { HostConfig } from './config.ts';
import { createFileLog } from './log.ts';

/** Labels of the channels a shell opens on its pipe to the host. */
export const pageChannel = 'page';
export const shellChannel = 'shell';

export interface ServedEngine {
  /** Serves one page. */
  servePage(pipe: Pipe): void;
  /** Serves the shell's own pipe: channels for pages and for itself. */
  serveShell(pipe: Pipe): void;
  close(): Promise<void>;
}

interface Started {
  readonly handlers: Handlers;
  readonly shellHandlers: ShellHandlers;
  readonly close: () => Promise<void> | void;
}

async function start(config: HostConfig, log: Log): Promise<Started> {
  try {
    return await createEngine({ ...config, watching: usualPauses, natives, clock: { now: () => new Date() }, log });
  } catch (error) {
    const data = toErrorData(error, 'engine');
    log.error('engine.start-failed', { code: data.code, message: data.message });
    return { handlers: refusingHandlers(contract, data), shellHandlers: { ...refusingHandlers(shellContract, data), 'host.ping': () => ({ pid: process.pid }) }, close: () => undefined };
  }
}

/** Starts the engine; never throws for a reason the reader can act on. */
export async function serveEngine(config: HostConfig): Promise<ServedEngine> {
  const log = createFileLog(config.dataDir, (line) => process.stderr.write(line));
  const { handlers, shellHandlers, close } = await start(config, log);
  const onFault = ({ event, method, message }: BridgeFault): void => { log.error(event, { method, message }); };
  const servePage = (pipe: Pipe): void => { serve(contract, handlers, pipe, onFault); };
  return {
    servePage,
    serveShell(pipe) {
      acceptChannels(pipe, (label, channel) => {
        if (label === pageChannel) servePage(channel);
        else if (label === shellChannel) serve(shellContract, shellHandlers, channel, onFault);
        else channel.close();
      });
    },
    close: async () => { await close(); },
  };
}
