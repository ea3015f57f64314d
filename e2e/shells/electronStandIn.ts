/**
 * Stands in for the `electron` module, and for nothing else: the built main process, preload and page run as they are.
 * The page opens in a real Chromium, where requests to `https://brat.app` are answered by the main process's own
 * handler for `app://brat`; message ports are carried by a routed web socket, the utility process is a child process.
 * What only Electron itself can show (its sandbox, its dialogs) is not shown here.
 * On standard input: `go` lets the window load, `crash` kills the engine's process.
 */
import { fork } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { MessageChannel } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { decode, encode } from '@msgpack/msgpack';
import { chromium } from '@playwright/test';
import type { Page } from '@playwright/test';
import { build } from 'esbuild';
import { ownBytes } from '../../src/transport/pipe.ts';
import { launchOptions, viewport } from './chromium.ts';

type Listener = (...args: never[]) => unknown;

const outside = 'app://brat';
const inside = 'https://brat.app';

/** Electron's MessagePortMain over a port of Node. */
class PortMain extends EventEmitter {
  readonly port: MessagePort;

  constructor(port: MessagePort) {
    super();
    this.port = port;
    port.on('message', (data: unknown) => { this.emit('message', { data, ports: [] }); });
    port.on('close', () => { this.emit('close'); });
  }

  postMessage(message: unknown): void { this.port.postMessage(message); }
  start(): void { this.port.start(); }
  close(): void { this.port.close(); }
}

export class MessageChannelMain {
  readonly port1: PortMain;
  readonly port2: PortMain;

  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.port1 = new PortMain(port1);
    this.port2 = new PortMain(port2);
  }
}

// ---- app -------------------------------------------------------------------------------------------------------------

const switchValue = (name: string): string => process.argv.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3) ?? '';
const profile = mkdtempSync(join(tmpdir(), 'brat-replaced-'));
let closeBrowser = (): Promise<void> => Promise.resolve();

function exit(code: number): void {
  void closeBrowser().finally(() => {
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    process.exit(code);
  });
}

export const app = Object.assign(new EventEmitter(), {
  isPackaged: true,
  commandLine: { appendSwitch: () => undefined, getSwitchValue: switchValue },
  setName: () => undefined,
  getPath: () => profile,
  enableSandbox: () => undefined,
  requestSingleInstanceLock: () => true,
  whenReady: () => Promise.resolve(),
  exit,
  quit: () => {
    const asked = new Event('before-quit', { cancelable: true });
    app.emit('before-quit', asked);
    if (!asked.defaultPrevented) exit(0);
  },
});
process.on('SIGINT', () => { app.quit(); });

const commands = createInterface(process.stdin);
const go = new Promise<void>((resolve) => {
  commands.on('line', (line) => { if (line === 'go') resolve(); });
});

// ---- session, protocol, menu, dialog ---------------------------------------------------------------------------------

let answerPage: (request: Request) => Promise<Response> = () => Promise.resolve(new Response(null, { status: 404 }));

const pageSession = Object.assign(new EventEmitter(), {
  setPermissionRequestHandler: () => undefined,
  setPermissionCheckHandler: () => undefined,
  setDevicePermissionHandler: () => undefined,
  setSpellCheckerEnabled: () => undefined,
  webRequest: { onBeforeRequest: () => undefined },
  protocol: { handle: (_scheme: string, handler: typeof answerPage) => { answerPage = handler; } },
});
export const session = { fromPartition: () => pageSession };
export const protocol = { registerSchemesAsPrivileged: () => undefined };
export const Menu = { setApplicationMenu: () => undefined, buildFromTemplate: () => ({}) };
/** The dialog is answered with what the test named when it started the shell. */
export const dialog = { showOpenDialog: () => Promise.resolve({ canceled: switchValue('pick') === '', filePaths: [switchValue('pick')] }) };

// ---- ipc and the window ----------------------------------------------------------------------------------------------

const ipcHandlers = new Map<string, (event: unknown, ...args: unknown[]) => unknown>();
export const ipcMain = {
  on: (channel: string, handler: Listener) => { ipcHandlers.set(channel, handler as never); },
  handle: (channel: string, handler: Listener) => { ipcHandlers.set(channel, handler as never); },
};

class Contents extends EventEmitter {
  page: Page | null = null;
  readonly ports = new Map<number, PortMain>();
  readonly mainFrame: { readonly url: string };
  #lastPort = 0;

  constructor() {
    super();
    // An arrow keeps `this`; the frame must be one object, since senders are told apart by identity.
    const url = (): string => (this.page?.url() ?? '').replace(inside, outside);
    this.mainFrame = { get url() { return url(); } };
  }

  setWindowOpenHandler(): void { return; }
  reload(): void { void this.page?.reload(); }

  send(channel: string, ...args: unknown[]): void {
    void this.page?.evaluate(([name, values]) => { (window as unknown as { bratReceive: (name: string, values: unknown[]) => void }).bratReceive(name, values); }, [channel, args] as const);
  }

