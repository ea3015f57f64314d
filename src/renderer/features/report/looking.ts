/** Reading before the draft: which slices were shown, and whether the draft may be on the page. Pure. */
import type { ReportContent, ReportPolicy, Session } from '../../../shared/contract.ts';
import type { PlaneName, VolumeAxis } from '../viewer/planes.ts';

/** How much of the series the models read was shown. */
export interface Looked {
  readonly seen: number;
  /** Slices it has; 0 where they cannot be shown. */
  readonly of: number;
}

export const nothingLooked: Looked = { seen: 0, of: 0 };

/** A picture as it is on the screen. */
export interface ShownPicture {
  readonly series: string;
  readonly stack: number;
  /** Whole volume in memory: before, scrolling shows black. */
  readonly ready: boolean;
  readonly axes: Readonly<Record<PlaneName, { readonly axis: VolumeAxis }>>;
  /** Null is the plane the series was acquired in. */
  readonly plane: PlaneName | null;
  /** Voxel that is looked at. */
  readonly location: readonly [number, number, number];
}

/** The acquired slice of a series that a picture shows; null when it shows another series or a plane across the slices. */
export function sliceShown(picture: ShownPicture, wanted: { readonly series: string; readonly stack: number }): number | null {
  const { series, stack, ready, axes, plane, location } = picture;
  if (!ready || series !== wanted.series || stack !== wanted.stack) return null;
  return plane === null || axes[plane].axis === 2 ? location[2] : null;
}

/** With the slices that are shown now; the same set when none is new. */
export function withShown(seen: ReadonlySet<number>, slices: readonly (number | null)[]): ReadonlySet<number> {
  const fresh = slices.filter((slice): slice is number => slice !== null && !seen.has(slice));
  return fresh.length === 0 ? seen : new Set([...seen, ...fresh]);
}

export interface DraftGate {
  /** Null while it is not known who reads. */
  readonly session: Pick<Session, 'hasReaders'> | null;
  readonly policy: Pick<ReportPolicy, 'readFirst'> | null;
  readonly looked: Looked;
  readonly content: Pick<ReportContent, 'firstImpression'> | null;
  /** A draft is in the report already. */
  readonly taken: boolean;
}

/**
 * Whether text of the draft may be on the page. Without readers nobody writes a report, and the draft is shown as it is; while
 * anything is not known it stays closed.
 */
export function isDraftOpen({ session, policy, looked, content, taken }: DraftGate): boolean {
  if (session === null) return false;
  if (!session.hasReaders || taken) return true;
  if (policy === null) return false;
  return !policy.readFirst || (looked.of > 0 && looked.seen >= looked.of) || (content?.firstImpression.trim() ?? '') !== '';
}
