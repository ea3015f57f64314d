/**
 * Rigid registration of two volumes of one patient: the motion under which the second tells most of the first
 * (mutualInformation.ts), from coarse to fine and from several starts, with a number for how far it can be trusted. It is
 * refused rather than shown where the fit is poor, since a wrong match of slices misleads more than none.
 */
import { lps, type Affine, type Lps } from '../../shared/geometry.ts';
import { headExtent } from './headExtent.ts';
import { coarser, coarserLevel, type Level, type VoxelGrid } from './level.ts';
import { likeness, movingLevel, sampleHead, type FixedSamples, type MovingLevel } from './mutualInformation.ts';
import { maximise } from './powell.ts';
import { disagreementMm, motionMatrix, moveOf, noMotion, turnOf, type Motion } from './rigid.ts';

/** Changes whenever the same two volumes may give another answer: stored ones of another version are made anew. */
export const registrationVersion = 1;

export interface RegistrationResult {
  /** Takes LPS mm of the fixed volume to LPS mm of the moving one; null if refused. */
  readonly toMoving: Affine | null;
  /**
   * How distinct the best fit is, 0..1: the part of the likeness that is lost by moving it 6 mm or 6 degrees off, over what a
   * sharp fit loses; 0 where there is nothing to register.
   */
  readonly quality: number;
  /** Distance at the edge of the brain between two fits made of different points, mm; null where nothing was fitted. */
  readonly spreadMm: number | null;
  /** Part of the fixed head that lies within the moving volume, 0..1. */
  readonly overlap: number;
  readonly movedMm: number;
  readonly turnedDeg: number;
  /** Why it was refused, or empty. */
  readonly refused: string;
}

const levelsMm = [8, 4, 2] as const;
const samplesOf = [3_000, 9_000, 32_000] as const;
/** Turns tried at the start, degrees about each axis. */
const startTurn = 14;
const keptStarts = 3;
/** Below these a fit is refused. */
const leastQuality = 0.45;
const leastOverlap = 0.4;
const mostSpreadMm = 1.5;
/** Nobody lies in a scanner like that. */
const mostTurnDeg = 50;
/** Part of its likeness that a sharp fit loses 6 mm or 6 degrees off. */
const sharpLoss = 0.5;
const offBy = 6;
/** Voxels along an axis of a level below which there is no depth to register in. */
const leastCells = 4;

/**
 * @param fixed the volume whose places are looked up
 * @param moving the volume they are looked up in
 */
export function registerVolumes(fixed: VoxelGrid, moving: VoxelGrid): RegistrationResult {
  const fixedLevels = pyramid(fixed);
  const movingLevels = pyramid(moving);
  const here = headExtent(fixedLevels[0]);
  const there = headExtent(movingLevels[0]);
  if (here === null || there === null) return refusal('One of the images is empty');
  if ([...fixedLevels[0].dims, ...movingLevels[0].dims].some((cells) => cells < leastCells)) return refusal('One of the images is too thin to be registered');

  const search = { centre: here.centre, coarse: fixedLevels[0], fixed: fixedLevels, moving: movingLevels.map(movingLevel) };
  const between = lps(there.centre[0] - here.centre[0], there.centre[1] - here.centre[1], there.centre[2] - here.centre[2]);
  const best = refine(search, coarseFits(search, between));
  const points = [2, 3].map((seed) => sampleHead(fixedLevels[2], fixedLevels[0], samplesOf[2], seed));
  const fits = points.map((samples) => fit(samples, search.moving[2]!, here.centre, best, { step: 1, tolerance: 0.02, rounds: 5 }));
  const matrices = fits.map(({ motion }) => motionMatrix(motion, here.centre));
  const spreadMm = disagreementMm(matrices[0]!, matrices[1]!, here.centre);
  const mean = fits[0]!.motion.map((value, n) => (value + fits[1]!.motion[n]!) / 2) as unknown as Motion;
  const toMoving = motionMatrix(mean, here.centre);
  const { overlap } = likeness(points[0]!, search.moving[2]!, toMoving);
  const quality = distinctness(points[0]!, search.moving[2]!, here.centre, mean);
  const turnedDeg = turnOf(toMoving);
  const movedMm = moveOf(toMoving, here.centre);
  const refused =
    overlap < leastOverlap ? 'The images hold too little of the same part of the head' :
    turnedDeg > mostTurnDeg ? 'The best fit turns the head further than anybody lies' :
    spreadMm > mostSpreadMm || quality < leastQuality ? 'No position fits clearly better than the others' : '';
  return { toMoving: refused === '' ? toMoving : null, quality, spreadMm, overlap, movedMm, turnedDeg, refused };
}

