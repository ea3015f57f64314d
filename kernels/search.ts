/**
 * The arithmetic of searching an archive, in AssemblyScript: compiled to WebAssembly with SIMD by `node scripts/kernels.ts`
 * into src/engine/search/kernels.wasm.ts. Works on memory shared with other threads; every pointer is a byte offset that
 * src/engine/search/ hands in, nothing is allocated here.
 *
 * "Query rows" are padded to a multiple of 16 (`columns`), widths to a multiple of 4 (`stride`), both with zeros.
 */

/** Dot products of rows, four by two at a time: out[right * outStride + left]. `leftRows` is a multiple of 4. */
export function products(left: usize, leftRows: i32, right: usize, rightRows: i32, stride: i32, out: usize, outStride: i32): void {
  const bytes = <usize>stride << 2;
  for (let r = 0; r < rightRows; r += 2) {
    // An odd last row is taken twice; both results are the same.
    const second = min(r + 1, rightRows - 1);
    const rightA = right + <usize>r * bytes;
    const rightB = right + <usize>second * bytes;
    const outA = out + ((<usize>r * outStride) << 2);
    const outB = out + ((<usize>second * outStride) << 2);
    for (let l = 0; l < leftRows; l += 4) {
      const left0 = left + <usize>l * bytes;
      const left1 = left0 + bytes;
      const left2 = left1 + bytes;
      const left3 = left2 + bytes;
      let a0 = f32x4.splat(0), a1 = f32x4.splat(0), a2 = f32x4.splat(0), a3 = f32x4.splat(0);
      let b0 = f32x4.splat(0), b1 = f32x4.splat(0), b2 = f32x4.splat(0), b3 = f32x4.splat(0);
      for (let k: usize = 0; k < bytes; k += 16) {
        const x = v128.load(rightA + k);
        const y = v128.load(rightB + k);
        let q = v128.load(left0 + k);
        a0 = f32x4.relaxed_madd(q, x, a0);
        b0 = f32x4.relaxed_madd(q, y, b0);
        q = v128.load(left1 + k);
        a1 = f32x4.relaxed_madd(q, x, a1);
        b1 = f32x4.relaxed_madd(q, y, b1);
        q = v128.load(left2 + k);
        a2 = f32x4.relaxed_madd(q, x, a2);
        b2 = f32x4.relaxed_madd(q, y, b2);
        q = v128.load(left3 + k);
        a3 = f32x4.relaxed_madd(q, x, a3);
        b3 = f32x4.relaxed_madd(q, y, b3);
      }
      v128.store(outA + (<usize>l << 2), sumLanes(a0, a1, a2, a3));
      v128.store(outB + (<usize>l << 2), sumLanes(b0, b1, b2, b3));
    }
  }
}

/** The sums of four vectors as one. */
// @ts-ignore: decorator
@inline
function sumLanes(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  // ab: a0+a2, b0+b2, a1+a3, b1+b3
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
}

/**
 * Distances of every query row to every centroid as 8-bit steps below `top`, saturating: add, take the least, and a small
 * sum is a large similarity. Padding columns get the largest distance.
 */
export function distances(similarity: usize, rows: i32, real: i32, columns: i32, top: f32, steps: f32, out: usize): void {
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      const at = <usize>r * columns + c;
      const d = c < real ? (top - load<f32>(similarity + (at << 2))) * steps + 0.5 : 255;
      store<u8>(out + at, <u8>max<f32>(0, min<f32>(255, d)));
    }
  }
}

/**
 * First look at every case of a block: late interaction through centroids. Each row of a case is the sum of `levels`
 * centroids, whose distances to the query are in `tables` [levels][256][columns]. Writes the mean distance of the aligned
 * side (a lower bound of the distance that one-to-one alignment gives to the same centroids) in 257ths of a step, and counts it.
 */
