/**
 * Reads one report sentence by rules: which findings it affirms, which it denies, where, how large and how many. What fits no
 * rule is told as such and never guessed at. The rules are those of brat_train.evaluate.read_findings, which is held to
 * phantoms' truth, read clause by clause so that a denial reaches no further than it was meant.
 */
import { clausesOf, type Denial } from './clauses.ts';
import { lengthMm, lesionCount, plainUnits, takeShiftLength } from './measures.ts';
import { placesIn, sidesIn, type Place, type Side } from './places.ts';
import * as words from './vocabulary.ts';
import type { LesionKind, Topic } from './vocabulary.ts';

/** A lesion as a sentence tells it. */
export interface LesionMention {
  /** The first place named; what comes after it is mostly what the lesion reaches or presses on. */
  readonly place: Place | null;
  /** The place's side, or the only one the clause names. */
  readonly side: Side | null;
  readonly sizeMm: number | null;
  readonly kind: LesionKind;
  /** Said to enhance, or of a kind that does. */
  readonly enhancing: boolean;
  /** Named in a list of places of several lesions, of which each may hold more than one. */
  readonly listed: boolean;
  /** Told to be the largest of several. */
  readonly largest: boolean;
}

export interface DeniedTopic {
  readonly topic: Topic;
  /** Where it is denied; empty for everywhere. */
  readonly places: readonly Place[];
  /** The sides on which it is denied; empty for both. */
  readonly sides: ReadonlySet<'left' | 'right'>;
}

export interface SentenceReading {
  readonly lesions: readonly LesionMention[];
  /** Lesions counted at once: 16 for more than fifteen. */
  readonly count: { readonly count: number; readonly vague: boolean } | null;
  /** The side said to have more of them. */
  readonly more: 'left' | 'right' | null;
  readonly surgery: boolean;
  /** The option of Figure 14. */
  readonly craniotomy: string | null;
  readonly shift: { readonly mm: number | null; readonly to: 'left' | 'right' | null } | null;
  readonly hydrocephalus: boolean;
  /** 1 mild, 2 moderate, 3 severe, 0 not told; null where there is none. */
  readonly whiteMatter: number | null;
  readonly compression: readonly string[];
  /** The whole study, or the brain's tissue alone, is said to be normal. */
  readonly normal: 'study' | 'brain' | null;
  readonly denied: readonly DeniedTopic[];
  /** Whether any rule fits. */
  readonly known: boolean;
}

type Notes = { -readonly [key in keyof SentenceReading]: SentenceReading[key] extends readonly (infer T)[] ? T[] : SentenceReading[key] };

export function readSentence(sentence: string): SentenceReading {
  const notes: Notes = { lesions: [], count: null, more: null, surgery: false, craniotomy: null, shift: null, hydrocephalus: false, whiteMatter: null, compression: [], normal: null, denied: [], known: false };
  for (const { affirmed, denials } of clausesOf(plainUnits(sentence))) {
    for (const denial of denials) readDenial(denial, affirmed, notes);
    readAffirmed(affirmed, notes);
  }
  // "Midline shift without downward herniation" affirms the one thing that the question asks for.
  if (notes.shift) notes.denied = notes.denied.filter(({ topic }) => topic !== 'shift');
  return notes;
}

const absentTopics = Object.keys(words.absent) as (keyof typeof words.absent)[];

function readDenial({ things, about, opens }: Denial, affirmed: string, notes: Notes): void {
  const found = new Set<Topic>(absentTopics.filter((topic) => words.absent[topic].test(things)));
  if (/\babnormal\w*\b/.test(things) && placesIn(about).some(({ name }) => name === 'sella')) found.add('sella');
  // "No mass effect or midline shift" speaks of the whole head, "a mass without mass effect" of the mass.
  if (opens && /\bmass effect\b/.test(things)) found.add('shift');
  // "Other lesions" and "a sellar mass" are no denial of lesions as such.
  if (found.has('additionalLesion') || found.has('sella')) found.delete('lesion');
  if (found.has('sella')) found.delete('additionalLesion');
  if (found.has('compression') && !words.compressed.some(([, pattern]) => pattern.test(about))) found.delete('compression');
  const where = opens ? about : `${affirmed} ${about}`;
  // A lesion that lacks something, or a cavity without enhancement, says nothing of other places.
  const local = !opens && (found.has('lesion') || found.has('shift'));
  const places = placesIn(where);
  if (local && places.length === 0) found.delete('lesion');
  for (const topic of found) notes.denied.push({ topic, places, sides: sidesIn(where) });
  if (found.size > 0) notes.known = true;
}