function refusal(refused: string): RegistrationResult {
  return { toMoving: null, quality: 0, spreadMm: null, overlap: 0, movedMm: 0, turnedDeg: 0, refused };
}

type Pyramid = readonly [Level, Level, Level];

function pyramid(volume: VoxelGrid): Pyramid {
  const fine = coarser(volume, levelsMm[2]);
  return [coarserLevel(fine, levelsMm[0]), coarserLevel(fine, levelsMm[1]), fine];
}

interface Search {
  readonly centre: Lps;
  readonly coarse: Level;
  readonly fixed: Pyramid;
  readonly moving: readonly MovingLevel[];
}

interface Fit {
  readonly motion: Motion;
  readonly value: number;
}

/** Fits at the coarsest level from where the heads lie, where they would lie on each other, and turned either way. */
function coarseFits({ centre, fixed, moving, coarse }: Search, between: Lps): Motion[] {
  const samples = sampleHead(fixed[0], coarse, samplesOf[0], 1);
  const turns: readonly (readonly [number, number, number])[] = [[0, 0, 0], [startTurn, 0, 0], [-startTurn, 0, 0], [0, startTurn, 0], [0, -startTurn, 0], [0, 0, startTurn], [0, 0, -startTurn]];
  const starts: Motion[] = [noMotion, ...turns.map((turn): Motion => [...turn, between[0], between[1], between[2]])];
  return starts
    .map((start) => fit(samples, moving[0]!, centre, start, { step: 6, tolerance: 0.5, rounds: 6 }))
    .sort((a, b) => b.value - a.value)
    .slice(0, keptStarts)
    .map(({ motion }) => motion);
}

function refine({ centre, fixed, moving, coarse }: Search, starts: readonly Motion[]): Motion {
  const samples = sampleHead(fixed[1], coarse, samplesOf[1], 1);
  return starts
    .map((start) => fit(samples, moving[1]!, centre, start, { step: 2, tolerance: 0.1, rounds: 6 }))
    .reduce((best, next) => (next.value > best.value ? next : best)).motion;
}

function fit(samples: FixedSamples, moving: MovingLevel, centre: Lps, start: Motion, options: { readonly step: number; readonly tolerance: number; readonly rounds: number }): Fit {
  const of = (motion: readonly number[]): number => valueOf(samples, moving, centre, motion as unknown as Motion);
  const { at, value } = maximise(of, start, options);
  return { motion: at as unknown as Motion, value };
}

/** Likeness, less where much of the head falls outside: a small overlap may look alike by chance. */
function valueOf(samples: FixedSamples, moving: MovingLevel, centre: Lps, motion: Motion): number {
  const { value, overlap } = likeness(samples, moving, motionMatrix(motion, centre));
  return value * Math.min(1, overlap / leastOverlap);
}

/** How much of the likeness is lost off the best fit, over what a sharp fit loses, 0..1. */
function distinctness(samples: FixedSamples, moving: MovingLevel, centre: Lps, best: Motion): number {
  const value = valueOf(samples, moving, centre, best);
  if (value <= 0) return 0;
  const losses = best.flatMap((_, axis) =>
    [-offBy, offBy].map((off) => 1 - valueOf(samples, moving, centre, best.map((x, n) => x + (n === axis ? off : 0)) as unknown as Motion) / value));
  const mean = losses.reduce((sum, loss) => sum + Math.max(0, loss), 0) / losses.length;
  return Math.min(1, mean / sharpLoss);
}
