/** Connected regions of cells on a grid, by 26-neighbourhood: cells that share a face, an edge or a corner. */

/** Cell indices of one region, in memory order. */
export type Region = readonly number[];

/**
 * @param dims cells along i (fastest), j and k
 * @param counts whether a cell belongs to any region
 * @returns regions, largest first; of equal ones the one that begins first in memory
 */
export function connectedRegions(dims: readonly [number, number, number], counts: (cell: number) => boolean): Region[] {
  const [ni, nj, nk] = dims;
  const total = ni * nj * nk;
  const seen = new Uint8Array(total);
  const regions: number[][] = [];
  for (let start = 0; start < total; start++) {
    if (seen[start] === 1 || !counts(start)) continue;
    seen[start] = 1;
    const region = [start];
    for (let next = 0; next < region.length; next++) {
      const cell = region[next]!;
      const i = cell % ni;
      const j = Math.floor(cell / ni) % nj;
      const k = Math.floor(cell / (ni * nj));
      for (let dk = k > 0 ? -1 : 0; dk <= (k < nk - 1 ? 1 : 0); dk++) {
        for (let dj = j > 0 ? -1 : 0; dj <= (j < nj - 1 ? 1 : 0); dj++) {
          for (let di = i > 0 ? -1 : 0; di <= (i < ni - 1 ? 1 : 0); di++) {
            const neighbour = cell + di + ni * (dj + nj * dk);
            if (seen[neighbour] === 1 || !counts(neighbour)) continue;
            seen[neighbour] = 1;
            region.push(neighbour);
          }
        }
      }
    }
    regions.push(region.sort((a, b) => a - b));
  }
  return regions.sort((a, b) => b.length - a.length || a[0]! - b[0]!);
}
