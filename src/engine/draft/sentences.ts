/**
 * Splits report text into sentences, whole or as it streams in. A sentence is what is encoded, aligned with a view and
 * jumped from, so a cut in the wrong place ("1. 2 cm") costs a wrong grounding. Rules for radiology prose in English.
 */

/** Words after which a full stop does not end a sentence. Lower case, without the stop. */
const abbreviations = new Set([
  'dr', 'mr', 'mrs', 'ms', 'prof', 'st', 'vs', 'e.g', 'i.e', 'etc', 'cf', 'approx', 'ca', 'resp', 'no', 'fig', 'figs', 'ser', 'im', 'img', 'se', 'seq', 'pt', 'hx', 'inc',
  'w.r.t', 'a.k.a', 'ie', 'eg', 'incl', 'excl', 'diff', 'ddx', 'dx', 'rt', 'lt', 'r', 'l', 'yr', 'yrs', 'wk', 'wks', 'mo', 'mos', 'hrs', 'mm', 'cm', 'ml', 'cc', 'sec', 'msec', 'i.v', 'p.o', 'b.i.d', 'a.p', 'z.b', 'z.n', 'v.a', 'd.h', 'u.a', 'bzw', 'ggf', 'evtl', 'inkl', 'li', 're', 'bds', 'vgl', 'hr', 'fr', 'ext', 'tel',
  'min', 'max', 'sup', 'inf', 'ant', 'post', 'lat', 'med', 'bilat', 'dept', 'ref', 'vol', 'jan', 'feb', 'mar', 'apr', 'jun', 'jul', 'aug', 'sep', 'sept', 'oct', 'nov', 'dec',
]);

/** Of those, the ones that are also ordinary words at the end of a sentence; they only join what goes on in lower case or digits. */
const doubtful = new Set(['diff', 'ext', 'r', 'l', 'rt', 'lt', 'yr', 'yrs', 'wk', 'wks', 'mo', 'mos', 'hrs', 'mm', 'cm', 'ml', 'cc', 'sec', 'msec', 'i.v', 'p.o', 'b.i.d', 'a.p', 're', 'li', 'bds', 'ie', 'eg', 'dx', 'ddx', 'no', 'etc', 'st', 'mar', 'min', 'max', 'se', 'im', 'post', 'med', 'ca', 'ref', 'vol', 'inc', 'sep', 'dec', 'jan', 'inf', 'sup', 'lat', 'ant']);

/** A section title on a line of its own, or before its text on one line: "FINDINGS:", "Impression:". */
const heading = /^(?:findings?|impressions?|technique|comparisons?|indications?|history|clinical (?:history|information)|conclusions?|opinion|recommendations?|examinations?|procedure|contrast|report)\s*:?$/i;
const headingPrefix = /^(?:findings?|impressions?|technique|comparisons?|indications?|history|clinical (?:history|information)|conclusions?|opinion|recommendations?|examinations?|procedure|contrast|report)\s*:\s*/i;

/** A few words with a colon after them and nothing else are the title of what follows. */
const title = /^\p{Lu}[\p{L}\p{N} ()/&,-]{0,48}:$/u;

/** What opens an item of a list: "1.", "2)", "(3)", "1.2.", "a)", "ii.", "#4", "-", "•". */
const listMarker = /^(?:\(?\d{1,2}[.)]|\d{1,2}(?:\.\d{1,2})+[.)]?(?=\s+\p{Lu})|\(?[a-hA-H]\)|\(?(?:i{1,3}|iv|vi{0,3}|ix|x)[.)]|#\d{1,2}[.:)]?|[-–—•●▪◦‣*])\s+/u;

/**
 * The sentences of a text, in order, trimmed, white space single, list markers and section titles removed.
 * A line break ends a sentence only before an empty line, a list item or a title, since reports are often wrapped.
 */
export function splitSentences(text: string): string[] {
  const splitter = new SentenceStream();
  return [...splitter.push(text), ...splitter.end()];
}

/** Sentences of a text that arrives in pieces: each is given out once it is certain that it is complete. */
export class SentenceStream {
  private rest = '';

