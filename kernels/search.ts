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
 * Distances of every query row to every centroid as 16-bit steps below `top`, saturating: add, take the least, and a small
 * sum is a large similarity. Padding columns get the largest distance.
 */
export function distances(similarity: usize, rows: i32, real: i32, columns: i32, top: f32, steps: f32, out: usize): void {
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      const at = <usize>r * columns + c;
      const d = c < real ? (top - load<f32>(similarity + (at << 2))) * steps : 65535;
      store<u16>(out + (at << 1), <u16>max<f32>(0, min<f32>(65535, d)));
    }
  }
}

/**
 * First look at every case of a block: late interaction through centroids. Each row of a case is the sum of `levels`
 * centroids, whose distances to the query are in `tables` [levels][256][columns]. Writes the mean distance of the aligned
 * side (a lower bound of the distance that one-to-one alignment gives to the same centroids) and counts it.
 */
export function scan(ids: usize, spans: usize, mask: usize, count: i32, tables: usize, levels: i32, columns: i32, real: i32, out: usize, histogram: usize): void {
  const rowBytes = <usize>columns << 1;
  const levelBytes = rowBytes << 8;
  const padding = <u32>(columns - real) * 65535;
  for (let n = 0; n < count; n++) {
    if (load<u8>(mask + n) == 0) continue;
    const first = load<u32>(spans + (<usize>n << 3));
    const rows = load<u32>(spans + (<usize>n << 3), 4);
    if (rows == 0) continue;
    let id = ids + <usize>first * levels;
    let sum: u32 = 0;
    if (columns == 32 && levels == 3 && rows >= <u32>real) {
      sum = (leastOfThreeLevels(id, rows, tables) - padding) / <u32>real;
    } else if (rows >= <u32>real) {
      for (let from: usize = 0; from < rowBytes; from += 64) {
        const wide = rowBytes - from >= 64;
        let m0 = i16x8.splat(-1), m1 = i16x8.splat(-1), m2 = i16x8.splat(-1), m3 = i16x8.splat(-1);
        let at = id;
        for (let row: u32 = 0; row < rows; row++) {
          let p = tables + from + <usize>load<u8>(at) * rowBytes;
          let d0 = v128.load(p), d1 = v128.load(p, 16);
          if (wide) {
            let d2 = v128.load(p, 32), d3 = v128.load(p, 48);
            for (let level = 1; level < levels; level++) {
              p = tables + from + <usize>level * levelBytes + <usize>load<u8>(at + level) * rowBytes;
              d0 = i16x8.add_sat_u(d0, v128.load(p));
              d1 = i16x8.add_sat_u(d1, v128.load(p, 16));
              d2 = i16x8.add_sat_u(d2, v128.load(p, 32));
              d3 = i16x8.add_sat_u(d3, v128.load(p, 48));
            }
            m2 = i16x8.min_u(m2, d2);
            m3 = i16x8.min_u(m3, d3);
          } else {
            for (let level = 1; level < levels; level++) {
              p = tables + from + <usize>level * levelBytes + <usize>load<u8>(at + level) * rowBytes;
              d0 = i16x8.add_sat_u(d0, v128.load(p));
              d1 = i16x8.add_sat_u(d1, v128.load(p, 16));
            }
          }
          m0 = i16x8.min_u(m0, d0);
          m1 = i16x8.min_u(m1, d1);
          at += levels;
        }
        let s = i32x4.add(i32x4.extadd_pairwise_i16x8_u(m0), i32x4.extadd_pairwise_i16x8_u(m1));
        if (wide) s = i32x4.add(s, i32x4.add(i32x4.extadd_pairwise_i16x8_u(m2), i32x4.extadd_pairwise_i16x8_u(m3)));
        sum += i32x4.extract_lane(s, 0) + i32x4.extract_lane(s, 1) + i32x4.extract_lane(s, 2) + i32x4.extract_lane(s, 3);
      }
      sum = (sum - padding) / <u32>real;
    } else {
      // Fewer rows than the query has: each row of the case is aligned, with the nearest row of the query.
      for (let row: u32 = 0; row < rows; row++) {
        let least = i16x8.splat(-1);
        for (let from: usize = 0; from < rowBytes; from += 16) {
          let d = v128.load(tables + from + <usize>load<u8>(id) * rowBytes);
          for (let level = 1; level < levels; level++) d = i16x8.add_sat_u(d, v128.load(tables + from + <usize>level * levelBytes + <usize>load<u8>(id + level) * rowBytes));
          least = i16x8.min_u(least, d);
        }
        least = i16x8.min_u(least, v128.shuffle<i16>(least, least, 4, 5, 6, 7, 0, 1, 2, 3));
        least = i16x8.min_u(least, v128.shuffle<i16>(least, least, 2, 3, 0, 1, 6, 7, 4, 5));
        least = i16x8.min_u(least, v128.shuffle<i16>(least, least, 1, 0, 3, 2, 5, 4, 7, 6));
        sum += i16x8.extract_lane_u(least, 0);
        id += levels;
      }
      sum /= rows;
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
  let m0 = i16x8.splat(-1), m1 = i16x8.splat(-1), m2 = i16x8.splat(-1), m3 = i16x8.splat(-1);
  const end = ids + rows * 3;
  for (let at = ids; at < end; at += 3) {
    const a = tables + (<usize>load<u8>(at) << 6);
    const b = tables + (<usize>load<u8>(at, 1) << 6);
    const c = tables + (<usize>load<u8>(at, 2) << 6);
    m0 = i16x8.min_u(m0, i16x8.add_sat_u(i16x8.add_sat_u(v128.load(a), v128.load(b, 16384)), v128.load(c, 32768)));
    m1 = i16x8.min_u(m1, i16x8.add_sat_u(i16x8.add_sat_u(v128.load(a, 16), v128.load(b, 16400)), v128.load(c, 32784)));
    m2 = i16x8.min_u(m2, i16x8.add_sat_u(i16x8.add_sat_u(v128.load(a, 32), v128.load(b, 16416)), v128.load(c, 32800)));
    m3 = i16x8.min_u(m3, i16x8.add_sat_u(i16x8.add_sat_u(v128.load(a, 48), v128.load(b, 16432)), v128.load(c, 32816)));
  }
  const s = i32x4.add(
    i32x4.add(i32x4.extadd_pairwise_i16x8_u(m0), i32x4.extadd_pairwise_i16x8_u(m1)),
    i32x4.add(i32x4.extadd_pairwise_i16x8_u(m2), i32x4.extadd_pairwise_i16x8_u(m3)),
  );
  return i32x4.extract_lane(s, 0) + i32x4.extract_lane(s, 1) + i32x4.extract_lane(s, 2) + i32x4.extract_lane(s, 3);
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
  const nibble = i8x16.splat(15);
  const groupBytes = <usize>columns << 2;
  for (let row = 0; row < rows; row += 2) {
    const other = min(row + 1, rows - 1);
    for (let side = 0; side < 2; side++) {
      const from = codes + <usize>(side == 0 ? row : other) * half;
      const to = scratch + <usize>side * dims;
      for (let k = 0; k < half; k += 16) {
        const pair = v128.load(from + k);
        v128.store(to + (<usize>k << 1), v128.and(pair, nibble));
        v128.store(to + (<usize>k << 1), i8x16.shr_u(pair, 4), 16);
      }
    }
    const simsA = sims + ((<usize>row * columns) << 2);
    const simsB = sims + ((<usize>other * columns) << 2);
    for (let block = 0; block < columns; block += 16) {
      let a0 = i32x4.splat(0), a1 = i32x4.splat(0), a2 = i32x4.splat(0), a3 = i32x4.splat(0);
      let b0 = i32x4.splat(0), b1 = i32x4.splat(0), b2 = i32x4.splat(0), b3 = i32x4.splat(0);
      let q = query + (<usize>block << 2);
      for (let k = 0; k < dims; k += 4) {
        const x = v128.load32_splat(scratch + k);
        const y = v128.load32_splat(scratch + dims + k);
        const q0 = v128.load(q), q1 = v128.load(q, 16);
        a0 = i32x4.relaxed_dot_i8x16_i7x16_add_s(q0, x, a0);
        b0 = i32x4.relaxed_dot_i8x16_i7x16_add_s(q0, y, b0);
        a1 = i32x4.relaxed_dot_i8x16_i7x16_add_s(q1, x, a1);
        b1 = i32x4.relaxed_dot_i8x16_i7x16_add_s(q1, y, b1);
        const q2 = v128.load(q, 32), q3 = v128.load(q, 48);
        a2 = i32x4.relaxed_dot_i8x16_i7x16_add_s(q2, x, a2);
        b2 = i32x4.relaxed_dot_i8x16_i7x16_add_s(q2, y, b2);
        a3 = i32x4.relaxed_dot_i8x16_i7x16_add_s(q3, x, a3);
        b3 = i32x4.relaxed_dot_i8x16_i7x16_add_s(q3, y, b3);
        q += groupBytes;
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
