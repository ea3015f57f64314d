/**
 * Similar cases as a reader asks for them: by the study's views, by the views that look at a region, or by a text; narrowed by
 * what is known of a case; and why one is similar. Ranking itself is Archive's.
 */
import type { Explanation, FoundCase, Handlers, Pin, SimilarAnswer, SimilarCase, SimilarFilter, SimilarQuery } from '../../shared/contract.ts';
import { EngineError } from '../../shared/errors.ts';
import type { FrameDecoder } from '../dicom/types.ts';
import { splitSentences } from '../draft/sentences.ts';
import { lookedAt } from '../ground/lookedAt.ts';
import { attentionInRegion } from '../ground/region.ts';
import { packKey, packStamp, type Pack } from '../pack/pack.ts';
import { alignPairwise, similarityMatrix } from '../search/alignment.ts';
import type { StoredEncoding } from '../store/analyses.ts';
import { recordAudit } from '../store/audit.ts';
import { findCase, sentencesOfCase, vectorsOfCase, type CaseRow } from '../store/cases.ts';
import { pinsOfStudy, putPin, removePin } from '../store/pins.ts';
import { loadSlice } from '../volume/loadVolume.ts';
import { renderedAt, renderSlicePng } from '../volume/sliceImage.ts';
import type { Analyses } from './analysis.ts';
import type { Archive, Query, RankedSimilarCase } from './archive.ts';
import type { CaseFindings } from './caseFindings.ts';
import { studiesOfSamePatient, type PriorParts } from './priors.ts';
import type { Models } from './models.ts';
import { attentionGeometry, type ChosenChannels } from './reading.ts';

export interface SimilarParts extends PriorParts {
  readonly models: Models;
  readonly archive: Archive;
  readonly analyses: Analyses;
  readonly findings: CaseFindings;
  readonly decoder: FrameDecoder;
}

/** A study as the pack in use read it. */
interface Read {
  readonly pack: Pack;
  readonly channels: ChosenChannels;
  readonly encoding: StoredEncoding;
}

/** Views searched with although none looks at a region. */
const nearestViews = 3;
/** More would dilute what the region is about. */
const mostViews = 8;

async function readWith({ models, analyses, library }: SimilarParts, study: string): Promise<Read> {
  library.study(study);
  const pack = await models.pack();
  const { channels, encoding } = await analyses.stored(study, pack);
  if (!encoding) throw new EngineError('search/not-encoded', 'The study has not been read with the model pack in use', { subject: study, advice: 'Process the study first' });
  return { pack, channels, encoding };
}

/**
 * @throws EngineError `search/not-encoded`, `search/bad-query` for a text without a word or a region without volume,
 *   `pack/no-text-encoder`, `cancelled`
 */
export async function searchSimilar(parts: SimilarParts, study: string | null, query: SimilarQuery, limit: number, filter: SimilarFilter | undefined, signal: AbortSignal): Promise<SimilarAnswer> {
  const asked = await askedOf(parts, study, query);
  const { pack, width } = asked;
  const narrowed = await narrowedBy(parts, study, filter, signal);
  const searched = parts.archive.encodedCount(pack, width);
  if (asked.vectors.length === 0) return { cases: [], searched, pack, region: asked.region };
  const ranked = await parts.archive.ranked({ by: asked.by, vectors: asked.vectors, width, pack, limit, study, filter, also: narrowed.also, signal });
  recordAudit(parts.store.db, parts.clock, 'searched', { by: query.by, found: ranked.length });
  return { cases: describeAll(parts, study, ranked, narrowed.ownStudies), searched, pack, region: asked.region };
}

interface Asked extends Pick<Query, 'by' | 'vectors' | 'width' | 'pack'> {
  readonly region: SimilarAnswer['region'];
}

async function askedOf(parts: SimilarParts, study: string | null, query: SimilarQuery): Promise<Asked> {
  if (query.by === 'text') return askedByText(parts, query.text);
  if (study === null) throw new EngineError('bridge/bad-params', 'There is no study to find cases for', { subject: 'study', advice: 'Open a study first' });
  const { pack, channels, encoding: { encoded } } = await readWith(parts, study);
  const common = { width: encoded.width, pack: packStamp(pack) };
  if (query.by !== 'region') return { ...common, by: query.by === 'image' ? 'views' : 'sentences', vectors: encoded.projected, region: null };
  let looked: ReturnType<typeof attentionInRegion>;
  try {
    looked = attentionInRegion(query.region, encoded, attentionGeometry(channels, pack));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new EngineError('search/bad-query', 'The region has no volume', { subject: 'region', advice: 'Draw a larger region' }, { cause: error });
  }
  const looking = looked.views.filter(({ looks }) => looks).slice(0, mostViews);
  const used = looking.length > 0 ? looking : query.anyway && looked.covered > 0 ? looked.views.slice(0, nearestViews) : [];
  const vectors = new Float32Array(used.length * encoded.width);
  used.forEach(({ view }, at) => { vectors.set(encoded.projected.subarray(view * encoded.width, (view + 1) * encoded.width), at * encoded.width); });
  const note = [
    looked.covered === 0 ? 'The region lies outside of what the model read.' : looked.covered < 0.5 ? 'Most of the region lies outside of what the model read.' : '',
    looked.covered > 0 && looking.length === 0 ? `No view looks at this region: at most ${looked.views[0]!.density.toFixed(1)} times as much as everywhere else.${used.length > 0 ? ' Searched with the nearest views all the same: read the result with doubt.' : ''}` : '',
    pack.manifest.encoder.attentionGrid[0] === 1 ? 'This model keeps no depth: its views are chosen by their place within the slice, whatever the slice.' : '',
  ].filter((part) => part !== '').join(' ');
  return { ...common, by: 'views', vectors, region: { views: [...looked.views], used: used.map(({ view }) => view), note } };
}

