/** What a preload finds in place of `electron` in the replaced shell: the two objects it may use, over the test's bindings. */
import { webPortPipe } from '../../src/transport/messagePort.ts';
import { joinPipes } from '../../src/transport/pipe.ts';
import { webSocketPipe } from '../../src/transport/webSocket.ts';

interface Room {
  bratSend(channel: string, args: unknown[]): Promise<unknown>;
  bratReceive?: (channel: string, args: unknown[], port?: number) => void;
  bratElectron?: object;
}
type Listener = (event: { ports: MessagePort[] }, ...args: unknown[]) => void;

const room = globalThis as unknown as Room;
const listeners = new Map<string, Set<Listener>>();

/** A port whose other end is the main process's, over the web socket that the stand-in answers. */
function portOf(number: number): Promise<MessagePort> {
  const { port1, port2 } = new MessageChannel();
  const socket = new WebSocket(`wss://${location.host}/port/${number}`);
  return new Promise((resolve) => {
    socket.addEventListener('open', () => {
      joinPipes(webSocketPipe(socket), webPortPipe(port2));
      resolve(port1);
    });
  });
}

room.bratReceive = (channel, args, number) => {
  void (async () => {
    const ports = number === undefined ? [] : [await portOf(number)];
    for (const listener of listeners.get(channel) ?? []) listener({ ports }, ...args);
  })();
};

room.bratElectron = {
  contextBridge: { exposeInMainWorld: (name: string, api: object) => { Object.defineProperty(globalThis, name, { value: Object.freeze(api) }); } },
  ipcRenderer: {
    on: (channel: string, listener: Listener) => { listeners.set(channel, (listeners.get(channel) ?? new Set()).add(listener)); },
    off: (channel: string, listener: Listener) => { listeners.get(channel)?.delete(listener); },
    send: (channel: string, ...args: unknown[]) => { void room.bratSend(channel, args); },
    invoke: (channel: string, ...args: unknown[]) => room.bratSend(channel, args),
  },
};
