/**
 * Import through the system's own dialog. The page asks for a kind of dialog and hears what the engine tells; the
 * paths go from the dialog to the engine and are never seen by the page.
 */
import { dialog } from 'electron';
import type { BrowserWindow } from 'electron';
import { z } from 'zod';
import type { ImportEvent, ShellContract } from '../shared/contract.ts';
import { EngineError, toErrorData } from '../shared/errors.ts';
import type { ErrorData } from '../shared/errors.ts';
import type { Client } from '../transport/connect.ts';

const request = z.object({ number: z.int().min(0), kind: z.enum(['files', 'folder']) });

/**
 * @param raw what the page sent
 * @param tell passes an event on to the page, with the number the page gave its request
 * @returns null when the import ended well or the dialog was left, else why not
 */
export async function importWithDialog(window: BrowserWindow, shell: Client<ShellContract>, raw: unknown, tell: (number: number, event: ImportEvent) => void): Promise<ErrorData | null> {
  try {
    const asked = request.safeParse(raw);
    if (!asked.success) throw new EngineError('bridge/bad-params', z.prettifyError(asked.error), { subject: 'import', advice: 'Report this as a bug' });
    const { number, kind } = asked.data;
    const { canceled, filePaths } = await dialog.showOpenDialog(window, { properties: [kind === 'folder' ? 'openDirectory' : 'openFile', 'multiSelections'] });
    if (canceled || filePaths.length === 0) return null;
    for await (const event of shell.stream('import.paths', { paths: filePaths })) tell(number, event);
    return null;
  } catch (error) {
    return toErrorData(error, 'import');
  }
}
