/** The app's one window: a sandboxed page without Node, and the menu that text editing needs. */
import { BrowserWindow, Menu } from 'electron';
import type { MenuItemConstructorOptions, Session } from 'electron';
import { guardContents, pageUrl } from './guards.ts';

/** @param preload absolute path of the built preload */
export function openWindow(session: Session, preload: string, devTools: boolean): BrowserWindow {
  const window = new BrowserWindow({
    width: 1600,
    height: 1000,
    minWidth: 1024,
    minHeight: 700,
    title: 'brat desktop',
    backgroundColor: '#0d1117',
    show: false,
    webPreferences: {
      preload,
      session,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
      disableBlinkFeatures: 'Auxclick',
      devTools,
    },
  });
  guardContents(window.webContents);
  window.once('ready-to-show', () => { window.show(); });
  // A crash of the page's process (a graphics driver, say) costs a reload; what was stored is with the engine.
  window.webContents.on('render-process-gone', (_event, { reason }) => { if (reason !== 'clean-exit') window.webContents.reload(); });
  void window.loadURL(pageUrl);
  return window;
}

export function setMenu(): void {
  const template: MenuItemConstructorOptions[] = [
    ...(process.platform === 'darwin' ? [{ role: 'appMenu' } as const] : [{ label: 'File', submenu: [{ role: 'quit' } as const] }]),
    { role: 'editMenu' },
    { label: 'View', submenu: [{ role: 'resetZoom' }, { role: 'zoomIn' }, { role: 'zoomOut' }, { type: 'separator' }, { role: 'togglefullscreen' }] },
  ];
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}
