/**
 * The arithmetic of the audit chain, apart from where entries lie: the hash of an entry over the one before it, and the
 * first entry at which a chain is not what was written. Whoever can write the database can also compute hashes anew, so
 * the chain is held against heads kept elsewhere (docs/audit.md says what that finds and what it cannot).
 */
import { createHash } from 'node:crypto';

export interface AuditEntry {
  /** 1, 2, 3 … without a gap. */
  readonly sequence: number;
  /** ISO time of the machine's clock. */
  readonly at: string;
  readonly kind: string;
  /** Id of the reader who did it, or `system`. */
  readonly actor: string;
  /** JSON as it was stored, byte for byte. */
  readonly detail: string;
  readonly hash: string;
}

/** The last entry of a chain as it was known at some time. */
export interface AuditHead {
  readonly sequence: number;
  readonly hash: string;
}

export const emptyHead: AuditHead = { sequence: 0, hash: '0'.repeat(64) };

/** SHA-256 over the hash before it and the entry's canonical form: the JSON list of its fields in this order. */
export function hashOf({ sequence, at, kind, actor, detail }: Omit<AuditEntry, 'hash'>, previousHash: string): string {
  return createHash('sha256').update(`${previousHash}\n${JSON.stringify([sequence, at, kind, actor, detail])}`).digest('hex');
}

export interface ChainVerdict {
  readonly entries: number;
  readonly head: AuditHead;
  /** The first entry that is not as it was written, or is missing; null for a whole chain. */
  readonly broken: { readonly sequence: number; readonly reason: string } | null;
  /** Entries whose clock stood before that of the entry ahead of them: the clock was set back. No fault of the chain. */
  readonly clockSetBackAt: readonly number[];
  /** Entries before which a start found no head kept aside, as after a restore: what may have been cut off before is not known. */
  readonly unwatchedBefore: readonly number[];
}

/** Kind of the entry that is written when a start finds another chain than the one whose head was kept aside. */
export const lostKind = 'audit.lost';
/** Kind of the entry that is written when a start finds a chain and no head kept aside. */
export const headMissingKind = 'audit.head-missing';

/**
 * Goes through a chain once.
 * @param entries by growing sequence
 * @param heads known from elsewhere: the chain must still hold each of them
 */
export function verifyChain(entries: Iterable<AuditEntry>, heads: readonly AuditHead[]): ChainVerdict {
  const clockSetBackAt: number[] = [];
  const unwatchedBefore: number[] = [];
  let lost: number | null = null;
  let head = emptyHead;
  let before = '';
  const stop = (sequence: number, reason: string): ChainVerdict => ({ entries: head.sequence, head, broken: { sequence, reason }, clockSetBackAt, unwatchedBefore });
  for (const entry of entries) {
    const expected = head.sequence + 1;
    if (entry.sequence !== expected) return stop(expected, entry.sequence > expected ? `entry ${expected} is missing; the next one is ${entry.sequence}` : `entry ${entry.sequence} is where entry ${expected} belongs`);
    if (entry.hash !== hashOf(entry, head.hash)) return stop(expected, `entry ${expected} was changed, or does not follow the entry before it`);
    const kept = heads.find(({ sequence }) => sequence === expected);
    if (kept && kept.hash !== entry.hash) return stop(expected, `entry ${expected} is another one than was written: its hash was ${kept.hash.slice(0, 12)}…`);
    if (entry.at < before) clockSetBackAt.push(expected);
    if (entry.kind === headMissingKind) unwatchedBefore.push(expected);
    if (entry.kind === lostKind) lost ??= expected;
    before = entry.at;
    head = { sequence: expected, hash: entry.hash };
  }
  const cut = heads.filter(({ sequence }) => sequence > head.sequence).sort((a, b) => b.sequence - a.sequence)[0];
  if (cut) return stop(head.sequence + 1, `entries ${head.sequence + 1} to ${cut.sequence} were cut off`);
  if (lost !== null) return stop(lost, `entries before entry ${lost} were cut off or rewritten while brat was not running; entry ${lost} says which`);
  return { entries: head.sequence, head, broken: null, clockSetBackAt, unwatchedBefore };
}
