/**
 * Notices that a language model has begun to go round in circles, which greedy decoding of a small model does when the
 * image is unlike its training. Pure text; whoever generates stops.
 */
import { SentenceStream } from './sentences.ts';

/** A repeated sentence of fewer words may be meant ("Normal."). */
const shortestRepeatedSentence = 4;
/** Longest block of words looked for, and how much of it must stand there three times over. */
const longestBlock = 24;
const repeats = 3;
const shortestLoop = 9;

export class RepetitionGuard {
  private readonly sentences = new SentenceStream();
  private readonly seen = new Set<string>();
  private words: string[] = [];
  private partial = '';

  /** Takes more text; true once a sentence came a second time or the last words are one block three times over. */
  push(piece: string): boolean {
    for (const sentence of this.sentences.push(piece)) {
      const key = sentenceKey(sentence);
      if (this.seen.has(key) && key.split(' ').length >= shortestRepeatedSentence) return true;
      this.seen.add(key);
    }
    const text = this.partial + piece;
    const cut = /\s\S*$/.exec(text)?.index ?? -1;
    this.partial = cut < 0 ? text : text.slice(cut);
    if (cut >= 0) this.words.push(...text.slice(0, cut).toLowerCase().split(/\s+/).filter(Boolean));
    this.words = this.words.slice(-longestBlock * repeats);
    return loops(this.words) || runsOn(this.partial);
  }
}

/** What makes two sentences the same: words without case, punctuation and spacing. */
export function sentenceKey(sentence: string): string {
  return sentence.toLowerCase().replace(/[^\p{L}\p{N}.]+/gu, ' ').replace(/\.(?!\d)/g, ' ').replace(/\s+/g, ' ').trim();
}

function loops(words: readonly string[]): boolean {
  for (let block = 1; block <= longestBlock; block++) {
    const needed = Math.max(repeats * block, shortestLoop);
    if (words.length < needed) continue;
    const tail = words.slice(-needed);
    if (tail.every((word, at) => at < block || word === tail[at - block])) return true;
  }
  return false;
}

/** One endless "word", such as "aaaaaaaa" or "-,-,-,", which has no spaces to find a loop by. */
const runsOn = (partial: string): boolean => /(.{1,4}?)\1{24,}$/s.test(partial);
