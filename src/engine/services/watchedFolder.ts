/**
 * A folder from which new studies are imported by themselves: what a scanner, a PACS export or a colleague puts there. The
 * operating system's notices make it quick, looking again makes it sure, since network drives often give no notice.
 *
 * A file counts once neither its size nor its time has changed between two looks some seconds apart, and only together with
 * all others below the same folder of the first level, so that a study that is still being copied is not read by halves. What was
 * dealt with is noted with its size and time: the same file is not read again, after a restart either, and a changed one is.
 * Nothing in the folder is ever written, moved or removed.
 */
import { watch, type FSWatcher } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, isAbsolute, join, relative, sep } from 'node:path';
import type { Handlers, ImportEvent, WatchedFolderState } from '../../shared/contract.ts';
import { EngineError, isCancelled, toErrorData } from '../../shared/errors.ts';
import type { ErrorData } from '../../shared/errors.ts';
import { isDirectoryName } from '../dicom/dicomDirectory.ts';
import type { Clock, Log } from '../ports.ts';
import { recordAudit } from '../store/audit.ts';
import type { Store } from '../store/openStore.ts';
import { readSetting, writeSetting } from '../store/settings.ts';
import { forgetAllWatched, forgetWatched, noteWatched, watchedFiles, type WatchedFile } from '../store/watched.ts';
import type { Session } from './session.ts';
import { Watchers } from './watchers.ts';

export interface WatchPauses {
  /** A file that has not changed for so long is taken to be whole. */
  readonly quietMs: number;
  /** The folder is looked at so often even if no notice comes. */
  readonly againMs: number;
}

export const usualPauses: WatchPauses = { quietMs: 10_000, againMs: 60_000 };

/** A file in a folder where others keep changing waits so many quiet times at most. */
const mostQuiets = 30;
/** What cannot be read although it is there is tried again after so many looks. */
const patienceLooks = 5;

export interface WatchedFolderParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly session: Session;
  readonly dataDir: string;
  readonly importPaths: (paths: readonly string[], signal: AbortSignal) => AsyncGenerator<ImportEvent, void, undefined>;
  readonly pauses: WatchPauses;
}

interface Seen extends WatchedFile {
  /** When it was first seen as it is, in milliseconds of a clock that does not go back. */
  readonly since: number;
}

/** Names under which programs keep what they have not finished. */
const isPassing = (name: string): boolean => name.startsWith('.') || name.endsWith('~') || /\.(part|partial|filepart|tmp|temp|crdownload|download)$/i.test(name);

/** Codes of faults that lie in a file itself; with others the same file may be readable later. */
const isOfTheFile = ({ code }: ErrorData): boolean => /^(dicom|nifti|archive|volume)\//.test(code) || code === 'import/outside-folder';

export class WatchedFolder {
  readonly #parts: WatchedFolderParts;
  readonly #pauses: WatchPauses;
  readonly #closing = new AbortController();
  readonly #watchers = new Watchers();
  /** Files that are not dealt with yet, by path. */
  #seen = new Map<string, Seen>();
  #noted = new Map<string, WatchedFile>();
  #folder: string | null;
  #state: Omit<WatchedFolderState, 'folder'> = { state: 'off', failure: null, waiting: 0, added: 0, failed: 0 };
  #watcher: FSWatcher | null = null;
  /** Ends the import under way when another folder is chosen. */
  #stop = new AbortController();
  /** Ends a pause: at once, or after a moment in which more may be noticed. */
  #wake: (now: boolean) => void = () => undefined;
  #loop: Promise<void> = Promise.resolve();

  constructor(parts: WatchedFolderParts) {
    this.#parts = parts;
    this.#pauses = parts.pauses;
    this.#folder = readSetting(parts.store.db, 'import.watched') || null;
  }

  start(): void {
    this.#noted = new Map(watchedFiles(this.#parts.store.db).map((file) => [file.path, file]));
    this.#loop = this.#work();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#stop.abort();
    this.#wake(true);
    this.#watchers.tell();
    await this.#loop;
    this.#watcher?.close();
  }

