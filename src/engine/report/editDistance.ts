/** How much a reader changed: Levenshtein distance over words, so that a new ending of one word counts as one change. */

const words = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+(?:[.'’-][\p{L}\p{N}]+)*/gu) ?? [];

/** Words put in, taken out or exchanged to make `to` of `from`. */
export function wordEditDistance(from: string, to: string): number {
  const [a, b] = [words(from), words(to)];
  let row = b.map((_, at) => at + 1);
  for (const [i, word] of a.entries()) {
    let diagonal = i;
    let left = i + 1;
    row = row.map((above, j) => {
      const cost = Math.min(diagonal + (word === b[j] ? 0 : 1), above + 1, left + 1);
      diagonal = above;
      return (left = cost);
    });
  }
  return row.at(-1) ?? a.length;
}

/** The distance as a share of the longer text's words, 0 (unchanged) to 1 (nothing kept). */
export function changedShare(from: string, to: string): number {
  const longest = Math.max(words(from).length, words(to).length);
  return longest === 0 ? 0 : wordEditDistance(from, to) / longest;
}