export function scan(ids: usize, spans: usize, mask: usize, count: i32, tables: usize, levels: i32, columns: i32, real: i32, out: usize, histogram: usize): void {
  const rowBytes = <usize>columns;
  const levelBytes = rowBytes << 8;
  const padding = <u32>(columns - real) * 255;
  for (let n = 0; n < count; n++) {
    if (load<u8>(mask + n) == 0) continue;
    const first = load<u32>(spans + (<usize>n << 3));
    const rows = load<u32>(spans + (<usize>n << 3), 4);
    if (rows == 0) continue;
    let id = ids + <usize>first * levels;
    let sum: u32 = 0;
    if (columns == 32 && levels == 3 && rows >= <u32>real) {
      sum = ((leastOfThreeLevels(id, rows, tables) - padding) * 257) / <u32>real;
    } else if (columns == 16 && levels == 3 && rows >= <u32>real) {
      sum = ((leastOfSixteen(id, rows, tables) - padding) * 257) / <u32>real;
    } else if (rows >= <u32>real) {
      for (let from: usize = 0; from < rowBytes; from += 16) {
        let least = i8x16.splat(-1);
        let at = id;
        for (let row: u32 = 0; row < rows; row++) {
          let d = v128.load(tables + from + <usize>load<u8>(at) * rowBytes);
          for (let level = 1; level < levels; level++) d = i8x16.add_sat_u(d, v128.load(tables + from + <usize>level * levelBytes + <usize>load<u8>(at + level) * rowBytes));
          least = i8x16.min_u(least, d);
          at += levels;
        }
        sum += sumOfEight(i16x8.extadd_pairwise_i8x16_u(least));
      }
      sum = ((sum - padding) * 257) / <u32>real;
    } else {
      // Fewer rows than the query has: each row of the case is aligned, with the nearest row of the query.
      for (let row: u32 = 0; row < rows; row++) {
        let least = i8x16.splat(-1);
        for (let from: usize = 0; from < rowBytes; from += 16) {
          let d = v128.load(tables + from + <usize>load<u8>(id) * rowBytes);
          for (let level = 1; level < levels; level++) d = i8x16.add_sat_u(d, v128.load(tables + from + <usize>level * levelBytes + <usize>load<u8>(id + level) * rowBytes));
          least = i8x16.min_u(least, d);
        }
        least = i8x16.min_u(least, i8x16.shuffle(least, least, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
        least = i8x16.min_u(least, i8x16.shuffle(least, least, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11));
        least = i8x16.min_u(least, i8x16.shuffle(least, least, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13));
        least = i8x16.min_u(least, i8x16.shuffle(least, least, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14));
        sum += i8x16.extract_lane_u(least, 0);
        id += levels;
      }
      sum = (sum * 257) / rows;
    }
    store<u16>(out + (<usize>n << 1), <u16>sum);
    const bin = histogram + (<usize>(sum >> 4) << 2);
    store<u32>(bin, load<u32>(bin) + 1);
  }
}

/** The sum of the least distances of 32 columns over the rows of a case: the usual size, written out. */
// @ts-ignore: decorator
@inline
function leastOfThreeLevels(ids: usize, rows: u32, tables: usize): u32 {
  let m0 = i8x16.splat(-1), m1 = i8x16.splat(-1);
  const end = ids + rows * 3;
  for (let at = ids; at < end; at += 3) {
    const a = tables + (<usize>load<u8>(at) << 5);
    const b = tables + (<usize>load<u8>(at, 1) << 5);
    const c = tables + (<usize>load<u8>(at, 2) << 5);
    m0 = i8x16.min_u(m0, i8x16.add_sat_u(i8x16.add_sat_u(v128.load(a), v128.load(b, 8192)), v128.load(c, 16384)));
    m1 = i8x16.min_u(m1, i8x16.add_sat_u(i8x16.add_sat_u(v128.load(a, 16), v128.load(b, 8208)), v128.load(c, 16400)));
  }
  return sumOfEight(i16x8.add(i16x8.extadd_pairwise_i8x16_u(m0), i16x8.extadd_pairwise_i8x16_u(m1)));
}

/** The same for 16 columns: a few sentences. */
// @ts-ignore: decorator
@inline
function leastOfSixteen(ids: usize, rows: u32, tables: usize): u32 {
  let least = i8x16.splat(-1);
  const end = ids + rows * 3;
  for (let at = ids; at < end; at += 3) {
    const a = v128.load(tables + (<usize>load<u8>(at) << 4));
    const b = v128.load(tables + (<usize>load<u8>(at, 1) << 4), 4096);
    const c = v128.load(tables + (<usize>load<u8>(at, 2) << 4), 8192);
    least = i8x16.min_u(least, i8x16.add_sat_u(i8x16.add_sat_u(a, b), c));
  }
  return sumOfEight(i16x8.extadd_pairwise_i8x16_u(least));
}

/** The sum of eight 16-bit numbers. */
// @ts-ignore: decorator
@inline
function sumOfEight(v: v128): u32 {
  const s = i32x4.extadd_pairwise_i16x8_u(v);
  return i32x4.extract_lane(s, 0) + i32x4.extract_lane(s, 1) + i32x4.extract_lane(s, 2) + i32x4.extract_lane(s, 3);
}

/**
 * First look once more, for one to four query rows, whose few distances leave too much open: at cases whose distance is at most
 * `limit`, the 4-bit codes of the rows that come near enough through centroids to be the partner are read as well. Writes how far
 * the mean of best partners lies below `top`, and the largest distance where there is none to write.
 * @param margin steps above the least distance within which a row's codes are read
 * @param query, scales, offsets, similarities as for {@link approximate}
 * @param scratch room for 16 bytes, 16 more for each of `room` rows, and the codes of one row
 */
export function refineFew(ids: usize, spans: usize, mask: usize, count: i32, limit: u32, tables: usize, levels: i32, real: i32, margin: i32, codes: usize, dims: i32, query: usize, scales: usize, offsets: usize, similarities: usize, top: f32, perUnit: f32, scratch: usize, room: i32, out: usize, histogram: usize): void {
  const half = dims >> 1;
  const margins = i8x16.splat(<i8>margin);
  const lanes = scratch;
  for (let lane = 0; lane < 16; lane++) store<u8>(lanes + lane, lane < real ? 255 : 0);
  const open = v128.load(lanes);
  const line = scratch + 16;
  const expanded = line + (<usize>room << 4);
  for (let n = 0; n < count; n++) {
    if (load<u8>(mask + n) == 0) continue;
    const first = load<u32>(spans + (<usize>n << 3));
    const rows = load<u32>(spans + (<usize>n << 3), 4);
    if (rows == 0) continue;
    if (<u32>load<u16>(out + (<usize>n << 1)) > limit) {
      store<u16>(out + (<usize>n << 1), 65535);
      continue;
    }
    let least = i8x16.splat(-1);
    const own = ids + <usize>first * levels;
    for (let row: usize = 0; row < <usize>rows; row++) {
      const id = own + row * levels;
      let d = v128.load(tables + (<usize>load<u8>(id) << 4));
      for (let level = 1; level < levels; level++) d = i8x16.add_sat_u(d, v128.load(tables + (<usize>level << 12) + (<usize>load<u8>(id + level) << 4)));
      v128.store(line + (row << 4), d);
      least = i8x16.min_u(least, d);
    }
    const all = rows < <u32>real;
    const within = v128.and(i8x16.add_sat_u(least, margins), open);
    let best = f32x4.splat(-4);
    let sum: f32 = 0;
    for (let row: usize = 0; row < <usize>rows; row++) {
      if (!all && !v128.any_true(i8x16.le_u(v128.load(line + (row << 4)), within))) continue;
      expandCodes(codes + (<usize>first + row) * half, half, expanded);
      const s = similarityOfFour(dotFour(expanded, dims, query, 64), own + row * levels, levels, scales, offsets, similarities, 16);
      if (all) sum += largestOf(s, real);
      else best = f32x4.max(best, s);
    }
    const mean = all ? sum / <f32>rows : (f32x4.extract_lane(best, 0) + (real > 1 ? f32x4.extract_lane(best, 1) : 0) + (real > 2 ? f32x4.extract_lane(best, 2) : 0) + (real > 3 ? f32x4.extract_lane(best, 3) : 0)) / <f32>real;
    const distance = <u32>max<f32>(0, min<f32>(65534, (top - mean) * perUnit));
    store<u16>(out + (<usize>n << 1), <u16>distance);
    const bin = histogram + (<usize>(distance >> 4) << 2);
    store<u32>(bin, load<u32>(bin) + 1);
  }
}

// @ts-ignore: decorator
@inline
function largestOf(s: v128, real: i32): f32 {
  let most = f32x4.extract_lane(s, 0);
  if (real > 1) most = max(most, f32x4.extract_lane(s, 1));
  if (real > 2) most = max(most, f32x4.extract_lane(s, 2));
  if (real > 3) most = max(most, f32x4.extract_lane(s, 3));
  return most;
}

/** The 4-bit codes of a row as bytes. */
// @ts-ignore: decorator
@inline
function expandCodes(codes: usize, half: i32, to: usize): void {
  const nibble = i8x16.splat(15);
  for (let k = 0; k < half; k += 16) {
    const pair = v128.load(codes + k);
    v128.store(to + (<usize>k << 1), v128.and(pair, nibble));
    v128.store(to + (<usize>k << 1), i8x16.shr_u(pair, 4), 16);
  }
}

/** Gathers the cases of a block whose distance is at most `limit`. @returns how many were written from `out` on, at most `room` */
export function gather(scores: usize, spans: usize, mask: usize, count: i32, limit: u32, firstSlot: u32, out: usize, room: i32): i32 {
  let found = 0;
  for (let n = 0; n < count && found < room; n++) {
    if (load<u8>(mask + n) == 0 || load<u32>(spans + (<usize>n << 3), 4) == 0) continue;
    if (<u32>load<u16>(scores + (<usize>n << 1)) > limit) continue;
    store<u32>(out + (<usize>found << 2), firstSlot + n);
    found++;
  }
  return found;
}

/**
 * Second look at one case: similarities from centroids plus the 4-bit residuals, by integer products, then greedy
 * alignment. Writes into `sims` [rows][columns].
 * @param query int8 [dims / 4][columns][4]: four numbers of each query row side by side
 * @param scales f32 [columns]: what one step of a query row's products is worth
 * @param offsets f32 [columns]: what to take off, since codes 0..15 stand for -7.5..7.5 steps
 * @param tables f32 [levels][256][columns]
 * @param errors u8 [rows]: how far a row lies from its approximation at most, in 1/200; used when `margins` is not 0
 * @param margins f32 [columns]: how far a product may be off through the query's rounding
 * @param floor estimates below this are of no use: the alignment is left out where best partners cannot reach it
 * @returns with margins an upper bound of the alignment's mean (best partner each); without, the alignment's mean, or -9
 *   where it cannot reach the floor
 */
export function approximate(codes: usize, ids: usize, errors: usize, rows: i32, levels: i32, dims: i32, query: usize, scales: usize, offsets: usize, tables: usize, columns: i32, real: i32, margins: usize, floor: f32, sims: usize, scratch: usize): f32 {
  const half = dims >> 1;
  const groupBytes = <usize>columns << 2;
  for (let row = 0; row < rows; row += 2) {
    const other = min(row + 1, rows - 1);
    expandCodes(codes + <usize>row * half, half, scratch);
    expandCodes(codes + <usize>other * half, half, scratch + dims);
    const simsA = sims + ((<usize>row * columns) << 2);
    const simsB = sims + ((<usize>other * columns) << 2);
    if (real <= 4) {
      // One to four sentences fill a quarter of the narrowest block.
      const a = dotFour(scratch, dims, query, groupBytes);
      const b = dotFour(scratch + dims, dims, query, groupBytes);
      storeFour(similarityOfFour(a, ids + <usize>row * levels, levels, scales, offsets, tables, columns), columns, simsA);
      storeFour(similarityOfFour(b, ids + <usize>other * levels, levels, scales, offsets, tables, columns), columns, simsB);
      continue;
    }
    for (let block = 0; block < columns; block += 16) {
      let a0 = i32x4.splat(0), a1 = i32x4.splat(0), a2 = i32x4.splat(0), a3 = i32x4.splat(0);
      let b0 = i32x4.splat(0), b1 = i32x4.splat(0), b2 = i32x4.splat(0), b3 = i32x4.splat(0);
      let q = query + (<usize>block << 2);
      for (let from = 0; from < dims; from += 32) {
        // 16 bits hold what 32 numbers come to: sixteen products of at most 127 x 15 in each of two sums.
        let c0 = i16x8.splat(0), c1 = i16x8.splat(0), c2 = i16x8.splat(0), c3 = i16x8.splat(0);
        let d0 = i16x8.splat(0), d1 = i16x8.splat(0), d2 = i16x8.splat(0), d3 = i16x8.splat(0);
        for (let k = from; k < from + 32; k += 4) {
          const x = v128.load32_splat(scratch + k);
          const y = v128.load32_splat(scratch + dims + k);
          const q0 = v128.load(q), q1 = v128.load(q, 16);
          c0 = i16x8.add(c0, i16x8.relaxed_dot_i8x16_i7x16_s(q0, x));
          d0 = i16x8.add(d0, i16x8.relaxed_dot_i8x16_i7x16_s(q0, y));
          c1 = i16x8.add(c1, i16x8.relaxed_dot_i8x16_i7x16_s(q1, x));
          d1 = i16x8.add(d1, i16x8.relaxed_dot_i8x16_i7x16_s(q1, y));
          const q2 = v128.load(q, 32), q3 = v128.load(q, 48);
          c2 = i16x8.add(c2, i16x8.relaxed_dot_i8x16_i7x16_s(q2, x));
          d2 = i16x8.add(d2, i16x8.relaxed_dot_i8x16_i7x16_s(q2, y));
          c3 = i16x8.add(c3, i16x8.relaxed_dot_i8x16_i7x16_s(q3, x));
          d3 = i16x8.add(d3, i16x8.relaxed_dot_i8x16_i7x16_s(q3, y));
          q += groupBytes;
        }
        a0 = i32x4.add(a0, i32x4.extadd_pairwise_i16x8_s(c0));
        a1 = i32x4.add(a1, i32x4.extadd_pairwise_i16x8_s(c1));
        a2 = i32x4.add(a2, i32x4.extadd_pairwise_i16x8_s(c2));
        a3 = i32x4.add(a3, i32x4.extadd_pairwise_i16x8_s(c3));
        b0 = i32x4.add(b0, i32x4.extadd_pairwise_i16x8_s(d0));
        b1 = i32x4.add(b1, i32x4.extadd_pairwise_i16x8_s(d1));
        b2 = i32x4.add(b2, i32x4.extadd_pairwise_i16x8_s(d2));
        b3 = i32x4.add(b3, i32x4.extadd_pairwise_i16x8_s(d3));
      }
      finish(a0, a1, a2, a3, ids + <usize>row * levels, levels, scales, offsets, tables, columns, block, simsA);
      finish(b0, b1, b2, b3, ids + <usize>other * levels, levels, scales, offsets, tables, columns, block, simsB);
    }
  }
  if (margins == 0) return largestMean(sims, rows, real, columns) < floor ? -9 : greedy(sims, rows, real, columns, scratch);
  for (let row = 0; row < rows; row++) {
    const error = f32x4.splat(<f32>load<u8>(errors + row) / 200);
    const line = sims + ((<usize>row * columns) << 2);
    for (let c = 0; c < columns; c += 4) {
      const at = line + (<usize>c << 2);
      v128.store(at, f32x4.add(v128.load(at), f32x4.add(error, v128.load(margins + (<usize>c << 2)))));
    }
  }
  return largestMean(sims, rows, real, columns);
}

/** Products of one row's codes with the first four query rows. */
// @ts-ignore: decorator
@inline
function dotFour(codes: usize, dims: i32, query: usize, groupBytes: usize): v128 {
  let sum = i32x4.splat(0);
  let q = query;
  for (let from = 0; from < dims; from += 32) {
    let c = i16x8.splat(0);
    for (let k = from; k < from + 32; k += 4) {
      c = i16x8.add(c, i16x8.relaxed_dot_i8x16_i7x16_s(v128.load(q), v128.load32_splat(codes + k)));
      q += groupBytes;
    }
    sum = i32x4.add(sum, i32x4.extadd_pairwise_i16x8_s(c));
  }
  return sum;
}

/** What {@link finish} does, for four columns. */
// @ts-ignore: decorator
@inline
function similarityOfFour(dots: v128, ids: usize, levels: i32, scales: usize, offsets: usize, tables: usize, columns: i32): v128 {
  let s = f32x4.sub(f32x4.mul(f32x4.convert_i32x4_s(dots), v128.load(scales)), v128.load(offsets));
  for (let level = 0; level < levels; level++) s = f32x4.add(s, v128.load(tables + (((<usize>level << 8) + <usize>load<u8>(ids + level)) * columns << 2)));
  return s;
}

/** Four columns of a row; the others are as far as can be. */
// @ts-ignore: decorator
@inline
function storeFour(s: v128, columns: i32, out: usize): void {
  v128.store(out, s);
  for (let column = 4; column < columns; column += 4) v128.store(out + (<usize>column << 2), f32x4.splat(-4));
}

// @ts-ignore: decorator
@inline
function finish(d0: v128, d1: v128, d2: v128, d3: v128, ids: usize, levels: i32, scales: usize, offsets: usize, tables: usize, columns: i32, block: i32, out: usize): void {
  const at = <usize>block << 2;
  let s0 = f32x4.sub(f32x4.mul(f32x4.convert_i32x4_s(d0), v128.load(scales + at)), v128.load(offsets + at));
  let s1 = f32x4.sub(f32x4.mul(f32x4.convert_i32x4_s(d1), v128.load(scales + at, 16)), v128.load(offsets + at, 16));
  let s2 = f32x4.sub(f32x4.mul(f32x4.convert_i32x4_s(d2), v128.load(scales + at, 32)), v128.load(offsets + at, 32));
  let s3 = f32x4.sub(f32x4.mul(f32x4.convert_i32x4_s(d3), v128.load(scales + at, 48)), v128.load(offsets + at, 48));
  for (let level = 0; level < levels; level++) {
    const p = tables + at + (((<usize>level << 8) + <usize>load<u8>(ids + level)) * columns << 2);
    s0 = f32x4.add(s0, v128.load(p));
    s1 = f32x4.add(s1, v128.load(p, 16));
    s2 = f32x4.add(s2, v128.load(p, 32));
    s3 = f32x4.add(s3, v128.load(p, 48));
  }
  v128.store(out + at, s0);
  v128.store(out + at, s1, 16);
  v128.store(out + at, s2, 32);
  v128.store(out + at, s3, 48);
}

/** Mean of the best partner of each member of the smaller side: never less than the greedy alignment's. */
export function largestMean(sims: usize, rows: i32, real: i32, columns: i32): f32 {
  let sum: f64 = 0;
  if (rows < real) {
    for (let row = 0; row < rows; row++) {
      let most: f32 = -4;
      for (let c = 0; c < real; c++) most = max(most, load<f32>(sims + ((<usize>row * columns + c) << 2)));
      sum += most;
    }
    return <f32>(sum / rows);
  }
  for (let c = 0; c < real; c += 4) {
    let most = f32x4.splat(-4);
    for (let row = 0; row < rows; row++) most = f32x4.max(most, v128.load(sims + ((<usize>row * columns + c) << 2)));
    sum += f32x4.extract_lane(most, 0);
    if (c + 1 < real) sum += f32x4.extract_lane(most, 1);
    if (c + 2 < real) sum += f32x4.extract_lane(most, 2);
    if (c + 3 < real) sum += f32x4.extract_lane(most, 3);
  }
  return <f32>(sum / real);
}

/**
 * Mean of the greedy one-to-one alignment (paper, Algorithm 1) of `sims` [rows][columns].
 * @param scratch room for 8 bytes a row, the rows rounded up to a multiple of 4, and 4 bytes a column
 */
export function greedy(sims: usize, rows: i32, real: i32, columns: i32, scratch: usize): f32 {
  const padded = (rows + 3) & ~3;
  const best = scratch;
  const where = scratch + (<usize>padded << 2);
  // Added to every column: 0 while it is open.
  const taken = where + (<usize>padded << 2);
  for (let c = 0; c < columns; c++) store<f32>(taken + (<usize>c << 2), c < real ? 0 : -16);
  for (let row = rows; row < padded; row++) {
    store<f32>(best + (<usize>row << 2), -64);
    store<i32>(where + (<usize>row << 2), -1);
  }
  for (let row = 0; row < rows; row++) findBest(sims + ((<usize>row * columns) << 2), taken, columns, best + (<usize>row << 2), where + (<usize>row << 2));
  let sum: f64 = 0;
  const pairs = min(rows, real);
  const end = <usize>padded << 2;
  for (let pair = 0; pair < pairs; pair++) {
    let most = v128.load(best);
    for (let r: usize = 16; r < end; r += 16) most = f32x4.max(most, v128.load(best + r));
    const value = largestLane(most);
    const wanted = f32x4.splat(value);
    let at: usize = 0;
    let bits = 0;
    for (; at < end; at += 16) {
      bits = i32x4.bitmask(f32x4.eq(v128.load(best + at), wanted));
      if (bits != 0) break;
    }
    at += <usize>ctz(bits) << 2;
    sum += value;
    const column = load<i32>(where + at);
    store<f32>(best + at, -64);
    store<i32>(where + at, -1);
    store<f32>(taken + (<usize>column << 2), -16);
    const gone = i32x4.splat(column);
    for (let r: usize = 0; r < end; r += 16) {
      let same = i32x4.bitmask(i32x4.eq(v128.load(where + r), gone));
      while (same != 0) {
        const row = r + (<usize>ctz(same) << 2);
        findBest(sims + (row >> 2) * (<usize>columns << 2), taken, columns, best + row, where + row);
        same &= same - 1;
      }
    }
  }
  return <f32>(sum / pairs);
}

// @ts-ignore: decorator
@inline
function largestLane(v: v128): f32 {
  const half = f32x4.max(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1));
  return f32x4.extract_lane(f32x4.max(half, v128.shuffle<f32>(half, half, 1, 0, 3, 2)), 0);
}

function findBest(line: usize, taken: usize, columns: i32, best: usize, where: usize): void {
  const end = <usize>columns << 2;
  let most = f32x4.add(v128.load(line), v128.load(taken));
  for (let c: usize = 16; c < end; c += 16) most = f32x4.max(most, f32x4.add(v128.load(line + c), v128.load(taken + c)));
  const value = largestLane(most);
  store<f32>(best, value);
  const wanted = f32x4.splat(value);
  for (let c: usize = 0; c < end; c += 16) {
    const bits = i32x4.bitmask(f32x4.eq(f32x4.add(v128.load(line + c), v128.load(taken + c)), wanted));
    if (bits != 0) {
      store<i32>(where, <i32>(c >> 2) + ctz(bits));
      return;
    }
  }
}

/**
 * Nearest centroid of each row: the largest row . centroid - |centroid|^2 / 2. Subtracts it from the row.
 * @param halves f32 [256]: |centroid|^2 / 2
 * @param sims room for f32 [rows][256]
 */
export function assign(vectors: usize, rows: i32, centroids: usize, halves: usize, stride: i32, ids: usize, idStep: i32, sims: usize, subtract: bool): void {
  products(centroids, 256, vectors, rows, stride, sims, 256);
  for (let row = 0; row < rows; row++) {
    const line = sims + (<usize>row << 10);
    let most = f32x4.splat(-1e30);
    for (let c: usize = 0; c < 1024; c += 16) {
      const value = f32x4.sub(v128.load(line + c), v128.load(halves + c));
      v128.store(line + c, value);
      most = f32x4.max(most, value);
    }
    const wanted = f32x4.splat(max(max(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1)), max(f32x4.extract_lane(most, 2), f32x4.extract_lane(most, 3))));
    let id = 0;
    for (let c: usize = 0; c < 1024; c += 16) {
      const bits = i32x4.bitmask(f32x4.eq(v128.load(line + c), wanted));
      if (bits != 0) {
        id = <i32>(c >> 2) + ctz(bits);
        break;
      }
    }
    store<u8>(ids + <usize>row * idStep, <u8>id);
    if (!subtract) continue;
    const vector = vectors + ((<usize>row * stride) << 2);
    const centroid = centroids + ((<usize>id * stride) << 2);
    for (let k: usize = 0; k < <usize>stride << 2; k += 16) v128.store(vector + k, f32x4.sub(v128.load(vector + k), v128.load(centroid + k)));
  }
}