  get state(): WatchedFolderState {
    return { folder: this.#folder, ...this.#state };
  }

  handlers(): Pick<Handlers, 'watched.watch' | 'watched.set'> {
    return {
      'watched.watch': (_, { signal }) => this.#watchers.follow(() => this.state, signal, () => this.#isClosing()),
      'watched.set': async ({ folder }) => {
        await this.set(folder);
        return {};
      },
    };
  }

  /** @throws EngineError `import/unwatchable`, `reader/not-allowed` */
  async set(folder: string | null): Promise<void> {
    const { store: { db }, clock, session } = this.#parts;
    const by = session.requireManager('choose the watched folder');
    const wanted = folder === null ? null : await this.#watchable(folder);
    if (wanted === this.#folder) return;
    db.transaction(() => {
      writeSetting(db, 'import.watched', wanted ?? '');
      forgetAllWatched(db);
      recordAudit(db, clock, 'setting.changed', { watchedFolder: wanted !== null }, by?.id);
    });
    this.#folder = wanted;
    this.#seen = new Map();
    this.#noted = new Map();
    this.#watcher?.close();
    this.#watcher = null;
    this.#stop.abort();
    this.#stop = new AbortController();
    this.#tell({ state: wanted === null ? 'off' : 'watching', failure: null, waiting: 0, added: 0, failed: 0 });
    this.#wake(true);
  }

  /** @returns its real path */
  async #watchable(folder: string): Promise<string> {
    const refused = (why: string, advice: string, cause?: unknown): EngineError => new EngineError('import/unwatchable', why, { subject: 'watched folder', advice }, { cause });
    if (!isAbsolute(folder)) throw refused('The folder must be named by its whole path', 'Begin with the drive or with /');
    let real: string;
    try {
      real = await realpath(folder);
      await readdir(real);
    } catch (error) {
      throw refused('This is no folder that can be read', 'Check the path, and whether this account may read it', error);
    }
    const own = await realpath(this.#parts.dataDir);
    const lies = (inner: string, outer: string): boolean => inner === outer || !(relative(outer, inner).startsWith('..') || isAbsolute(relative(outer, inner)));
    if (lies(real, own) || lies(own, real)) throw refused('The folder holds the data folder, or lies in it', 'Choose a folder of its own for new studies');
    return real;
  }

  #isClosing(): boolean {
    return this.#closing.signal.aborted;
  }

  #tell(changed: Partial<Omit<WatchedFolderState, 'folder'>>): void {
    this.#state = { ...this.#state, ...changed };
    this.#watchers.tell();
  }

