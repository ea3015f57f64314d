/**
 * How the slices of two volumes go together: by the frame of reference they share, by rigid registration where one patient
 * was scanned twice, by the views that pairwise alignment paired where two patients are compared, or by the ends of the heads.
 * What it rests on is always told with it.
 */
import type { Correspondence, Handlers, VolumeAddress } from '../../shared/contract.ts';
import { EngineError } from '../../shared/errors.ts';
import { placeThere } from '../../shared/correspondence.ts';
import { lps, type Affine } from '../../shared/geometry.ts';
import { centreOfMap } from '../ground/lookedAt.ts';
import { attentionRow } from '../ground/attentionMap.ts';
import type { Clock } from '../ports.ts';
import { headExtent, type HeadExtent } from '../registration/headExtent.ts';
import { coarser } from '../registration/level.ts';
import { registerInThread } from '../registration/registerInThread.ts';
import { registrationVersion, type RegistrationResult } from '../registration/registerVolumes.ts';
import { renderFit } from '../registration/fitPicture.ts';
import { disagreementMm } from '../registration/rigid.ts';
import { mapByExtent, mapByPairs, type PairedPlaces } from '../registration/sliceMap.ts';
import { alignPairwise, similarityMatrix } from '../search/alignment.ts';
import type { Store } from '../store/openStore.ts';
import { findRegistration, putRegistration, type RegisteredVolume } from '../store/priors.ts';
import type { Volume } from '../volume/types.ts';
import type { Activity } from './activity.ts';
import type { Analyses } from './analysis.ts';
import type { Library } from './library.ts';
import type { Models } from './models.ts';
import { attentionGeometry } from './reading.ts';
import { findStack } from './studyImages.ts';
import type { Volumes } from './volumes.ts';

export interface MatchingParts {
  readonly store: Store;
  readonly library: Library;
  readonly volumes: Volumes;
  readonly analyses: Analyses;
  readonly models: Models;
  readonly activity: Activity;
  readonly clock: Clock;
}

const identity: Affine = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
const nothing: Correspondence = { by: 'none', toOther: null, axes: null, quality: null, movedMm: null, turnedDeg: null, note: '', pairs: [] };

export interface MatchOptions {
  readonly kind: 'prior' | 'case';
  /** Whether volumes of different frames of reference may be registered. */
  readonly register: boolean;
}

/** @throws EngineError what loading the volumes throws, `cancelled` */
export async function matchVolumes(parts: MatchingParts, here: VolumeAddress, there: VolumeAddress, { kind, register }: MatchOptions, signal: AbortSignal): Promise<Correspondence> {
  if (kind === 'case') return matchCase(parts, here, there, signal);
  const [own, other] = await Promise.all([here, there].map((address) => frameOf(parts.library, address)));
  const claimed = own !== '' && own === other;
  if (claimed && sameDay(parts.library, here, there)) return byFrame('Both series lie in one frame of reference');
  if (!register) return claimed ? byFrame('Both studies name one frame of reference, though they are of different days: not checked by registration') : { ...nothing, note: 'The studies have different frames of reference and are not registered' };
  const found = await registerPrior(parts, here, there, signal);
  if (!claimed) return describe(found);
  // Some software writes one frame of reference for all: the images themselves decide.
  const off = found.toMoving === null ? null : disagreementMm(found.toMoving, identity, lps(0, 0, 0));
  if (off === null) return byFrame('Both studies name one frame of reference; registration could not check it');
  if (off <= agreeMm) return byFrame('Both studies name one frame of reference, and registration agrees');
  const described = describe(found);
  return { ...described, note: `Both studies name one frame of reference, but the heads do not lie alike. ${described.note}` };
}

/** Registration and a shared frame of reference agree within this, mm at the edge of the brain. */
const agreeMm = 4;

const byFrame = (note: string): Correspondence => ({ ...nothing, by: 'frame', toOther: [...identity], note });

function sameDay(library: Library, here: VolumeAddress, there: VolumeAddress): boolean {
  const [a, b] = [here, there].map(({ series }) => library.studyOfSeries(series)) as [string, string];
  const day = library.study(a).attributes.studyDate;
  return a === b || (day !== '' && day === library.study(b).attributes.studyDate);
}

async function frameOf(library: Library, { series, stack }: VolumeAddress): Promise<string> {
  const geometry = findStack(await library.images(library.studyOfSeries(series)), series, stack).geometry;
  return geometry?.frameOfReferenceUid ?? '';
}