async function askedByText({ models }: SimilarParts, text: string): Promise<Asked> {
  const pack = await models.pack();
  const { text: textPart, encoder } = pack.manifest;
  if (!textPart) throw new EngineError('pack/no-text-encoder', `Pack ${packKey(pack)} has no text encoder`, { subject: packKey(pack), advice: 'Choose a pack with a text encoder' });
  const sentences = splitSentences(text).slice(0, textPart.maxSentences);
  if (sentences.length === 0) throw new EngineError('search/bad-query', 'The text has no word to search for', { subject: 'text', advice: 'Describe a finding in a sentence' });
  return { by: 'text', vectors: await (await models.textEncoder())!.encodeSentences(sentences), width: encoder.width, pack: packStamp(pack), region: null };
}

interface Narrowed {
  /** Studies of the reader's own patient, the study itself among them. */
  readonly ownStudies: ReadonlySet<string>;
  readonly also: NonNullable<Query['also']> | undefined;
}

async function narrowedBy(parts: SimilarParts, study: string | null, filter: SimilarFilter | undefined, signal: AbortSignal): Promise<Narrowed> {
  const ownStudies = study === null ? new Set<string>() : studiesOfSamePatient(parts, study);
  const { finding, patient = 'any' } = filter ?? {};
  const withFinding = finding === undefined ? null : await parts.findings.casesWith(finding, signal);
  if (patient === 'any' && withFinding === null) return { ownStudies, also: undefined };
  const also: Narrowed['also'] = (facts) =>
    (patient === 'any' || ownStudies.has(facts.study ?? facts.case) === (patient === 'same')) &&
    (withFinding === null || withFinding.has(facts.case));
  return { ownStudies, also };
}

function describeAll(parts: SimilarParts, study: string | null, ranked: readonly RankedSimilarCase[], ownStudies: ReadonlySet<string>): FoundCase[] {
  const pinned = new Set(study === null ? [] : pinsOfStudy(parts.store.db, study).map((row) => row.case));
  return ranked.map(({ found, pairs }) => describeFound(parts, found, found.by === 'sentences' ? null : (pairs[0]?.column ?? null), ownStudies, pinned));
}

function describeFound({ store, findings }: SimilarParts, found: SimilarCase, bestView: number | null, ownStudies: ReadonlySet<string>, pinned: ReadonlySet<string>): FoundCase {
  const row = findCase(store.db, found.case);
  return {
    ...found,
    study: row?.study ?? null,
    bestView,
    samePatient: ownStudies.has(row?.study ?? found.case),
    findings: findings.of(found.case),
    pinned: pinned.has(found.case),
  };
}

/**
 * Why a case is similar: the pairs of views its similarity is the mean of, and where each looked.
 * @throws EngineError `search/not-encoded`, `store/not-found`
 */
export async function explainCase(parts: SimilarParts, study: string, id: string): Promise<Explanation> {
  const { store, findings } = parts;
  const { pack, channels, encoding: { encoded } } = await readWith(parts, study);
  const item = caseOrRefuse(parts, id);
  const views = vectorsOfCase(store.db, 'views', packKey(pack), id);
  if (!views || views.length % encoded.width !== 0) throw new EngineError('search/not-encoded', 'The case has not been encoded with the model pack in use', { subject: id, advice: 'Run brat index' });
  const { pairs, mean } = alignPairwise(similarityMatrix(encoded.projected, views, encoded.width), encoded.viewCount, views.length / encoded.width);
  const there = await readCase(parts, pack, item, views);
  const caseSentences = sentencesOfCase(store.db, id);
  const sentenceOf = ownSentences(parts, pack, id, views, encoded.width);
  const draft = (await parts.analyses.draft(study))?.sentences ?? [];
  const geometry = attentionGeometry(channels, pack);
  const theirs = new Set(findings.of(id).map(({ question, answer }) => `${question} ${answer}`));
  const ours = await findings.ofStudy(study, draft.map(({ text }) => text));
  return {
    study,
    case: id,
    pack: packStamp(pack),
    similarity: mean,
    pairs: pairs.map(({ row, column, similarity }) => ({
      view: row,
      caseView: column,
      similarity,
      here: lookedAt(encoded, row, geometry, channels.first.geometry),
      there: there.read && lookedAt(there.read.encoding.encoded, column, attentionGeometry(there.read.channels, pack), there.read.channels.first.geometry),
      caseSentence: sentenceOf.get(column) ?? null,
      draftSentence: draft.find(({ view }) => view === row)?.index ?? null,
    })),
    here: { series: channels.series, stack: channels.stack },
    there: there.read && item.study !== null ? { study: item.study, series: there.read.channels.series, stack: there.read.channels.stack } : null,
    missing: there.missing,
    commonFindings: ours.filter(({ question, answer }) => theirs.has(`${question} ${answer}`)),
    sentences: caseSentences,
    draft: draft.map(({ text }) => text),
  };
}

