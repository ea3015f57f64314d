/**
 * Start file: the engine in a utility process of Electron. The parent port is the shell's pipe; a message that brings
 * a port opens a page on it, so that voxels go from the engine to the page without passing through the main process.
 */
import { emitterPortPipe } from '../transport/messagePort.ts';
import type { EmitterPort } from '../transport/messagePort.ts';
import { carriedPipe, ownBytes } from '../transport/pipe.ts';
import { configFromArguments } from './config.ts';
import { serveEngine } from './serveEngine.ts';

/** What Electron puts on `process` in a utility process; typed here because only the shells may name electron. */
interface ParentPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { readonly data: unknown; readonly ports: readonly EmitterPort[] }) => void): unknown;
}

const { parentPort } = process as unknown as { parentPort: ParentPort };
const shell = carriedPipe({ send: (message) => { parentPort.postMessage(ownBytes(message)); }, close: () => undefined });
const pages: EmitterPort[] = [];
let openPage = (port: EmitterPort): void => { pages.push(port); };
parentPort.on('message', ({ data, ports: [port] }) => {
  if (port === undefined) shell.deliver(data);
  else openPage(port);
});

const engine = await serveEngine(configFromArguments(process.argv));
engine.serveShell(shell.pipe);
openPage = (port) => { engine.servePage(emitterPortPipe(port)); };
pages.splice(0).forEach(openPage);
