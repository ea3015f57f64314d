/** Gives a child process the parent port that Electron gives a utility process, then runs the real start file. */
import { EventEmitter } from 'node:events';
import { pathToFileURL } from 'node:url';

class Port extends EventEmitter {
  readonly id: number;

  constructor(id: number) {
    super();
    this.id = id;
  }

  postMessage(data: unknown): void { process.send?.({ port: this.id, data }); }
  start(): void { return; }
  close(): void { return; }
}

const ports = new Map([[0, new Port(0)]]);
process.on('message', (raw) => {
  const { port: id, data, opens } = raw as { port: number; data?: unknown; opens?: boolean };
  if (opens === true) {
    const port = new Port(id);
    ports.set(id, port);
    ports.get(0)?.emit('message', { data: undefined, ports: [port] });
  } else ports.get(id)?.emit('message', { data, ports: [] });
});
process.on('disconnect', () => process.exit(0));
Object.assign(process, { parentPort: ports.get(0) });
await import(pathToFileURL(process.argv[2] ?? '').href);