async function registerPrior(parts: MatchingParts, here: VolumeAddress, there: VolumeAddress, signal: AbortSignal): Promise<RegistrationResult> {
  const { store, library, volumes, clock, activity } = parts;
  const [fixed, moving] = await Promise.all([here, there].map((address) => volumes.open(address.series, address.stack, signal))) as [Volume, Volume];
  const keys = [keyOf(library, here, fixed), keyOf(library, there, moving)] as const;
  let result = findRegistration(store.db, keys[0], keys[1], registrationVersion);
  if (!result) {
    const { signal: both, end } = activity.begin(signal);
    try {
      result = await registerInThread(fixed, moving, both);
    } finally {
      end();
    }
    // Either study may have gone meanwhile.
    if (keys.every(({ study }) => library.has(study))) putRegistration(store.db, keys[0], keys[1], registrationVersion, result, clock.now().toISOString());
  }
  return result;
}

const keyOf = (library: Library, { series, stack }: VolumeAddress, { dims }: Volume): RegisteredVolume => ({ study: library.studyOfSeries(series), key: `${series}#${stack} ${dims.join('x')}` });

function describe({ toMoving, quality, movedMm, turnedDeg, refused }: RegistrationResult): Correspondence {
  if (toMoving === null) return { ...nothing, quality, note: `Not registered: ${refused.charAt(0).toLowerCase()}${refused.slice(1)}. The studies scroll on their own` };
  return { ...nothing, by: 'registration', toOther: [...toMoving], quality, movedMm, turnedDeg, note: 'Registered rigidly: the head is taken to be one stiff body, so what grew or was operated on does not match' };
}

async function matchCase(parts: MatchingParts, here: VolumeAddress, there: VolumeAddress, signal: AbortSignal): Promise<Correspondence> {
  const extents = [] as (HeadExtent | null)[];
  for (const { series, stack } of [here, there]) extents.push(headExtent(coarser(await parts.volumes.open(series, stack, signal), extentMm)));
  const [own, other] = extents;
  if (!own || !other) return { ...nothing, note: 'No head can be told from the background in one of the images' };
  const pairs = await pairedPlaces(parts, here, there);
  const { axes, byPairs } = mapByPairs(pairs, own, other);
  const listed = pairs.map((pair) => ({ here: [...pair.here] as [number, number, number], there: [...pair.there] as [number, number, number], similarity: pair.similarity }));
  if (!byPairs.includes(true)) {
    return { ...nothing, by: 'extent', axes: plain(mapByExtent(own, other)), note: `Two patients, matched by the size of their heads alone${pairs.length === 0 ? ', since their views are not both stored' : ', since their views look at too few places'}`, pairs: listed };
  }
  return { ...nothing, by: 'views', axes: plain(axes), note: 'Two patients, matched by where their paired views look: approximate', pairs: listed };
}

/** Fine enough for the ends of a head. */
const extentMm = 4;

const plain = (axes: ReturnType<typeof mapByExtent>): NonNullable<Correspondence['axes']> => axes.map((knots) => knots.map(([a, b]) => [a, b] as [number, number])) as NonNullable<Correspondence['axes']>;

/** Where the views that pairwise alignment paired looked in both studies; none unless both series are the ones that were read. */
async function pairedPlaces({ library, analyses, models }: MatchingParts, here: VolumeAddress, there: VolumeAddress): Promise<PairedPlaces[]> {
  const pack = await models.pack().catch(() => null);
  if (pack === null) return [];
  const read = await Promise.all([here, there].map(async ({ series }) => {
    try {
      const stored = await analyses.stored(library.studyOfSeries(series), pack);
      return stored.encoding && { encoded: stored.encoding.encoded, geometry: attentionGeometry(stored.channels, pack) };
    } catch (error) {
      if (error instanceof EngineError && error.code.startsWith('select/')) return null;
      throw error;
    }
  }));
  const [a, b] = read;
  if (!a || !b) return [];
  const { pairs } = alignPairwise(similarityMatrix(a.encoded.projected, b.encoded.projected, a.encoded.width), a.encoded.viewCount, b.encoded.viewCount);
  return pairs.flatMap(({ row, column, similarity }) => {
    const [p, q] = [centreOfMap(attentionRow(a.encoded, row, a.geometry), a.geometry), centreOfMap(attentionRow(b.encoded, column, b.geometry), b.geometry)];
    return p && q ? [{ here: lps(p[0], p[1], p[2]), there: lps(q[0], q[1], q[2]), similarity }] : [];
  });
}

export function matchingHandlers(parts: MatchingParts): Pick<Handlers, 'volumes.match' | 'volumes.fitPicture'> {
  return {
    'volumes.match': ({ here, there, kind, register }, { signal }) => matchVolumes(parts, here, there, { kind, register }, signal),
    'volumes.fitPicture': async ({ here, there, kind, at }, { signal }) => {
      const match = await matchVolumes(parts, here, there, { kind, register: true }, signal);
      if (match.by === 'none') return null;
      const [own, other] = await Promise.all([here, there].map(({ series, stack }) => parts.volumes.open(series, stack, signal))) as [Volume, Volume];
      return { png: new Uint8Array(renderFit(own, other, (point) => placeThere(match, point)!, lps(at[0], at[1], at[2]))) };
    },
  };
}
