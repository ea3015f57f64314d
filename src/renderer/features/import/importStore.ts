/**
 * One import at a time: files are found, copied to the engine in chunks, then read by it. The page never names a path
 * of the machine, only what the files are called within what was dropped.
 */
import { create } from 'zustand';
import type { ImportEvent } from '../../../shared/contract.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { bridge, failureOf } from '../../bridge.ts';
import { texts } from '../../texts.ts';
import { inBackground, tell } from '../notices/noticesStore.ts';
import { useStudies } from '../studies/studiesStore.ts';
import { walkEntries } from './walkDrop.ts';
import type { NamedFile } from './walkDrop.ts';

export interface ImportProblem {
  readonly file: string;
  readonly error: ErrorData;
}

export interface ImportOutcome {
  readonly studies: readonly string[];
  readonly added: number;
  readonly duplicates: number;
  readonly skipped: number;
  readonly failed: number;
}

interface ImportState {
  readonly phase: 'idle' | 'collecting' | 'sending' | 'reading' | 'done' | 'failed';
  readonly files: number;
  readonly sent: number;
  /** Share of the bytes copied, 0..1. */
  readonly share: number;
  readonly seen: number;
  readonly current: string;
  readonly problems: readonly ImportProblem[];
  readonly outcome: ImportOutcome | null;
  readonly failure: ErrorData | null;
  readonly run: (find: (signal: AbortSignal, onCount: (count: number) => void) => Promise<readonly NamedFile[]>) => Promise<void>;
  readonly cancel: () => void;
  readonly dismiss: () => void;
}

/** Small enough for one message, large enough that a study of 200 slices needs few. */
const chunkBytes = 4 * 1024 * 1024;
/** Files under way at once: small files would otherwise wait for one round trip each. */
const lanes = 4;

const idle = { phase: 'idle', files: 0, sent: 0, share: 0, seen: 0, current: '', problems: [], outcome: null, failure: null } as const;

let running: AbortController | null = null;

/** Copies one file to the engine, piece by piece. */
export async function sendFile(upload: string, { name, file }: NamedFile, signal: AbortSignal, onBytes: (bytes: number) => void): Promise<void> {
  for (let offset = 0; offset === 0 || offset < file.size; offset += chunkBytes) {
    signal.throwIfAborted();
    const bytes = new Uint8Array(await file.slice(offset, offset + chunkBytes).arrayBuffer());
    await bridge().call('import.file', { upload, name, offset, bytes });
    onBytes(bytes.byteLength);
  }
}

async function sendAll(upload: string, files: readonly NamedFile[], signal: AbortSignal): Promise<void> {
  const total = files.reduce((sum, { file }) => sum + file.size, 0);
  let bytesSent = 0;
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let file = files[next++]; file !== undefined; file = files[next++]) {
      await sendFile(upload, file, signal, (bytes) => { bytesSent += bytes; });
      useImport.setState(({ sent }) => ({ sent: sent + 1, share: total === 0 ? 1 : bytesSent / total }));
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

function noteEvent(event: ImportEvent): void {
  switch (event.kind) {
    case 'progress':
      useImport.setState({ phase: 'reading', seen: event.seen, current: event.current });
      break;
    case 'problem':
      useImport.setState(({ problems }) => ({ problems: [...problems, { file: event.file, error: event.error }] }));
      break;
    case 'done':
      useImport.setState({ phase: 'done', outcome: event });
      break;
  }
}

/** Shows what came: the study itself when there is one, or when nothing else is open. */
async function showImported(): Promise<void> {
  const { outcome } = useImport.getState();
  const { refresh, open, openStudy } = useStudies.getState();
  await refresh(null);
  const [study] = outcome?.studies ?? [];
  if (study !== undefined && (outcome?.studies.length === 1 || openStudy === null)) await open(study);
}

export const useImport = create<ImportState>()((set) => ({
  ...idle,
  async run(find) {
    if (running !== null) return;
    const own = new AbortController();
    running = own;
    let upload: string | null = null;
    set({ ...idle, phase: 'collecting' });
    try {
      const files = await find(own.signal, (count) => { set({ files: count }); });
      if (files.length === 0) {
        set(idle);
        tell(texts.import.nothing);
        return;
      }
      set({ phase: 'sending', files: files.length });
      ({ upload } = await bridge().call('import.begin', {}));
      await sendAll(upload, files, own.signal);
      set({ phase: 'reading' });
      for await (const event of bridge().stream('import.finish', { upload }, own.signal)) noteEvent(event);
      upload = null;
      await showImported();
    } catch (error) {
      own.abort(); // the other lanes have nothing left to send for
      const failure = failureOf(error, texts.import.failed);
      set(failure === null ? idle : { phase: 'failed', failure });
      if (failure === null) tell(texts.import.cancelled);
      if (upload !== null) bridge().call('import.discard', { upload }).catch(() => undefined); // gone with the engine's restart, if that was the cause
    } finally {
      running = null;
    }
  },
  cancel() { running?.abort(); },
  dismiss() { set(idle); },
}));

export function importEntries(entries: readonly FileSystemEntry[]): void {
  inBackground(useImport.getState().run((signal, onCount) => walkEntries(entries, signal, onCount)), texts.import.failed);
}

export function importFiles(files: readonly NamedFile[]): void {
  inBackground(useImport.getState().run(() => Promise.resolve(files)), texts.import.failed);
}

/** Imports through the shell's own dialog. It cannot be stopped from here, so the window only watches. */
export async function importWithDialog(kind: 'files' | 'folder'): Promise<void> {
  if (running !== null) return;
  useImport.setState(idle);
  try {
    await bridge().importWithDialog?.(kind, noteEvent);
    await showImported();
  } catch (error) {
    const failure = failureOf(error, texts.import.failed);
    useImport.setState(failure === null ? idle : { phase: 'failed', failure });
  }
}
