/**
 * Start file of Electron's main process: one window, one supervised engine, and the message ports between them. What
 * a reader relies on is decided in the engine; here are only windows, dialogs and refusals.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MessageChannelMain, app, ipcMain, session } from 'electron';
import type { BrowserWindow } from 'electron';
import { hostKinds } from '../host/config.ts';
import type { HostKind } from '../host/config.ts';
import { startChildHost, startInlineHost } from '../host/process.ts';
import type { HostProcess } from '../host/process.ts';
import { defaultSupervision, superviseHost } from '../host/supervise.ts';
import type { RunningHost } from '../host/supervise.ts';
import { EngineError } from '../shared/errors.ts';
import { importChannel, importEventChannel, portChannel, readyChannel } from '../shared/preloadBridge.ts';
import { childStartFile, hostConfigFor, pageScript, rendererFolder } from '../shell/locations.ts';
import { pageFiles } from '../shell/pageFiles.ts';
import { emitterPortPipe } from '../transport/messagePort.ts';
import { joinPipes } from '../transport/pipe.ts';
import { drawWithoutGraphicsCard, guardContents, guardSession, isFromPage, silenceNetwork } from './guards.ts';
import { importWithDialog } from './importDialog.ts';
import { registerPageScheme, servePage } from './pageProtocol.ts';
import { startUtilityHost } from './utilityHost.ts';
import type { UtilityHost } from './utilityHost.ts';
import { openWindow, setMenu } from './window.ts';

const utilityStartFile = new URL('../host/utility.ts', import.meta.url);
const preloadFile = fileURLToPath(new URL('../preload/preload.cjs', import.meta.url));

type AnyHost = HostProcess & Partial<Pick<UtilityHost, 'attachPage'>>;

/** `--host=child` or BRAT_HOST=child; anything else, or nothing, is the utility process. */
function chosenHostKind(): HostKind {
  const asked = app.commandLine.getSwitchValue('host') || process.env['BRAT_HOST'];
  return hostKinds.find((kind) => kind === asked) ?? 'utility';
}

function chosenDataDir(): string {
  return app.commandLine.getSwitchValue('data-dir') || join(app.getPath('userData'), 'data');
}

function startHost(kind: HostKind): AnyHost | Promise<AnyHost> {
  const config = hostConfigFor(chosenDataDir());
  switch (kind) {
    case 'utility':
      return startUtilityHost(utilityStartFile, config);
    case 'child':
      return startChildHost(childStartFile, config);
    case 'inline':
      return startInlineHost(config);
  }
}

/** Gives the page of `window` a pipe to `host`. */
function connectPage(window: BrowserWindow, host: RunningHost<AnyHost>): void {
  const { port1, port2 } = new MessageChannelMain();
  if (host.process.attachPage !== undefined) host.process.attachPage(port1);
  else joinPipes(emitterPortPipe(port1), host.openPage());
  window.webContents.postMessage(portChannel, null, [port2]);
}

async function start(): Promise<void> {
  await app.whenReady();
  setMenu();
  // A partition without `persist:` keeps everything of the page in memory: no picture of a patient in a disk cache.
  const pageSession = session.fromPartition('brat', { cache: false });
  guardSession(pageSession);
  servePage(pageSession, pageFiles(rendererFolder, pageScript('electron')));

  const kind = chosenHostKind();
  const supervisor = superviseHost(() => startHost(kind), defaultSupervision);
  supervisor.onEnd((end) => { process.stderr.write(`${JSON.stringify({ event: 'host.ended', ...end })}\n`); });

  const window = openWindow(pageSession, preloadFile, !app.isPackaged);
  let host: RunningHost<AnyHost> | null = null;
  let pageListens = false;
  supervisor.onReady((ready) => {
    host = ready;
    if (pageListens) connectPage(window, ready);
  });
  supervisor.onEnd(() => { host = null; });
  ipcMain.on(readyChannel, (event) => {
    if (!isFromPage(event, window.webContents)) return;
    pageListens = true;
    if (host !== null) connectPage(window, host);
  });
  ipcMain.handle(importChannel, async (event, raw: unknown) => {
    if (!isFromPage(event, window.webContents)) throw new EngineError('bridge/refused', 'Only the app\'s own page may import', { subject: 'import', advice: 'Report this as a bug' });
    const { shell } = await supervisor.running();
    return importWithDialog(window, shell, raw, (number, told) => { window.webContents.send(importEventChannel, number, told); });
  });

  app.on('second-instance', () => {
    if (window.isMinimized()) window.restore();
    window.focus();
  });
  let stopped = false;
  app.on('before-quit', (event) => {
    if (stopped) return;
    event.preventDefault();
    stopped = true;
    void supervisor.stop().finally(() => { app.quit(); });
  });
}

process.env['ORT_DISABLE_TELEMETRY'] = '1';
app.setName('brat-desktop');
app.enableSandbox();
silenceNetwork(app);
drawWithoutGraphicsCard(app);
registerPageScheme();
app.on('web-contents-created', (_event, contents) => { guardContents(contents); });
app.on('window-all-closed', () => { app.quit(); });
if (app.requestSingleInstanceLock()) {
  start().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    app.exit(1);
  });
} else app.quit();