  async #work(): Promise<void> {
    while (!this.#isClosing()) {
      const folder = this.#folder;
      if (folder === null) {
        await this.#sleep(null);
        continue;
      }
      const { signal } = this.#stop;
      try {
        await this.#look(folder, signal);
      } catch (error) {
        if (signal.aborted || isCancelled(error)) continue;
        const failure = toErrorData(error, 'watched folder');
        this.#parts.log.warn('watched.held', { code: failure.code });
        this.#watcher?.close();
        this.#watcher = null;
        this.#tell({ state: 'held', failure });
      }
      await this.#sleep(this.#state.state === 'held' || this.#seen.size === 0 ? this.#pauses.againMs : this.#pauses.quietMs);
    }
  }

  /** Looks at everything once, and imports what is whole. @throws EngineError `import/unreachable`, `store/no-space`, `cancelled` */
  async #look(folder: string, signal: AbortSignal): Promise<void> {
    // Before looking, so that nothing that comes meanwhile is missed.
    this.#watcher ??= this.#watchFor(folder);
    const { files, whole } = await this.#list(folder);
    if (signal.aborted) return;
    const now = performance.now();
    const seen = new Map<string, Seen>();
    for (const file of files) {
      if (isSame(this.#noted.get(file.path), file)) continue;
      const before = this.#seen.get(file.path);
      seen.set(file.path, isSame(before, file) ? before! : { ...file, since: now });
    }
    this.#seen = seen;
    // An empty folder may be a drive that is not there: nothing is forgotten then.
    if (whole && files.length > 0) this.#forgetGone(new Set(files.map(({ path }) => path)));
    this.#tell({ state: 'watching', failure: null, waiting: seen.size });
    for (const ready of this.#whole(folder, now)) await this.#import(ready, signal);
  }

  #watchFor(folder: string): FSWatcher | null {
    try {
      const watcher = watch(folder, { recursive: true, persistent: false }, () => { this.#wake(false); });
      watcher.on('error', () => { watcher.close(); if (this.#watcher === watcher) this.#watcher = null; });
      return watcher;
    } catch {
      // Not every file system gives notice.
      return null;
    }
  }

  /** All regular files; `whole` when every folder could be read. Links are not followed. */
  async #list(folder: string): Promise<{ files: WatchedFile[]; whole: boolean }> {
    const files: WatchedFile[] = [];
    let whole = true;
    const open = [folder];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      const entries = await readdir(at, { withFileTypes: true }).catch((error: unknown) => {
        if (at === folder) throw new EngineError('import/unreachable', 'The watched folder cannot be reached', { subject: 'watched folder', advice: 'Check the drive or network; it is tried again by itself' }, { cause: error });
        whole = false;
        return [];
      });
      for (const entry of entries) {
        if (isPassing(entry.name)) continue;
        const path = join(at, entry.name);
        if (entry.isDirectory()) open.push(path);
        else if (entry.isFile()) {
          const found = await stat(path).catch(() => null);
          if (found === null) whole = false;
          else files.push({ path, size: found.size, modifiedMs: found.mtimeMs });
        }
      }
      if (this.#isClosing()) break;
    }
    return { files, whole };
  }

  #forgetGone(there: ReadonlySet<string>): void {
    const gone = [...this.#noted.keys()].filter((path) => !there.has(path));
    if (gone.length === 0) return;
    forgetWatched(this.#parts.store.db, gone);
    for (const path of gone) this.#noted.delete(path);
  }

  /** Files that are whole, those below one folder of the first level together. */
  #whole(folder: string, now: number): Seen[][] {
    const groups = new Map<string, Seen[]>();
    for (const file of this.#seen.values()) {
      const inner = relative(folder, file.path);
      const group = inner.includes(sep) ? inner.slice(0, inner.indexOf(sep)) : '';
      const members = groups.get(group);
      if (members) members.push(file);
      else groups.set(group, [file]);
    }
    const quiet = (file: Seen, times: number): boolean => now - file.since >= this.#pauses.quietMs * times;
    return [...groups.values()].map((members) => (members.every((file) => quiet(file, 1)) ? members : members.filter((file) => quiet(file, mostQuiets)))).filter((members) => members.length > 0);
  }

  async #import(files: readonly Seen[], signal: AbortSignal): Promise<void> {
    this.#tell({ state: 'importing' });
    const later = new Set<string>();
    // What a DICOMDIR lists comes up by itself.
    const paths = files.map(({ path }) => path).filter((path) => !isDirectoryName(basename(path)));
    try {
      for await (const event of paths.length === 0 ? [] : this.#parts.importPaths(paths, signal)) {
        if (event.kind === 'done') this.#tell({ added: this.#state.added + event.added });
        if (event.kind !== 'problem') continue;
        if (isOfTheFile(event.error)) this.#tell({ failed: this.#state.failed + 1 });
        else later.add(event.file.split('/')[0]!);
      }
    } catch (error) {
      // Nothing but other files: they are noted like the rest.
      if (!(error instanceof EngineError) || error.code !== 'import/nothing-readable') throw error;
    }
    if (signal.aborted) return;
    const done: WatchedFile[] = [];
    for (const file of files) {
      const found = await stat(file.path).catch(() => null);
      // Changed or gone while it was read: it comes up again.
      if (found === null || !isSame(file, { path: file.path, size: found.size, modifiedMs: found.mtimeMs })) continue;
      if (later.has(basename(file.path))) this.#seen.set(file.path, { ...file, since: performance.now() + patienceLooks * this.#pauses.againMs });
      else done.push(file);
    }
    signal.throwIfAborted();
    noteWatched(this.#parts.store.db, done);
    for (const { path, size, modifiedMs } of done) {
      this.#noted.set(path, { path, size, modifiedMs });
      this.#seen.delete(path);
    }
    this.#tell({ state: 'watching', waiting: this.#seen.size });
  }

  /** Until the time has passed, or something is noticed; many notices at once are one. */
  async #sleep(ms: number | null): Promise<void> {
    await new Promise<void>((resolve) => {
      let timer = ms === null ? null : setTimeout(resolve, ms);
      let noticed = false;
      this.#wake = (now) => {
        if (noticed && !now) return;
        noticed = true;
        if (timer !== null) clearTimeout(timer);
        if (now) resolve();
        else timer = setTimeout(resolve, Math.min(ms ?? 0, this.#pauses.quietMs / 4));
      };
      if (this.#isClosing()) this.#wake(true);
    });
  }
}

const isSame = (before: WatchedFile | undefined, now: WatchedFile): boolean => before !== undefined && before.size === now.size && before.modifiedMs === now.modifiedMs;
