/**
 * Editing of a report's sentences: decide, write, split, join, put in, take out. Pure: lists go in, lists come out, and what
 * did not change is the same object. Machine text is never lost: it is accepted, edited with its original kept, or rejected.
 */
import type { ReportContent, ReportSection, ReportSentence } from '../../../shared/contract.ts';
import { inSectionOrder, isMachine } from '../../../shared/reportContent.ts';

/** What a sentence is made of when it is put in; the rest follows. */
export type NewSentence = Pick<ReportSentence, 'section' | 'text' | 'origin'> & Partial<Pick<ReportSentence, 'original' | 'sourceCase' | 'measurement'>>;

/** A place in a report: in a section, after one of its sentences or, with null, before all of them. */
export interface Place {
  readonly section: ReportSection;
  readonly after: string | null;
}

/** A place in the text: before the character `at` of a sentence. */
export interface Spot {
  readonly id: string;
  readonly at: number;
}

/** Sentences after a change, and where the caret belongs then; null where it stays. */
export interface Edited {
  readonly sentences: readonly ReportSentence[];
  readonly caret: Spot | null;
}

export const isStanding = ({ state }: Pick<ReportSentence, 'state'>): boolean => state !== 'rejected';

/** A sentence as it enters a report: machine text is proposed, what a person chose to put in stands. */
export function newSentence({ section, text, origin, original, sourceCase = null, measurement = null }: NewSentence, id: string): ReportSentence {
  const first = original ?? (origin === 'reader' ? null : text);
  return { id, section, text, origin, state: isMachine({ origin }) ? 'proposed' : 'accepted', original: first, sourceCase, measurement, grounding: null };
}

const changed = (sentences: readonly ReportSentence[], id: string, change: (sentence: ReportSentence) => ReportSentence): readonly ReportSentence[] =>
  sentences.map((sentence) => (sentence.id === id ? change(sentence) : sentence));

/**
 * The state of a sentence once its text is `text`. Typing the words of the machine again takes a change back, and asks for
 * the decision again; words of a person's own have no state to change.
 */
export function stateOf(sentence: Pick<ReportSentence, 'state' | 'origin' | 'original' | 'text'>, text: string): ReportSentence['state'] {
  const { state, original } = sentence;
  if (original === null || state === 'rejected' || text === sentence.text) return state;
  if (text !== original) return 'edited';
  return state === 'edited' && isMachine(sentence) ? 'proposed' : state === 'edited' ? 'accepted' : state;
}

export const write = (sentences: readonly ReportSentence[], id: string, text: string): readonly ReportSentence[] =>
  changed(sentences, id, (sentence) => ({ ...sentence, text, state: stateOf(sentence, text) }));

/** Takes a sentence as it stands. Also one that was rejected before. */
export const accept = (sentences: readonly ReportSentence[], id: string): readonly ReportSentence[] =>
  changed(sentences, id, (sentence) => {
    const unchanged = sentence.original === null || sentence.text === sentence.original;
    return { ...sentence, state: unchanged ? 'accepted' : 'edited' };
  });

/** Strikes a sentence out. It stays on record, in its original words where it has any; a reader's own is taken out. */
export function reject(sentences: readonly ReportSentence[], id: string): readonly ReportSentence[] {
  const own = sentences.some((sentence) => sentence.id === id && sentence.original === null);
  return own ? sentences.filter((sentence) => sentence.id !== id) : changed(sentences, id, (sentence) => ({ ...sentence, state: 'rejected' }));
}

/** Undoes a rejection: machine text is to be decided on again. */
export const takeBack = (sentences: readonly ReportSentence[], id: string): readonly ReportSentence[] =>
  changed(sentences, id, (sentence) => {
    if (sentence.state !== 'rejected') return sentence;
    if (sentence.text !== sentence.original) return { ...sentence, state: 'edited' };
    return { ...sentence, state: isMachine(sentence) ? 'proposed' : 'accepted' };
  });

/** Puts the words of the machine or source back. */
export const restoreOriginal = (sentences: readonly ReportSentence[], id: string): readonly ReportSentence[] =>
  changed(sentences, id, (sentence) => (sentence.original === null ? sentence : { ...sentence, text: sentence.original, state: isMachine(sentence) ? 'proposed' : 'accepted' }));

