/**
 * The main process as it starts, with the `electron` module replaced: what the window is allowed, what is denied, and
 * who is listened to. The engine is a stand-in in a real child process.
 */
import type { EventEmitter } from 'node:events';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type * as Locations from '../shell/locations.ts';

type Listener = (...args: unknown[]) => unknown;

const folder = mkdtempSync(join(tmpdir(), 'brat-main-'));
mkdirSync(join(folder, 'renderer'));
writeFileSync(join(folder, 'renderer/index.html'), '<!doctype html><title>page</title>');
writeFileSync(join(folder, 'shell.js'), '');
writeFileSync(join(folder, 'secret.js'), 'not of the page');

/** Everything the main process did to Electron, by the name of what it called. */
interface Recorded {
  readonly switches: unknown[][];
  readonly calls: string[];
  readonly windows: Record<string, unknown>[];
  readonly handlers: Record<string, Listener>;
  readonly session: Record<string, Listener>;
  readonly posted: unknown[][];
  contents: unknown;
  picked: { canceled: boolean; filePaths: string[] };
}

const electron = vi.hoisted((): Recorded => ({ switches: [], calls: [], windows: [], handlers: {}, session: {}, contents: null, posted: [], picked: { canceled: true, filePaths: [] } }));

vi.mock('../shell/locations.ts', async (original) => {
  const real = await original<typeof Locations>();
  return { ...real, rendererFolder: join(folder, 'renderer'), pageScript: () => join(folder, 'shell.js'), childStartFile: new URL('../testing/hostStandIn.ts', import.meta.url) };
});

vi.mock('electron', async () => {
  const { EventEmitter: Emitter } = await import('node:events');
  const { MessageChannel: Channel } = await import('node:worker_threads');
  class Contents extends Emitter {
    mainFrame = { url: 'app://brat/index.html' };
    setWindowOpenHandler(handler: Listener): void { electron.handlers['window-open'] = handler; }
    postMessage(...message: unknown[]): void { electron.posted.push(message); }
    send(): void { return; }
    reload(): void { return; }
  }
  class BrowserWindow extends Emitter {
    webContents = new Contents();
    constructor(options: Record<string, unknown>) {
      super();
      electron.windows.push(options);
      electron.contents = this.webContents;
    }
    loadURL(url: string): Promise<void> { electron.calls.push(`load ${url}`); return Promise.resolve(); }
    show(): void { return; }
  }
  const app = Object.assign(new Emitter(), {
    isPackaged: true,
    commandLine: { appendSwitch: (...args: unknown[]) => electron.switches.push(args), getSwitchValue: (name: string) => ({ host: 'child', 'data-dir': join(folder, 'plain') })[name] ?? '' },
    setName: () => undefined,
    getPath: () => folder,
    enableSandbox: () => electron.calls.push('sandbox'),
    requestSingleInstanceLock: () => { electron.calls.push('lock'); return true; },
    whenReady: () => Promise.resolve(),
    quit: () => { electron.calls.push('quit'); },
    exit: () => { electron.calls.push('exit'); },
  });
  const pageSession = Object.assign(new Emitter(), {
    setPermissionRequestHandler: (handler: Listener) => { electron.session['permission'] = handler; },
    setPermissionCheckHandler: (handler: Listener) => { electron.session['permission-check'] = handler; },
    setDevicePermissionHandler: (handler: Listener) => { electron.session['device'] = handler; },
    setSpellCheckerEnabled: (on: boolean) => electron.calls.push(`spellcheck ${on}`),
    webRequest: { onBeforeRequest: (handler: Listener) => { electron.session['request'] = handler; } },
    protocol: { handle: (scheme: string, handler: Listener) => { electron.session[`protocol ${scheme}`] = handler; } },
  });
  class MessageChannelMain {
    port1;
    port2;
    constructor() {
      const { port1, port2 } = new Channel();
      this.port1 = port1;
      this.port2 = port2;
    }
  }
  const ipcMain = { on: (name: string, handler: Listener) => { electron.handlers[name] = handler; }, handle: (name: string, handler: Listener) => { electron.handlers[name] = handler; } };
  return {
    app, BrowserWindow, ipcMain, MessageChannelMain,
    session: { fromPartition: (name: string, options: object) => { electron.calls.push(`partition ${name} ${JSON.stringify(options)}`); return pageSession; } },
    protocol: { registerSchemesAsPrivileged: (schemes: unknown) => electron.calls.push(`scheme ${JSON.stringify(schemes)}`) },
    Menu: { setApplicationMenu: () => undefined, buildFromTemplate: () => ({}) },
    dialog: { showOpenDialog: () => Promise.resolve(electron.picked) },
    utilityProcess: { fork: () => { throw new Error('the test asked for a child'); } },
  };
});

interface TestContents extends EventEmitter { readonly mainFrame: { url: string } }
const contents = (): TestContents => electron.contents as TestContents;
const fromPage = (): object => ({ sender: contents(), senderFrame: contents().mainFrame });

beforeAll(async () => {
  await import('./main.ts');
  await vi.waitFor(() => { expect(electron.windows).toHaveLength(1); }, { timeout: 30_000 });
});
afterAll(async () => {
  const { app } = await import('electron');
  app.emit('before-quit', { preventDefault: () => undefined });
  await vi.waitFor(() => { expect(electron.calls).toContain('quit'); }, { timeout: 30_000 });
});

