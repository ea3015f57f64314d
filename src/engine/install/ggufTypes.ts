/** Sizes of ggml's tensor types: numbers in a block, and bytes of a block. The values of ggml's own type table. */
const blocks: Readonly<Record<number, readonly [numbers: number, bytes: number]>> = {
  0: [1, 4], 1: [1, 2], 2: [32, 18], 3: [32, 20], 6: [32, 22], 7: [32, 24], 8: [32, 34], 10: [256, 84], 11: [256, 110], 12: [256, 144], 13: [256, 176], 14: [256, 210], 16: [256, 66], 17: [256, 74],
  18: [256, 98], 19: [256, 50], 20: [32, 18], 21: [256, 110], 22: [256, 82], 23: [256, 136], 29: [256, 56], 30: [1, 2], 34: [256, 54], 35: [256, 66], 39: [32, 17], 40: [64, 36],
};

/**
 * Bytes of one row, or null for a type that is not known or a row that is no whole number of blocks. A row of zero bytes is
 * a row of zeros in each of these types: every block begins from a scale that is then 0.
 */
export function ggufRowBytes(type: number, width: number): number | null {
  const block = blocks[type];
  return block && width % block[0] === 0 ? (width / block[0]) * block[1] : null;
}
