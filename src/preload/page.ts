/**
 * Electron's script in the page, served as `/shell.js` and run before the page's own: puts `window.brat` in place over
 * the message port that the preload hands on. It runs in the page's own world because a port cannot pass through the
 * context bridge and voxels should not be copied there; it can reach what the preload exposed and nothing else.
 */
import '../transport/noEval.ts';
import { contract } from '../shared/contract.ts';
import type { BratBridge } from '../shared/contract.ts';
import { fromErrorData } from '../shared/errors.ts';
import { webPortPipe } from '../transport/messagePort.ts';
import { crashedError } from '../transport/pipe.ts';
import { reconnectingClient } from '../transport/reconnect.ts';
import { portMessage } from '../shared/preloadBridge.ts';
import type { PreloadBridge } from '../shared/preloadBridge.ts';

const patienceMs = 60_000;

declare global {
  interface Window {
    readonly bratPreload: PreloadBridge;
  }
}

const client = reconnectingClient(contract, patienceMs);

window.addEventListener('message', (event: MessageEvent<unknown>) => {
  const [port] = event.ports;
  // Only the preload shares this window; a frame or another window could post here too, and is not listened to.
  if (event.source !== window || event.data !== portMessage || port === undefined) return;
  client.attach(webPortPipe(port, crashedError));
});

const bridge: BratBridge = {
  shell: 'electron',
  call: client.call,
  stream: client.stream,
  async importWithDialog(kind, onEvent) {
    const failure = await window.bratPreload.importWithDialog(kind, onEvent ?? (() => undefined));
    if (failure !== null) throw fromErrorData(failure);
  },
};
Object.defineProperty(window, 'brat', { value: bridge, enumerable: true });
window.bratPreload.ready();