describe('the main process', () => {
  test('opens one window without Node, isolated, sandboxed, with web security, without cache on disk', () => {
    expect(electron.windows[0]).toMatchObject({
      webPreferences: {
        contextIsolation: true, sandbox: true, nodeIntegration: false, nodeIntegrationInWorker: false, nodeIntegrationInSubFrames: false,
        webSecurity: true, allowRunningInsecureContent: false, webviewTag: false, navigateOnDragDrop: false, spellcheck: false, devTools: false, disableBlinkFeatures: 'Auxclick',
      },
    });
    expect(electron.calls).toEqual(expect.arrayContaining(['sandbox', 'lock', 'spellcheck false', 'partition brat {"cache":false}', 'load app://brat/index.html']));
    expect(electron.calls.indexOf('sandbox')).toBeLessThan(electron.calls.indexOf('lock'));
    expect(electron.switches).toEqual(expect.arrayContaining([['disable-background-networking'], ['host-resolver-rules', 'MAP * ~NOTFOUND'], ['enable-unsafe-swiftshader']]));
    expect(process.env['ORT_DISABLE_TELEMETRY']).toBe('1');
  });

  test.each(['will-navigate', 'will-frame-navigate', 'will-redirect', 'will-attach-webview'])('denies %s', (name) => {
    let prevented = false;
    contents().emit(name, { preventDefault: () => { prevented = true; } }, 'https://evil.example');
    expect(prevented).toBe(true);
  });

  test('denies new windows, permissions, devices and downloads of anything else', async () => {
    expect(electron.handlers['window-open']?.({ url: 'app://brat/index.html' })).toEqual({ action: 'deny' });
    for (const permission of ['media', 'geolocation', 'notifications', 'openExternal', 'clipboard-read']) {
      const answers: unknown[] = [];
      electron.session['permission']?.(contents(), permission, (granted: unknown) => answers.push(granted));
      expect(answers).toEqual([false]);
    }
    expect(electron.session['permission-check']?.()).toBe(false);
    expect(electron.session['device']?.()).toBe(false);
    const { session } = await import('electron');
    const isPrevented = (url: string): boolean => {
      let prevented = false;
      session.fromPartition('brat').emit('will-download', { preventDefault: () => { prevented = true; } }, { getURL: () => url });
      return prevented;
    };
    // What the page made itself may be kept: Electron asks where.
    expect(['https://evil.example/a.exe', 'blob:https://evil.example/1', 'app://brat/index.html', 'blob:app://brat/1234'].map(isPrevented)).toEqual([true, true, true, false]);
  });

  test.each([
    ['app://brat/assets/a.js', false], ['blob:app://brat/1234', false], ['https://evil.example/', true], ['http://127.0.0.1/', true], ['file:///etc/passwd', true],
    ['app://brat.evil/', true], ['app://other/', true], ['ws://127.0.0.1/', true], ['data:text/html,x', true], ['devtools://devtools/', true],
  ])('a request to %s is cancelled: %s', (url, cancel) => {
    const answers: unknown[] = [];
    electron.session['request']?.({ url }, (answer: unknown) => answers.push(answer));
    expect(answers).toEqual([{ cancel }]);
  });

  test('serves the page with the policy, and no other file however its path is spelt', async () => {
    const ask = (url: string, method = 'GET'): Promise<Response> => Promise.resolve(electron.session['protocol app']?.(new Request(url, { method })) as Promise<Response>);
    const page = await ask('app://brat/index.html');
    expect([page.status, await page.text()]).toEqual([200, '<!doctype html><title>page</title>']);
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self';/);
    for (const url of ['app://brat/../secret.js', 'app://brat/%2e%2e/secret.js', 'app://brat/..%2fsecret.js', 'app://brat//secret.js']) expect((await ask(url)).status).toBe(404);
    expect((await ask('app://elsewhere/index.html')).status).toBe(403);
    expect((await ask('app://brat/index.html', 'POST')).status).toBe(405);
  });

  test('gives a port to its own page, and to no other sender', async () => {
    const strangers = [
      { sender: {}, senderFrame: contents().mainFrame },
      { sender: contents(), senderFrame: { url: 'app://brat/index.html' } },
      { sender: contents(), senderFrame: null },
    ];
    for (const stranger of strangers) electron.handlers['brat:ready']?.(stranger);
    contents().mainFrame.url = 'https://evil.example/';
    electron.handlers['brat:ready']?.(fromPage());
    contents().mainFrame.url = 'app://brat/index.html';
    expect(electron.posted).toEqual([]);
    electron.handlers['brat:ready']?.(fromPage());
    await vi.waitFor(() => { expect(electron.posted.map(([channel]) => channel)).toEqual(['brat:port']); }, { timeout: 60_000 });
    for (const stranger of strangers) await expect(electron.handlers['brat:import']?.(stranger, { number: 1, kind: 'files' })).rejects.toThrow('own page');
  });

  test('opens an import dialog only for what the page may ask, and answers nothing when it is left', async () => {
    expect(await electron.handlers['brat:import']?.(fromPage(), { number: 1, kind: 'files' })).toBeNull();
    for (const raw of [null, 'files', { number: -1, kind: 'files' }, { number: 1, kind: '/etc/passwd' }]) {
      expect(await electron.handlers['brat:import']?.(fromPage(), raw)).toMatchObject({ code: 'bridge/bad-params' });
    }
  });

  test('a failed import comes back as data, not as an exception', async () => {
    electron.picked = { canceled: false, filePaths: ['/somewhere'] };
    expect(await electron.handlers['brat:import']?.(fromPage(), { number: 2, kind: 'folder' })).toMatchObject({ code: 'bridge/refused', subject: 'stand-in' });
  });
});