  postMessage(channel: string, message: unknown, [port]: readonly PortMain[]): void {
    const id = ++this.#lastPort;
    if (port !== undefined) this.ports.set(id, port);
    void this.page?.evaluate(([name, value, portId]) => { (window as unknown as { bratReceive: (name: string, values: unknown[], port: number) => void }).bratReceive(name, [value], portId); }, [channel, message, id] as const);
  }
}

async function pageScripts(preload: string): Promise<string> {
  const { outputFiles } = await build({ entryPoints: [join(import.meta.dirname, 'preloadRoom.ts')], bundle: true, format: 'iife', platform: 'browser', write: false });
  return `${outputFiles[0]?.text ?? ''}\n((require) => { ${readFileSync(preload, 'utf8')} })(() => globalThis.bratElectron);`;
}

export class BrowserWindow extends EventEmitter {
  readonly webContents = new Contents();
  readonly #preload: string;

  constructor(options: { readonly webPreferences: { readonly preload: string } }) {
    super();
    this.#preload = options.webPreferences.preload;
    app.emit('web-contents-created', {}, this.webContents);
  }

  show(): void { return; }
  focus(): void { return; }
  isMinimized(): boolean { return false; }
  restore(): void { return; }

  async loadURL(url: string): Promise<void> {
    const context = await chromium.launchPersistentContext(profile, { ...launchOptions, viewport, args: [...launchOptions.args, '--remote-debugging-port=0'] });
    closeBrowser = () => context.close();
    const page = context.pages()[0] ?? (await context.newPage());
    this.webContents.page = page;
    await context.route(`${inside}/**`, async (route) => {
      const response = await answerPage(new Request(route.request().url().replace(inside, outside), { method: route.request().method() }));
      await route.fulfill({ status: response.status, headers: Object.fromEntries(response.headers), body: Buffer.from(await response.arrayBuffer()) });
    });
    await page.routeWebSocket(`${inside.replace('https', 'wss')}/port/*`, (socket) => {
      const port = this.webContents.ports.get(Number(socket.url().split('/').at(-1)));
      if (port === undefined) return;
      port.on('message', ({ data }: { data: unknown }) => { socket.send(Buffer.from(encode(data, { ignoreUndefined: true }))); });
      port.on('close', () => { void socket.close(); });
      socket.onMessage((frame) => { port.postMessage(ownBytes(decode(Buffer.from(frame)))); });
      port.start();
    });
    await page.exposeBinding('bratSend', ({ frame }, channel: string, args: unknown[]) => ipcHandlers.get(channel)?.({ sender: this.webContents, senderFrame: frame === page.mainFrame() ? this.webContents.mainFrame : null }, ...args));
    await page.addInitScript(await pageScripts(this.#preload));
    const port = await devToolsPort();
    process.stdout.write(`${JSON.stringify({ endpoint: `http://127.0.0.1:${port}` })}\n`);
    await go;
    await page.goto(url.replace(outside, inside));
    this.emit('ready-to-show');
  }
}

/** Chromium writes the port it chose into its profile. */
async function devToolsPort(): Promise<number> {
  for (;;) {
    try {
      return Number(readFileSync(join(profile, 'DevToolsActivePort'), 'utf8').split('\n')[0]);
    } catch {
      await sleep(50);
    }
  }
}

// ---- utility process -------------------------------------------------------------------------------------------------

class Utility extends EventEmitter {
  readonly #child;
  readonly #ports = new Map<number, PortMain>();

  constructor(startFile: string, args: readonly string[], name: string) {
    super();
    this.#child = fork(join(import.meta.dirname, 'utilityStandIn.ts'), [startFile, ...args], { serialization: 'advanced', execArgv: [] });
    this.#child.on('message', (raw) => {
      const { port, data } = raw as { port: number; data: unknown };
      if (port === 0) this.emit('message', data);
      else this.#ports.get(port)?.postMessage(ownBytes(data));
    });
    // A channel that breaks while something is being sent: the exit that follows is what counts.
    this.#child.on('error', () => undefined);
    this.#child.once('exit', (code, signal) => {
      for (const port of this.#ports.values()) port.close();
      if (signal !== null) app.emit('child-process-gone', {}, { name, reason: signal === 'SIGTERM' ? 'killed' : 'crashed' });
      this.emit('exit', code ?? 1);
    });
    commands.on('line', (line) => { if (line === 'crash') this.#child.kill('SIGSEGV'); });
  }

  postMessage(data: unknown, ports: readonly PortMain[] = []): void {
    const [port] = ports;
    // As with Electron's own, what is posted to a process that has ended is lost.
    if (!this.#child.connected) return;
    if (port === undefined) {
      this.#child.send({ port: 0, data });
      return;
    }
    const id = this.#ports.size + 1;
    this.#ports.set(id, port);
    this.#child.send({ port: id, opens: true });
    port.on('message', ({ data: message }: { data: unknown }) => { if (this.#child.connected) this.#child.send({ port: id, data: message }); });
    port.start();
  }

  kill(): boolean { return this.#child.kill(); }
}

export const utilityProcess = { fork: (startFile: string, args: readonly string[], { serviceName }: { serviceName: string }) => new Utility(startFile, args, serviceName) };
