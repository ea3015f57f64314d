/**
 * The preload: runs sandboxed beside the page, hands it the message port to the engine, and exposes one narrow object.
 * It holds no logic; what arrives from the page is checked in the main process.
 */
import { contextBridge, ipcRenderer } from 'electron';
import type { IpcRendererEvent } from 'electron';
import type { ImportEvent } from '../shared/contract.ts';
import type { ErrorData } from '../shared/errors.ts';
import { importChannel, importEventChannel, portChannel, portMessage, readyChannel } from '../shared/preloadBridge.ts';
import type { PreloadBridge } from '../shared/preloadBridge.ts';

ipcRenderer.on(portChannel, (event) => {
  window.postMessage(portMessage, location.origin, event.ports);
});

let imports = 0;
contextBridge.exposeInMainWorld('bratPreload', {
  ready: () => { ipcRenderer.send(readyChannel); },
  async importWithDialog(kind, onEvent) {
    const number = ++imports;
    const pass = (_: IpcRendererEvent, of: number, event: ImportEvent): void => { if (of === number) onEvent(event); };
    ipcRenderer.on(importEventChannel, pass);
    try {
      return (await ipcRenderer.invoke(importChannel, { number, kind })) as ErrorData | null;
    } finally {
      ipcRenderer.off(importEventChannel, pass);
    }
  },
} satisfies PreloadBridge);