  /** Takes more text and returns the sentences that it completed. */
  push(piece: string): string[] {
    this.rest += piece.replaceAll('\r\n', '\n').replaceAll('\r', '\n');
    const out: string[] = [];
    for (let end = nextEnd(this.rest); end > 0; end = nextEnd(this.rest)) {
      const sentence = clean(this.rest.slice(0, end));
      if (sentence) out.push(sentence);
      this.rest = this.rest.slice(end);
    }
    return out;
  }

  /** True while text without a sentence end is held back. */
  get unfinished(): boolean {
    return clean(this.rest) !== '';
  }

  /** Returns what is left as a last sentence, if it is one. */
  end(): string[] {
    // A line break settles what was still open at the end of the text.
    const out = this.push('\n\n');
    const sentence = clean(this.rest);
    this.rest = '';
    if (sentence) out.push(sentence);
    return out;
  }
}

function clean(raw: string): string {
  const line = raw.replace(/\s+/g, ' ').trim().replace(listMarker, '');
  if (heading.test(line) || title.test(line)) return '';
  const sentence = line.replace(headingPrefix, '').replace(listMarker, '').trim();
  return /[\p{L}\p{N}]/u.test(sentence) ? sentence : '';
}

/** Length of the first complete sentence of `text` with the space behind it, or 0 while none is certain. */
function nextEnd(text: string): number {
  for (let at = 0; at < text.length; at++) {
    const mark = text[at]!;
    if (mark === '\n') {
      if (endsAtBreak(text, at)) return at + 1;
      continue;
    }
    if (mark !== '.' && mark !== '!' && mark !== '?') continue;
    let after = at + 1;
    while (after < text.length && /[.!?"'”’)\]]/.test(text[after]!)) after++;
    // What follows decides, so the end of a stream is not yet an end.
    if (after >= text.length) return 0;
    if (!/\s/.test(text[after]!)) continue;
    if (mark !== '.') return after;
    const verdict = stopEnds(text.slice(0, at), text.slice(after));
    if (verdict === 'unknown') return 0;
    if (verdict === 'end') return after;
  }
  return 0;
}

/** Whether a line break at `at` ends a sentence: an empty line, a list item or title after it, or a title before it. */
function endsAtBreak(text: string, at: number): boolean {
  const before = text.slice(0, at).trim();
  if (before === '') return at > 0;
  if (heading.test(before)) return true;
  const next = /^[ \t]*([^\n]*)(\n?)/.exec(text.slice(at + 1))!;
  const line = next[1]!;
  if (line === '') return next[2] === '\n';
  return listMarker.test(line) || /^[A-Z][A-Za-z ]{2,30}:(?:\s|$)/.test(line);
}

/** Whether the full stop between `before` and `after` (which begins with white space) ends a sentence. */
function stopEnds(before: string, after: string): 'end' | 'goes on' | 'unknown' {
  const rest = after.trimStart();
  const word = /(\S+)$/.exec(before)?.[1] ?? '';
  const bare = word.toLowerCase().replace(/^[("'“[]+/, '');
  // "1. No mass" at the start of an item, or of what a title opens, is its number, not a sentence.
  if (/^\(?(?:\d{1,2}(?:\.\d{1,2})*|i{1,3}|iv|vi{0,3}|ix|x)$/.test(before.trimStart().replace(headingPrefix, ''))) return 'goes on';
  // The text ends here, or a paragraph does.
  if (/^\s*?\n\s*?\n/.test(after)) return 'end';
  // "J. Smith": one capital alone, begun like a name. "hepatitis C." and "T1." are ends.
  if (/^[A-Z]$/.test(word)) return /(?:^\s*|[A-Z]\S*\s+|\b(?:with|by|to)\s+)[A-Z]$/.test(before) ? 'goes on' : 'end';
  if (!abbreviations.has(bare)) return 'end';
  if (!doubtful.has(bare)) return 'goes on';
  if (rest === '') return 'unknown';
  return /^[a-z0-9]/.test(rest) ? 'goes on' : 'end';
}