function readAffirmed(clause: string, notes: Notes): void {
  const denied = words.unremarkable.filter(([, pattern]) => pattern.test(clause)).map(([topic]) => topic);
  if (denied.length > 0) {
    for (const topic of new Set(denied)) notes.denied.push({ topic, places: [], sides: new Set() });
    notes.known = true;
    return;
  }
  if (words.normalStudy.test(clause)) notes.normal = 'study';
  else if (words.normalBrain.test(clause)) notes.normal ??= 'brain';
  if (notes.normal) notes.known = true;
  let rest = clause;
  if (words.surgery.test(clause)) {
    notes.surgery = notes.known = true;
    const match = words.craniotomy.exec(clause);
    if (match) notes.craniotomy ??= `${match[1]!} ${['temporal', 'pterional'].includes(match[2]!) ? 'temporal or pterional' : match[2]!} craniotomy`;
    rest = clause.replace(words.opening, ' ');
    if (!words.besideSurgery.test(rest)) return;
  }
  rest = readShift(rest, notes);
  readCompression(rest, notes);
  if (words.hydrocephalus.test(rest)) notes.hydrocephalus = notes.known = true;
  if (words.whiteMatter.test(rest)) {
    notes.whiteMatter = Math.max(notes.whiteMatter ?? 0, words.whiteMatterGrades.find(([, pattern]) => pattern.test(rest))?.[0] ?? 0);
    notes.known = true;
  }
  if (readLesions(rest, clause, notes)) notes.known = true;
}

function readShift(clause: string, notes: Notes): string {
  if (!words.shift.test(clause)) return clause;
  notes.known = true;
  const to = words.shiftTo.exec(clause);
  const { mm, rest } = takeShiftLength(clause);
  notes.shift = { mm: mm ?? (words.lesionWord.test(clause) ? null : lengthMm(clause)), to: ((to?.[1] ?? to?.[2] ?? to?.[3]) as 'left' | 'right' | undefined) ?? null };
  return rest;
}

function readCompression(clause: string, notes: Notes): void {
  if (!words.compressing.test(clause)) return;
  let found = words.compressed.filter(([, pattern]) => pattern.test(clause)).map(([what]) => what);
  // "Mass effect on the brainstem and fourth ventricle" is about the brainstem.
  if (found.includes('brainstem')) found = found.filter((what) => what !== 'ventricles');
  notes.compression.push(...found.filter((what) => !notes.compression.includes(what)));
  if (found.length > 0) notes.known = true;
}

const kindOf = (clause: string): LesionKind => words.kinds.find(([, pattern]) => pattern.test(clause))?.[0] ?? 'solid';

const several = /\b(?:lesions|foci|metastases|nodules|masses|tumou?rs)\b/;

/** @param whole the clause with the words of surgery, whose place is the lesion's where it has no other */
function readLesions(clause: string, whole: string, notes: Notes): boolean {
  if (words.moreOnOneSide.test(clause)) {
    notes.more = (/\b(left|right)\b/.exec(clause)?.[1] as 'left' | 'right' | undefined) ?? notes.more;
    notes.known = true;
    if (placesIn(clause).every(({ location }) => location === null)) return true;
  }
  if (words.edemaOnly.test(clause)) return true;
  const isLargest = words.largest.test(clause);
  if (!words.lesionWord.test(clause) && !isLargest) return false;
  const own = beforePressing(clause);
  const where = sidesIn(own).size > 0 || placesIn(own).length > 0 ? own : beforePressing(whole);
  const places = placesIn(where);
  const sides = sidesIn(where);
  const only: Side | null = sides.size === 1 ? [...sides][0]! : null;
  const count = lesionCount(clause) ?? (several.test(clause) && !isLargest && words.enhancing.test(clause) && places.length > 1 ? { count: places.length, vague: true } : null);
  const kind = kindOf(clause);
  const enhances = words.enhancing.test(clause) || isLargest || kind === 'dural' || kind === 'sellar';
  if (count) {
    notes.count = { count: (notes.count?.count ?? 0) + count.count, vague: count.vague };
    const listed = places.length > 0 ? places : only ? [null] : [];
    notes.lesions.push(...listed.map((place): LesionMention => ({ place, side: place?.side ?? only, sizeMm: null, kind, enhancing: true, listed: true, largest: false })));
    return true;
  }
  if (!enhances && places.length === 0 && only === null) return false;
  const place: Place | null = kind === 'sellar' ? { name: 'sella', side: 'midline', location: 'Sella or parasellar region' } : (places.find(({ location }) => location !== null) ?? places[0] ?? null);
  notes.lesions.push({ place, side: place?.side ?? only, sizeMm: lengthMm(clause), kind, enhancing: enhances, listed: false, largest: isLargest });
  return true;
}

/** What a lesion presses on is not where it is: "the mass compresses the right lateral ventricle". */
function beforePressing(clause: string): string {
  const pressing = words.compressing.exec(clause);
  return pressing && words.lesionWord.test(clause.slice(0, pressing.index)) ? clause.slice(0, pressing.index) : clause;
}