/**
 * Rows packed in ten bits a number (src/engine/store/packedVectors.ts, which has the layout), to the last bit as it unpacks them.
 * @param width a multiple of 16
 * @param reference f32 rows; `referenceStep` is 0 where all rows go with one
 * @param out f32 [rows][width]
 */
export function unpack(packed: usize, rows: i32, width: i32, reference: usize, referenceStep: usize, out: usize): void {
  const places = i16x8(3, 12, 48, 192, 3, 12, 48, 192);
  const shifts = i16x8(256, 64, 16, 4, 256, 64, 16, 4);
  const bytes = <usize>width;
  for (let row: usize = 0; row < <usize>rows; row++) {
    const step = <f64>load<f32>(packed + (row << 2));
    const steps = f64x2.splat(step);
    const offset = f64x2.splat(-step * 511.5);
    const low = packed + (<usize>rows << 2) + row * bytes;
    const high = packed + (<usize>rows << 2) + <usize>rows * bytes + row * (bytes >> 2);
    const against = reference + row * referenceStep;
    const to = out + ((row * bytes) << 2);
    for (let k: usize = 0; k < bytes; k += 16) {
      const lows = v128.load(low + k);
      const four = v128.load32_zero(high + (k >> 2));
      // Four numbers share a byte of high bits.
      const first = i16x8.mul(v128.and(i16x8.extend_low_i8x16_u(i8x16.shuffle(four, four, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0)), places), shifts);
      const second = i16x8.mul(v128.and(i16x8.extend_low_i8x16_u(i8x16.shuffle(four, four, 2, 2, 2, 2, 3, 3, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0)), places), shifts);
      unpackEight(v128.or(i16x8.extend_low_i8x16_u(lows), first), steps, offset, against + (k << 2), to + (k << 2));
      unpackEight(v128.or(i16x8.extend_high_i8x16_u(lows), second), steps, offset, against + (k << 2) + 32, to + (k << 2) + 32);
    }
  }
}