/** Puts sentences in at a place, in their order; a place that is no more is the end of its section. */
export function insert(sentences: readonly ReportSentence[], added: readonly ReportSentence[], { section, after }: Place): readonly ReportSentence[] {
  const ordered = [...inSectionOrder(sentences)];
  const known = after === null ? -1 : ordered.findIndex(({ id }) => id === after);
  const start = ordered.findIndex((sentence) => sentence.section === section);
  const end = ordered.findLastIndex((sentence) => sentence.section === section);
  const at = known >= 0 && ordered[known]!.section === section ? known + 1 : after === null && start >= 0 ? start : end + 1;
  ordered.splice(at, 0, ...added);
  return inSectionOrder(ordered);
}

/** Ends a sentence at a place in it. What follows goes on as a sentence of its own, from the same source. */
export function split(sentences: readonly ReportSentence[], { id, at }: Spot, newId: () => string): Edited {
  const sentence = sentences.find((one) => one.id === id);
  if (sentence === undefined) return { sentences, caret: null };
  const [head, rest] = [sentence.text.slice(0, at), sentence.text.slice(at)];
  const place = sentences.indexOf(sentence);
  const blank = newSentence({ section: sentence.section, text: '', origin: 'reader' }, newId());
  if (rest.trim() === '') return { sentences: sentences.toSpliced(place + 1, 0, blank), caret: { id: blank.id, at: 0 } };
  if (head.trim() === '') return { sentences: sentences.toSpliced(place, 0, blank), caret: { id, at: 0 } };
  const first = { ...sentence, text: head.trimEnd(), state: stateOf(sentence, head.trimEnd()) };
  const second = { ...sentence, id: blank.id, text: rest.trimStart(), state: stateOf(sentence, rest.trimStart()), grounding: null };
  return { sentences: sentences.toSpliced(place, 1, first, second), caret: { id: second.id, at: 0 } };
}

const joined = (a: string, b: string): string => (a === '' || b === '' ? a + b : `${a.trimEnd()} ${b.trimStart()}`);

/** Joins a sentence to the one that stands before it in its section. A blank one simply goes. */
export function join(sentences: readonly ReportSentence[], id: string): Edited {
  const second = sentences.find((one) => one.id === id);
  const first = second && sentences.slice(0, sentences.indexOf(second)).findLast((one) => one.section === second.section && isStanding(one));
  if (second === undefined || first === undefined || !isStanding(second)) return { sentences, caret: null };
  const end = { id: first.id, at: first.text.trimEnd().length };
  // What a machine wrote is rejected, not deleted; a reader's blank sentence is nothing.
  if (second.text === '') return { sentences: emptied(sentences, second), caret: { id: first.id, at: first.text.length } };
  if (first.text === '' && first.original === null) return { sentences: sentences.filter((one) => one !== first), caret: { id, at: 0 } };
  const machine = isMachine(second) && !isMachine(first) ? second : first;
  const original = first.original === null && second.original === null ? null : joined(first.original ?? '', second.original ?? '');
  const one: ReportSentence = {
    ...first, text: joined(first.text, second.text), origin: machine.origin, original, state: original === null ? 'accepted' : 'edited',
    sourceCase: first.sourceCase ?? second.sourceCase, measurement: first.measurement ?? second.measurement, grounding: null,
  };
  return { sentences: sentences.flatMap((sentence) => (sentence === first ? [one] : sentence === second ? [] : [sentence])), caret: { ...end, at: end.at + (first.text === '' ? 0 : 1) } };
}

/** A sentence whose text was taken away: rejected in its original words, or gone if it was a reader's own. */
function emptied(sentences: readonly ReportSentence[], sentence: ReportSentence): readonly ReportSentence[] {
  const { original } = sentence;
  if (original === null) return sentences.filter((one) => one !== sentence);
  return sentences.map((one) => (one === sentence ? { ...sentence, text: original, state: 'rejected' } : one));
}

/** Takes out the text between two places, in this order. Sentences that lose all of it are rejected or go, as {@link join} has it. */
export function removeBetween(sentences: readonly ReportSentence[], from: Spot, to: Spot, newId: () => string): Edited {
  const [first, last] = [from, to].map(({ id }) => sentences.findIndex((one) => one.id === id)) as [number, number];
  if (first < 0 || last < first) return { sentences, caret: null };
  if (first === last) {
    const { text } = sentences[first]!;
    return { sentences: write(sentences, from.id, text.slice(0, from.at) + text.slice(to.at)), caret: from };
  }
  const [begin, end] = [sentences[first]!, sentences[last]!];
  const [noHead, noTail] = [from.at === 0, to.at >= end.text.length];
  let next = sentences;
  for (const sentence of sentences.slice(first + 1, last)) if (isStanding(sentence)) next = emptied(next, sentence);
  next = noHead ? emptied(next, begin) : write(next, from.id, begin.text.slice(0, from.at));
  next = noTail ? emptied(next, end) : write(next, to.id, end.text.slice(to.at));
  if (noHead && noTail) {
    // Typing goes on in a sentence of its own, where the text was.
    const blank = newSentence({ section: begin.section, text: '', origin: 'reader' }, newId());
    const before = sentences.slice(0, first).findLast((one) => one.section === begin.section);
    return { sentences: insert(next, [blank], { section: begin.section, after: next.some(({ id }) => id === begin.id) ? begin.id : before?.id ?? null }), caret: { id: blank.id, at: 0 } };
  }
  if (noHead) return { sentences: next, caret: { id: to.id, at: 0 } };
  return { sentences: noTail || begin.section !== end.section ? next : join(next, to.id).sentences, caret: from };
}

