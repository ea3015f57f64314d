/** Files that the engine made, for the reader to keep. The page names no path: Electron asks where, a browser uses its own way. */
import type { MadeFile } from '../../shared/contract.ts';

/** How long the shell may take to fetch the bytes, ms. */
const keptMs = 60_000;

export function saveFile({ name, mediaType, bytes }: MadeFile): void {
  const url = URL.createObjectURL(new Blob([bytes], { type: mediaType }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  window.setTimeout(() => { URL.revokeObjectURL(url); }, keptMs);
}
