/**
 * The browser shell's script in the page, served as `/shell.js` and run before the page's own: puts `window.brat` in
 * place, over a web socket that is opened again whenever it closes.
 */
import '../transport/noEval.ts';
import { contract } from '../shared/contract.ts';
import type { BratBridge } from '../shared/contract.ts';
import { reconnectingClient } from '../transport/reconnect.ts';
import { webSocketPipe } from '../transport/webSocket.ts';

const patienceMs = 60_000;
const firstPauseMs = 250;
const longestPauseMs = 5_000;

const client = reconnectingClient(contract, patienceMs);

function open(pauseMs: number): void {
  const socket = new WebSocket(`ws://${location.host}/engine`);
  let opened = false;
  socket.addEventListener('open', () => {
    opened = true;
    client.attach(webSocketPipe(socket));
  });
  socket.addEventListener('close', () => {
    setTimeout(open, pauseMs, opened ? firstPauseMs : Math.min(2 * pauseMs, longestPauseMs));
  });
}

open(firstPauseMs);
Object.defineProperty(window, 'brat', { value: { shell: 'browser', call: client.call, stream: client.stream } satisfies BratBridge, enumerable: true });
