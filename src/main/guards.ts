/**
 * What the page may not do, whatever runs in it: leave its own address, open windows, embed others, ask for devices or
 * permissions, or load anything that is not part of the app. (Electron's security checklist, points 5, 12 to 15.)
 */
import type { App, IpcMainEvent, IpcMainInvokeEvent, Session, WebContents } from 'electron';

export const pageScheme = 'app';
export const pageOrigin = `${pageScheme}://brat`;
export const pageUrl = `${pageOrigin}/index.html`;

/** True for the app's own files, and for the object URLs that its page makes. */
export const isOwnUrl = (url: string): boolean => url.startsWith(`${pageOrigin}/`) || url.startsWith(`blob:${pageOrigin}/`);

/** Switches for Chromium itself; nothing in it may call home, and no name resolves. Before the app is ready. */
export function silenceNetwork(app: Pick<App, 'commandLine'>): void {
  for (const name of ['disable-background-networking', 'disable-component-update', 'disable-domain-reliability', 'disable-sync', 'no-pings', 'disable-breakpad']) app.commandLine.appendSwitch(name);
  app.commandLine.appendSwitch('host-resolver-rules', 'MAP * ~NOTFOUND');
  app.commandLine.appendSwitch('force-webrtc-ip-handling-policy', 'disable_non_proxied_udp');
}

/**
 * Pictures on a workstation without a graphics card or through a remote desktop, where Chromium would offer no WebGL:
 * drawn by software, slower, the same to the pixel. Safe here, as the page runs nothing but the app's own files.
 */
export function drawWithoutGraphicsCard(app: Pick<App, 'commandLine'>): void {
  app.commandLine.appendSwitch('enable-unsafe-swiftshader');
}

/** Denies a session every permission, device and request but the app's own files; what its page made itself may be kept, where the reader says. */
export function guardSession(session: Session): void {
  session.setPermissionRequestHandler((_contents, _permission, callback) => { callback(false); });
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  session.setSpellCheckerEnabled(false);
  session.webRequest.onBeforeRequest((details, callback) => { callback({ cancel: !isOwnUrl(details.url) }); });
  session.on('will-download', (event, item) => { if (!item.getURL().startsWith(`blob:${pageOrigin}/`)) event.preventDefault(); });
}

/** Keeps a page where it is, alone. */
export function guardContents(contents: WebContents): void {
  const stay = (event: { preventDefault: () => void }): void => { event.preventDefault(); };
  contents.on('will-navigate', stay);
  contents.on('will-frame-navigate', stay);
  contents.on('will-redirect', stay);
  contents.on('will-attach-webview', stay);
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
}

/** True when a message comes from the main frame of our window and that frame shows our page. */
export function isFromPage(event: Pick<IpcMainEvent | IpcMainInvokeEvent, 'sender' | 'senderFrame'>, page: WebContents): boolean {
  const { sender, senderFrame } = event;
  return sender === page && senderFrame !== null && senderFrame === page.mainFrame && isOwnUrl(senderFrame.url);
}