function caseOrRefuse({ store }: SimilarParts, id: string): CaseRow {
  const item = findCase(store.db, id);
  if (!item) throw new EngineError('store/not-found', 'The case is not stored here', { subject: id, advice: 'Search again' });
  return item;
}

/** The case as its own study was read, or why there are no maps of it. */
async function readCase({ analyses, library }: SimilarParts, pack: Pack, item: CaseRow, views: Float32Array): Promise<{ readonly read: Read | null; readonly missing: string }> {
  if (item.study === null || !library.has(item.study)) return { read: null, missing: item.demo ? 'A case of the demonstration: its images are not here, so where its views looked cannot be shown' : 'The images of this case are not stored here, so where its views looked cannot be shown' };
  const stored = await analyses.stored(item.study, pack).catch((error: unknown) => {
    if (error instanceof EngineError && error.code.startsWith('select/')) return null;
    throw error;
  });
  if (!stored?.encoding) return { read: null, missing: 'The study of this case has not been read as it is chosen now, so where its views looked is not known' };
  // Another series may have been read since the case was indexed; its maps would not be those of the views compared.
  if (stored.encoding.encoded.viewCount * stored.encoding.encoded.width !== views.length) return { read: null, missing: 'The study of this case was read anew since it was indexed' };
  return { read: { pack, channels: stored.channels, encoding: stored.encoding }, missing: '' };
}

/** Which sentence of its own report each view of a case stands for. */
function ownSentences({ store }: SimilarParts, pack: Pack, id: string, views: Float32Array, width: number): ReadonlyMap<number, number> {
  const sentences = vectorsOfCase(store.db, 'sentences', packKey(pack), id);
  if (!sentences) return new Map();
  return new Map(alignPairwise(similarityMatrix(views, sentences, width), views.length / width, sentences.length / width).pairs.map(({ row, column }) => [row, column]));
}

function listPins(parts: SimilarParts, study: string): Pin[] {
  const { store } = parts;
  const own = studiesOfSamePatient(parts, study);
  const rows = pinsOfStudy(store.db, study);
  const pinned = new Set(rows.map((row) => row.case));
  return rows.map((row) => {
    const item = findCase(store.db, row.case);
    const found = item && describeFound(parts, {
      case: item.id, similarity: 0, by: 'views', report: item.report, matched: [], sentences: sentencesOfCase(store.db, item.id), patientAge: item.ageYears, sex: item.sex, studyDate: item.studyDate, demo: item.demo,
    }, null, own, pinned);
    return { case: row.case, pinnedAt: row.pinnedAt, found: found ?? null };
  });
}

type SimilarMethods = 'similar.search' | 'similar.findings' | 'case.explain' | 'view.picture' | 'pins.list' | 'pins.set';

export function similarHandlers(parts: SimilarParts): Pick<Handlers, SimilarMethods> {
  const { store, clock, library } = parts;
  return {
    'similar.search': ({ study, query, limit, filter }, { signal }) => searchSimilar(parts, study, query, limit, filter, signal),
    'similar.findings': (_, { signal }) => parts.findings.known(signal),
    'case.explain': ({ study, case: id }) => explainCase(parts, study, id),
    'view.picture': async ({ study, view, size }) => {
      library.study(study);
      const pack = await parts.models.pack();
      const { channels, encoding } = await parts.analyses.stored(study, pack);
      if (!encoding || view >= encoding.encoded.viewCount) return null;
      const { slice, centreLps } = lookedAt(encoding.encoded, view, attentionGeometry(channels, pack), channels.first.geometry);
      if (slice === null) return null;
      const volume = await loadSlice(channels.first, slice, parts.decoder);
      const png = renderSlicePng(volume, { plane: 'native', k: 0, maxSize: size });
      return { png: new Uint8Array(png), slice, sliceCount: channels.first.geometry.dims[2], mark: centreLps && renderedAt(channels.first.geometry, centreLps) };
    },
    'pins.list': ({ study }) => {
      library.study(study);
      return listPins(parts, study);
    },
    'pins.set': ({ study, case: id, pinned }) => {
      library.study(study);
      caseOrRefuse(parts, id);
      if (pinned) putPin(store.db, study, id, clock.now().toISOString());
      else removePin(store.db, study, id);
      return listPins(parts, study);
    },
  };
}