// @ts-ignore: decorator
@inline
function unpackEight(codes: v128, steps: v128, offset: v128, reference: usize, out: usize): void {
  const left = i32x4.extend_low_i16x8_u(codes);
  const right = i32x4.extend_high_i16x8_u(codes);
  v128.store(out, unpackFour(left, steps, offset, v128.load(reference)));
  v128.store(out, unpackFour(right, steps, offset, v128.load(reference, 16)), 16);
}

// @ts-ignore: decorator
@inline
function unpackFour(codes: v128, steps: v128, offset: v128, reference: v128): v128 {
  const upper = v128.shuffle<i64>(codes, codes, 1, 0);
  const upperReference = v128.shuffle<i64>(reference, reference, 1, 0);
  const a = f64x2.add(f64x2.promote_low_f32x4(reference), f64x2.add(f64x2.mul(steps, f64x2.convert_low_i32x4_u(codes)), offset));
  const b = f64x2.add(f64x2.promote_low_f32x4(upperReference), f64x2.add(f64x2.mul(steps, f64x2.convert_low_i32x4_u(upper)), offset));
  return v128.shuffle<i64>(f32x4.demote_f64x2_zero(a), f32x4.demote_f64x2_zero(b), 0, 2);
}

/**
 * Dot products with the sums of the plain ranking, to the last bit: in float64, one number after another.
 * @param turned f64 [width][columns]: the query, its rows side by side; `columns` is a multiple of 16
 * @param out f32 [rightRows][columns]
 */
