/**
 * Who reads at this workstation: one reader at a time, whatever number of windows, until the reader locks it or nobody has
 * moved for a while. It guards what is written under a name and hides the window; the files are guarded by the computer's
 * own account.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { argon2id, argon2Verify } from 'hash-wasm';
import type { Handlers, ListedReader, Reader, ReaderRole, Session as SessionState } from '../../shared/contract.ts';
import { EngineError } from '../../shared/errors.ts';
import type { Clock } from '../ports.ts';
import { recordAudit } from '../store/audit.ts';
import type { Store } from '../store/openStore.ts';
import { activeReaders, changeReader, findReader, listReaders, nameIsTaken, putPassphrase, putReader, removeReader } from '../store/readers.ts';
import { readPolicy } from '../store/reportSettings.ts';

/** The first of OWASP's recommended settings for argon2id that fits beside a loaded model: 19 MiB, two passes. */
const hashing = { parallelism: 1, iterations: 2, memorySize: 19_456, hashLength: 32, outputType: 'encoded' } as const;
const longestPauseMs = 8000;
/** A watcher looks this long after the moment of the lock, so that the clock has passed it. */
const watchMarginMs = 50;

export class Session {
  readonly #store: Store;
  readonly #clock: Clock;
  #reader: Reader | null = null;
  #seenAt = 0;
  /** Wrong passphrases in a row: each makes the next attempt wait longer. */
  #failures = 0;
  #attempts: Promise<unknown> = Promise.resolve();
  readonly #watchers = new Set<() => void>();
  #closed = false;