/**
 * Plain text as sentences: a line or a full stop ends one. Numbers ("2.5 cm"), single letters and common abbreviations do not.
 */
export function sentencesIn(text: string): readonly string[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const found: string[] = [];
    let begun = 0;
    for (const { index, 0: mark } of line.matchAll(/[.!?]+(?=\s+\S)/g)) {
      const word = /(\S*)$/.exec(line.slice(begun, index))![1]!;
      const next = line.slice(index + mark.length).trimStart();
      if (mark === '.' && (/^(?:e\.g|i\.e|vs|approx|ca|cf|Dr|Nr|No|Fig|al|\p{L}|\d{1,2})$/u.test(word) || /^\p{Ll}/u.test(next))) continue;
      found.push(line.slice(begun, index + mark.length));
      begun = index + mark.length;
    }
    return [...found, line.slice(begun)].map((sentence) => sentence.replaceAll(/\s+/g, ' ').trim()).filter(Boolean);
  });
}

/** Puts plain text in at a place in a sentence: one sentence goes into it, several become sentences of their own. */
export function paste(sentences: readonly ReportSentence[], { id, at }: Spot, text: string, newId: () => string): Edited {
  const sentence = sentences.find((one) => one.id === id);
  const [first, ...others] = sentencesIn(text);
  if (sentence === undefined || first === undefined) return { sentences, caret: null };
  const [head, rest] = [sentence.text.slice(0, at), sentence.text.slice(at)];
  if (others.length === 0) {
    const one = text.replaceAll(/\s+/g, ' ');
    return { sentences: write(sentences, id, head + one + rest), caret: { id, at: at + one.length } };
  }
  const added = others.map((other) => newSentence({ section: sentence.section, text: other, origin: 'reader' }, newId()));
  const apart = rest.trim() === '' || head.trim() === '' ? sentences : split(sentences, { id, at }, newId).sentences;
  const [into, after] = head.trim() === '' && rest.trim() !== '' ? [null, sentences[sentences.indexOf(sentence) - 1]?.id ?? null] : [id, id];
  const last = added.at(-1)!;
  const caret = { id: last.id, at: last.text.length };
  if (into !== null) return { sentences: insert(write(apart, id, joined(head, first)), added, { section: sentence.section, after }), caret };
  const begin = newSentence({ section: sentence.section, text: first, origin: 'reader' }, newId());
  return { sentences: insert(apart, [begin, ...added], { section: sentence.section, after }), caret };
}

/** The sentence `by` steps away among those given; the first or last one where none is in focus. */
export function stepped<T extends { readonly id: string }>(sentences: readonly T[], focus: string | null, by: 1 | -1): T | undefined {
  const at = sentences.findIndex(({ id }) => id === focus);
  return at < 0 ? (by > 0 ? sentences[0] : sentences.at(-1)) : sentences[at + by];
}

/** The next sentence that waits for a decision: after the one in focus, else from the beginning. */
export function nextUndecided(sentences: readonly ReportSentence[], focus: string | null): ReportSentence | undefined {
  const at = sentences.findIndex(({ id }) => id === focus);
  return [...sentences.slice(at + 1), ...sentences.slice(0, Math.max(at, 0))].find(({ state }) => state === 'proposed');
}

/** What is worth keeping: blank sentences of the reader's own exist in the window only. */
export const kept = (sentences: readonly ReportSentence[]): readonly ReportSentence[] => sentences.filter(({ text, original }) => original !== null || text.trim() !== '');

/** What is said, and where: two texts of the same wording ask for the same flags, and may be signed for each other. Not where sentences were grounded. */
export const wording = ({ sentences }: Pick<ReportContent, 'sentences'>): string =>
  JSON.stringify(kept(sentences).map(({ id, text, state, section, measurement }) => [id, text, state, section, measurement]));
