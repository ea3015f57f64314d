/**
 * Who reads at this workstation: one reader at a time, whatever number of windows, until the reader locks it or nobody has
 * moved for a while. It guards what is written under a name and hides the window; the files are guarded by the computer's
 * own account.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { argon2id, argon2Verify } from 'hash-wasm';
import type { Handlers, Reader, ReaderRole, Session as SessionState } from '../../shared/contract.ts';
import { EngineError } from '../../shared/errors.ts';
import type { Clock } from '../ports.ts';
import { recordAudit } from '../store/audit.ts';
import type { Store } from '../store/openStore.ts';
import { findReader, listReaders, putReader } from '../store/readers.ts';
import { readPolicy } from '../store/reportSettings.ts';

/** The first of OWASP's recommended settings for argon2id that fits beside a loaded model: 19 MiB, two passes. */
const hashing = { parallelism: 1, iterations: 2, memorySize: 19_456, hashLength: 32, outputType: 'encoded' } as const;
const longestPauseMs = 8000;

export class Session {
  readonly #store: Store;
  readonly #clock: Clock;
  #reader: Reader | null = null;
  #seenAt = 0;
  /** Wrong passphrases in a row: each makes the next attempt wait longer. */
  #failures = 0;
  #attempts: Promise<unknown> = Promise.resolve();

  constructor({ store, clock }: { readonly store: Store; readonly clock: Clock }) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Locks by itself once the time without a movement is over. */
  get reader(): Reader | null {
    if (this.#reader && this.#clock.now().getTime() - this.#seenAt > readPolicy(this.#store.db).lockAfterMinutes * 60_000) this.#end('idle');
    return this.#reader;
  }

  get state(): SessionState {
    return { reader: this.reader, hasReaders: listReaders(this.#store.db).length > 0 };
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
    const readers = listReaders(this.#store.db);
    if (readers.length === 0) return null;
    return this.requireRole(readers.some(({ role }) => role === 'administrator') ? ['administrator'] : ['radiologist'], what);
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
    const hash = await argon2id({ ...hashing, password: passphrase.normalize('NFKC'), salt: randomBytes(16) });
    // Asked again: someone may have become the first reader meanwhile.
    const by = this.requireManager('add readers');
    if (findReader(db, name)) throw new EngineError('reader/exists', 'There is a reader of this name', { subject: 'reader', advice: 'Choose another name, such as one with initials' });
    const added: Reader = { id: randomUUID(), name, role };
    db.transaction(() => {
      putReader(db, { ...added, passphrase: hash }, this.#clock.now().toISOString());
      recordAudit(db, this.#clock, 'reader.added', { role }, (by ?? added).id);
    });
    if (!by) this.#begin(added);
    return added;
  }

  #begin(reader: Reader): void {
    this.#reader = reader;
    this.#seenAt = this.#clock.now().getTime();
  }

  #end(how: 'idle' | 'key'): void {
    const by = this.#reader!.id;
    this.#reader = null;
    recordAudit(this.#store.db, this.#clock, 'reader.locked', { how }, by);
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

export function sessionHandlers(session: Session, { store }: { readonly store: Store }): Pick<Handlers, 'session.get' | 'session.enter' | 'session.lock' | 'session.touch' | 'readers.list' | 'readers.add'> {
  return {
    'session.get': () => session.state,
    'session.enter': ({ name, passphrase }) => session.enter(name, passphrase),
    'session.lock': () => session.lock(),
    'session.touch': () => {
      session.touch();
      return session.state;
    },
    'readers.list': () => listReaders(store.db),
    'readers.add': async ({ name, role, passphrase }) => {
      await session.add(name, role, passphrase);
      return session.state;
    },
  };
}
