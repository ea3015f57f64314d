/**
 * Several rankings of the same things as one, by reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009): places count,
 * not scores, since a cosine and a BM25 score have no common scale.
 */

export interface Fused {
  readonly id: string;
  /** Sum of 1 / (60 + place) over the rankings that hold it. */
  readonly score: number;
  /** Its place in each ranking, from 1; null where it is not in it. */
  readonly ranks: readonly (number | null)[];
}

/** The authors' constant: how little a first place alone outweighs. */
const dampening = 60;

/** @returns best first; of equal ones that with the better place in the first ranking, then the lower id */
export function fuseRankings(rankings: readonly (readonly string[])[]): Fused[] {
  const ranks = new Map<string, (number | null)[]>();
  rankings.forEach((ranking, which) => {
    ranking.forEach((id, at) => {
      let own = ranks.get(id);
      if (!own) ranks.set(id, (own = rankings.map(() => null)));
      own[which] ??= at + 1;
    });
  });
  const first = ({ ranks: [place] }: Fused): number => place ?? Infinity;
  return [...ranks]
    .map(([id, places]): Fused => ({ id, ranks: places, score: places.reduce<number>((sum, place) => sum + (place === null ? 0 : 1 / (dampening + place)), 0) }))
    .sort((a, b) => b.score - a.score || first(a) - first(b) || (a.id < b.id ? -1 : 1));
}