export function productsInOrder(turned: usize, columns: i32, right: usize, rightRows: i32, width: i32, rightStride: i32, out: usize): void {
  const line = <usize>columns << 3;
  for (let row = 0; row < rightRows; row++) {
    const from = right + ((<usize>row * rightStride) << 2);
    for (let column = 0; column < columns; column += 8) {
      let s0 = f64x2.splat(0), s1 = f64x2.splat(0), s2 = f64x2.splat(0), s3 = f64x2.splat(0);
      let q = turned + (<usize>column << 3);
      for (let k: usize = 0; k < <usize>width << 2; k += 4) {
        const x = f64x2.promote_low_f32x4(v128.load32_splat(from + k));
        s0 = f64x2.add(s0, f64x2.mul(v128.load(q), x));
        s1 = f64x2.add(s1, f64x2.mul(v128.load(q, 16), x));
        s2 = f64x2.add(s2, f64x2.mul(v128.load(q, 32), x));
        s3 = f64x2.add(s3, f64x2.mul(v128.load(q, 48), x));
        q += line;
      }
      const to = out + ((<usize>row * columns + column) << 2);
      v128.store(to, v128.shuffle<i64>(f32x4.demote_f64x2_zero(s0), f32x4.demote_f64x2_zero(s1), 0, 2));
      v128.store(to, v128.shuffle<i64>(f32x4.demote_f64x2_zero(s2), f32x4.demote_f64x2_zero(s3), 0, 2), 16);
    }
  }
}