  constructor({ store, clock }: { readonly store: Store; readonly clock: Clock }) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Locks by itself once the time without a movement is over. */
  get reader(): Reader | null {
    if (this.#reader && this.#leftMs() < 0) this.#end('idle');
    return this.#reader;
  }

  get state(): SessionState {
    const readers = activeReaders(this.#store.db);
    const { reader } = this;
    return { reader, hasReaders: readers.length > 0, manages: readers.length === 0 || (reader !== null && managersOf(readers).includes(reader.role)) };
  }

  /** Who reads, at once and after each change, until the signal fires. */
  async *watch(signal: AbortSignal): AsyncGenerator<SessionState, void, undefined> {
    let wake: () => void = () => undefined;
    let told = '';
    const noted = (): void => { wake(); };
    this.#watchers.add(noted);
    signal.addEventListener('abort', noted);
    try {
      while (!signal.aborted && !this.#closed) {
        const { state } = this;
        const now = JSON.stringify(state);
        if (now !== told) {
          told = now;
          yield state;
          continue;
        }
        let timer: NodeJS.Timeout | undefined;
        await new Promise<void>((resolve) => {
          wake = resolve;
          // A reader who does not move is locked out although nothing asks.
          if (this.#reader) timer = setTimeout(resolve, Math.max(0, this.#leftMs()) + watchMarginMs);
        });
        clearTimeout(timer);
      }
    } finally {
      this.#watchers.delete(noted);
      signal.removeEventListener('abort', noted);
    }
  }

  /** Something that all windows show has changed. */
  changed(): void {
    for (const noted of this.#watchers) noted();
  }

  close(): void {
    this.#closed = true;
    this.changed();
  }

  /** @throws EngineError `reader/not-signed-in` */
  require(): Reader {
    const { reader } = this;
    if (!reader) throw new EngineError('reader/not-signed-in', 'Nobody is signed in', { subject: 'reader', advice: 'Sign in; what you typed is kept in the window' });
    this.touch();
    return reader;
  }

  /** @throws EngineError `reader/not-signed-in`, `reader/not-allowed` */
  requireRole(roles: readonly ReaderRole[], what: string): Reader {
    const reader = this.require();
    if (!roles.includes(reader.role)) throw new EngineError('reader/not-allowed', `A ${reader.role} may not ${what}`, { subject: 'reader', advice: `Ask a ${roles.join(' or ')}` });
    return reader;
  }

  /** Who may change how everybody reads: an administrator, or a radiologist while there is none; anyone before the first reader. */
  requireManager(what: string): Reader | null {
    const readers = activeReaders(this.#store.db);
    return readers.length === 0 ? null : this.requireRole(managersOf(readers), what);
  }

  /** Who sits here, where anyone may do it but not while the window is locked; null before the first reader. @throws EngineError `reader/not-signed-in` */
  requireAnyone(): Reader | null {
    return activeReaders(this.#store.db).length === 0 ? null : this.require();
  }

  /** @throws EngineError `reader/refused`: never says whether it was the name or the passphrase */
  async enter(name: string, passphrase: string): Promise<SessionState> {
    const reader = await this.#inTurn(() => this.#check(name, passphrase));
    this.#begin(reader);
    recordAudit(this.#store.db, this.#clock, 'reader.unlocked', {}, reader.id);
    return this.state;
  }

  /** Asks the reader who is signed in for the passphrase once more. @throws EngineError `reader/refused` */
  async confirm(reader: Reader, passphrase: string): Promise<void> {
    await this.#inTurn(() => this.#check(reader.name, passphrase));
  }

  lock(): SessionState {
    if (this.#reader) this.#end('key');
    return this.state;
  }

  touch(): void {
    if (this.reader) this.#seenAt = this.#clock.now().getTime();
  }

  /** @throws EngineError `reader/exists`, `reader/not-signed-in`, `reader/not-allowed` */
  async add(name: string, role: ReaderRole, passphrase: string): Promise<Reader> {
    const { db } = this.#store;
    this.requireManager('add readers');
    const hash = await hashOf(passphrase);
    // Asked again: someone may have become the first reader meanwhile.
    const by = this.requireManager('add readers');
    this.#expectFree(name);
    if (!by && role === 'resident') throw new EngineError('reader/not-allowed', 'The first reader manages readers, which a resident may not', { subject: 'reader', advice: 'Begin with a radiologist or an administrator' });
    const added: Reader = { id: randomUUID(), name, role };
    db.transaction(() => {
      putReader(db, { ...added, passphrase: hash }, this.#clock.now().toISOString());
      recordAudit(db, this.#clock, 'reader.added', { role, reader: added.id }, (by ?? added).id);
    });
    if (!by) this.#begin(added);
    else this.changed();
    return added;
  }

  /** @throws EngineError `reader/exists`, `reader/unknown`, `reader/not-allowed`, `reader/not-signed-in` */
  change(id: string, wanted: { readonly name?: string | undefined; readonly role?: ReaderRole | undefined }): void {
    const by = this.#requireManager('change readers');
    const before = this.#listed(id);
    const after: Reader = { id, name: wanted.name ?? before.name, role: wanted.role ?? before.role };
    if (after.role !== before.role && id === by.id) throw new EngineError('reader/not-allowed', 'Nobody changes their own role', { subject: 'reader', advice: 'Ask another reader who may change roles' });
    this.#expectFree(after.name, id);
    const { db } = this.#store;
    db.transaction(() => {
      changeReader(db, after);
      if (after.name !== before.name) recordAudit(db, this.#clock, 'reader.changed', { reader: id, what: 'name' }, by.id);
      if (after.role !== before.role) recordAudit(db, this.#clock, 'reader.changed', { reader: id, what: 'role', role: after.role }, by.id);
    });
    if (this.#reader?.id === id) this.#reader = after;
    this.changed();
  }

  /** @throws EngineError `reader/unknown`, `reader/not-allowed`, `reader/not-signed-in` */
  remove(id: string): void {
    const by = this.#requireManager('remove readers');
    this.#listed(id);
    if (id === by.id) throw new EngineError('reader/not-allowed', 'Nobody removes themselves', { subject: 'reader', advice: 'Ask another reader who may remove readers' });
    const { db } = this.#store;
    db.transaction(() => {
      removeReader(db, id, this.#clock.now().toISOString());
      recordAudit(db, this.#clock, 'reader.changed', { reader: id, what: 'removed' }, by.id);
    });
    this.changed();
  }

  /** @throws EngineError `reader/refused`, `reader/unknown`, `reader/not-allowed`, `reader/not-signed-in` */
  async setPassphrase(id: string, own: string, passphrase: string): Promise<void> {
    const by = this.require();
    if (id !== by.id) this.requireManager('set another reader’s passphrase');
    this.#listed(id);
    await this.confirm(by, own);
    const hash = await hashOf(passphrase);
    const { db } = this.#store;
    db.transaction(() => {
      putPassphrase(db, id, hash);
      recordAudit(db, this.#clock, 'reader.changed', { reader: id, what: 'passphrase' }, by.id);
    });
  }

  /** @throws EngineError `reader/not-signed-in`, `reader/not-allowed` */
  #requireManager(what: string): Reader {
    this.requireManager(what);
    return this.require();
  }

  /** @throws EngineError `reader/unknown` */
  #listed(id: string): Reader {
    const found = activeReaders(this.#store.db).find((reader) => reader.id === id);
    if (!found) throw new EngineError('reader/unknown', 'There is no such reader', { subject: 'reader', advice: 'Open the list of readers again' });
    return found;
  }

  /** @throws EngineError `reader/exists` */
  #expectFree(name: string, except: string | null = null): void {
    if (nameIsTaken(this.#store.db, name, except)) throw new EngineError('reader/exists', 'There is a reader of this name, or was one', { subject: 'reader', advice: 'Choose another name, such as one with initials' });
  }

  /** Milliseconds until a reader who does not move is locked out. */
  #leftMs(): number {
    return readPolicy(this.#store.db).lockAfterMinutes * 60_000 - (this.#clock.now().getTime() - this.#seenAt);
  }

  #begin(reader: Reader): void {
    this.#reader = reader;
    this.#seenAt = this.#clock.now().getTime();
    this.changed();
  }

  #end(how: 'idle' | 'key'): void {
    const by = this.#reader!.id;
    this.#reader = null;
    recordAudit(this.#store.db, this.#clock, 'reader.locked', { how }, by);
    this.changed();
  }

  async #check(name: string, passphrase: string): Promise<Reader> {
    if (this.#failures > 0) await pause(Math.min(longestPauseMs, 125 * 2 ** this.#failures));
    const found = findReader(this.#store.db, name);
    if (found && (await argon2Verify({ password: passphrase.normalize('NFKC'), hash: found.passphrase }))) {
      this.#failures = 0;
      return { id: found.id, name: found.name, role: found.role };
    }
    this.#failures += 1;
    recordAudit(this.#store.db, this.#clock, 'reader.refused', { failures: this.#failures }, found?.id);
    throw new EngineError('reader/refused', 'Name and passphrase do not belong together', { subject: 'reader', advice: 'Try again; after several wrong attempts each one takes longer' });
  }

  /** One attempt after another, so that many at once do not get round the pause. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#attempts.then(work);
    this.#attempts = next.catch(() => undefined);
    return next;
  }
}

/** Roles that manage readers and policies, which some reader always has. */
const managersOf = (readers: readonly Reader[]): readonly ReaderRole[] => [readers.some(({ role }) => role === 'administrator') ? 'administrator' : 'radiologist'];

const hashOf = (passphrase: string): Promise<string> => argon2id({ ...hashing, password: passphrase.normalize('NFKC'), salt: randomBytes(16) });

type SessionMethods = Extract<keyof Handlers, `session.${string}` | `readers.${string}`>;

export function sessionHandlers(session: Session, { store }: { readonly store: Store }): Pick<Handlers, SessionMethods> {
  return {
    'session.get': () => session.state,
    'session.watch': (_, { signal }) => session.watch(signal),
    'session.enter': ({ name, passphrase }) => session.enter(name, passphrase),
    'session.lock': () => session.lock(),
    'session.touch': () => {
      session.touch();
      return session.state;
    },
    'readers.list': (): ListedReader[] => listReaders(store.db),
    'readers.add': async ({ name, role, passphrase }) => {
      await session.add(name, role, passphrase);
      return session.state;
    },
    'readers.change': ({ id, ...wanted }) => {
      session.change(id, wanted);
      return session.state;
    },
    'readers.remove': ({ id }) => {
      session.remove(id);
      return session.state;
    },
    'readers.setPassphrase': async ({ id, own, passphrase }) => {
      await session.setPassphrase(id, own, passphrase);
      return session.state;
    },
  };
}
