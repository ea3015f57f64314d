/**
 * Files out of what was dropped or chosen, with their paths relative to it, so that messages can name them. Folders are
 * walked to their end: the browser hands over at most 100 entries at a time.
 */

export interface NamedFile {
  readonly name: string;
  readonly file: File;
}

const entriesOf = (reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> => new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
const fileOf = (entry: FileSystemFileEntry): Promise<File> => new Promise((resolve, reject) => { entry.file(resolve, reject); });

async function* filesUnder(entry: FileSystemEntry, signal: AbortSignal): AsyncGenerator<NamedFile> {
  signal.throwIfAborted();
  if (entry.isFile) {
    yield { name: entry.fullPath.replace(/^\//, ''), file: await fileOf(entry as FileSystemFileEntry) };
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    const batch = await entriesOf(reader);
    if (batch.length === 0) return;
    for (const child of batch) yield* filesUnder(child, signal);
  }
}

/** Must be called while the drop event is handled: the browser empties its items right after. */
export function droppedEntries(transfer: DataTransfer): readonly FileSystemEntry[] {
  return [...transfer.items].flatMap((item) => {
    const entry = item.kind === 'file' ? item.webkitGetAsEntry() : null;
    return entry === null ? [] : [entry];
  });
}

/** @param onCount how many files were found so far */
export async function walkEntries(entries: readonly FileSystemEntry[], signal: AbortSignal, onCount: (count: number) => void): Promise<NamedFile[]> {
  const files: NamedFile[] = [];
  for (const entry of entries) {
    for await (const file of filesUnder(entry, signal)) {
      files.push(file);
      if (files.length % 50 === 0) onCount(files.length);
    }
  }
  return files;
}

/** Files of an input element; `webkitRelativePath` is set when a folder was chosen. */
export function chosenFiles(list: FileList): NamedFile[] {
  return [...list].map((file) => ({ name: file.webkitRelativePath === '' ? file.name : file.webkitRelativePath, file }));
}
