/** Starts the engine's host in a utility process of Electron, in the shape of any other host process. */
import { fileURLToPath } from 'node:url';
import { app, utilityProcess } from 'electron';
import type { MessagePortMain } from 'electron';
import type { HostConfig } from '../host/config.ts';
import { hostEndError } from '../host/process.ts';
import type { HostEnd, HostProcess } from '../host/process.ts';
import { openChannels } from '../transport/channels.ts';
import { carriedPipe, ownBytes } from '../transport/pipe.ts';

const serviceName = 'brat engine';

export interface UtilityHost extends HostProcess {
  /** Serves a page on a port directly, without passing through this process. */
  attachPage(port: MessagePortMain): void;
}

/** @param startFile absolute URL of `host/utility.js` */
export function startUtilityHost(startFile: URL, config: HostConfig): UtilityHost {
  const child = utilityProcess.fork(fileURLToPath(startFile), [JSON.stringify(config)], { serviceName, stdio: 'inherit' });
  const { pipe, deliver, ended: pipeEnded } = carriedPipe({
    send: (message) => { child.postMessage(ownBytes(message)); },
    close: () => { child.kill(); },
  });
  child.on('message', (message: unknown) => { deliver(ownBytes(message)); });

  const ended = new Promise<HostEnd>((resolve) => {
    const gone = (_event: unknown, details: { name?: string; reason: string }): void => {
      if (details.name === serviceName && details.reason !== 'clean-exit' && details.reason !== 'killed') resolve({ kind: 'crash', reason: details.reason });
    };
    app.on('child-process-gone', gone);
    child.once('exit', (code) => {
      app.off('child-process-gone', gone);
      resolve({ kind: 'exit', code });
    });
  });
  void ended.then((end) => { pipeEnded(hostEndError(end)); });
  const { open } = openChannels(pipe);
  const kill = (): void => { child.kill(); };
  return { open, ended, stop: kill, kill, attachPage: (port) => { child.postMessage('page', [port]); } };
}