/**
 * The 4-bit codes of residual rows.
 * @param turned f32 [rows][dims]: residuals in the basis of the codes
 * @param steps f32 [dims]: the width of a code's step
 * @param lengths f32 [rows]: squared length of each residual
 * @param errors receives how far each row lies from its approximation, in 1/200, rounded up
 */
export function quantise(turned: usize, rows: i32, dims: i32, steps: usize, lengths: usize, codes: usize, errors: usize): void {
  const half = dims >> 1;
  for (let row = 0; row < rows; row++) {
    const line = turned + ((<usize>row * dims) << 2);
    // |r - r'|^2 = |r|^2 - |turned|^2 + |turned - codes|^2, since the basis is orthonormal
    let error = load<f32>(lengths + (<usize>row << 2));
    for (let k = 0; k < dims; k += 32) {
      for (let n = 0; n < 16; n++) {
        let pair: u32 = 0;
        for (let side = 0; side < 2; side++) {
          const at = <usize>(k + side * 16 + n) << 2;
          const value = load<f32>(line + at);
          const step = load<f32>(steps + at);
          const code = step > 0 ? max<f32>(0, min<f32>(15, nearest(value / step + 7.5))) : 7;
          const off = value - (code - 7.5) * step;
          error += off * off - value * value;
          pair |= <u32>code << (side * 4);
        }
        store<u8>(codes + <usize>row * half + <usize>(k >> 1) + n, <u8>pair);
      }
    }
    store<u8>(errors + row, <u8>min<f32>(255, ceil(sqrt(max<f32>(0, error)) * 200 + 0.01)));
  }
}
