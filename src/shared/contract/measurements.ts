/** Measurements a reader made in the images, in patient space, kept with the study. */
import { z } from 'zod';
import { uid } from './words.ts';

export const measurementKind = z.enum(['length', 'ellipse', 'angle', 'probe', 'arrow']);

const lpsPoint = z.tuple([z.number(), z.number(), z.number()]);

export const measurement = z.object({
  id: z.string().min(1).max(64),
  study: uid,
  series: uid,
  stack: z.int().min(0),
  frameOfReference: z.string(),
  /** SOP Instance UID of the slice it was drawn on, and its k index; null for a plane between or across slices. */
  instance: z.string().nullable(),
  slice: z.int().min(0).nullable(),
  kind: measurementKind,
  /**
   * LPS mm. length: both ends; angle: end, vertex, end; probe: the point; arrow: tip, tail; ellipse: four ends of its
   * axes, the longer axis first.
   */
  pointsLps: z.array(lpsPoint).min(1).max(8),
  /** Length in mm, angle in degrees, area in mm², or the value at a probe; null for an arrow. */
  value: z.number().nullable(),
  unit: z.enum(['mm', 'mm2', 'deg', 'value', 'none']),
  /** Image values within an ellipse. */
  statistics: z.object({ mean: z.number(), standardDeviation: z.number(), minimum: z.number(), maximum: z.number() }).nullable(),
  label: z.string().max(200),
  createdAt: z.string(),
});

export type MeasurementKind = z.output<typeof measurementKind>;
export type Measurement = z.output<typeof measurement>;
