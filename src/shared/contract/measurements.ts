/** Measurements a reader made in the images, in patient space, and key images; both kept with the study. */
import * as z from 'zod';
import { method } from './schema.ts';
import { bytes, nothing, uid } from './words.ts';

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

/** A picture that shows what matters, as the reader saw it. */
export const keyImage = z.object({
  id: z.string().min(1).max(64),
  study: uid,
  series: uid,
  stack: z.int().min(0),
  frameOfReference: z.string(),
  /** SOP Instance UID of the slice and its k index; null for a plane across slices. */
  instance: z.string().nullable(),
  slice: z.int().min(0).nullable(),
  plane: z.enum(['axial', 'coronal', 'sagittal']),
  /** A place in the slice: what the reader looked at. */
  pointLps: lpsPoint,
  window: z.object({ center: z.number(), width: z.number().positive() }),
  inverted: z.boolean(),
  label: z.string().max(200),
  createdAt: z.string(),
});

export const measurementsMethods = {
  'measurements.list': method({ params: z.object({ study: uid }), result: z.array(measurement) }),
  /** Keeps a measurement, in place of one with its id. @returns it with the instance and frame of reference of its slice */
  'measurements.put': method({ params: z.object({ measurement }), result: measurement }),
  'measurements.remove': method({ params: z.object({ study: uid, id: z.string() }), result: nothing }),
  'keyImages.list': method({ params: z.object({ study: uid }), result: z.array(keyImage) }),
  /** 8-bit PNG of the picture at the reader's window, without lines or words over it. */
  'keyImages.picture': method({ params: z.object({ study: uid, id: z.string() }), result: z.object({ png: bytes }) }),
  'keyImages.put': method({ params: z.object({ keyImage, png: bytes.refine((png) => png.byteLength <= 16 * 2 ** 20, 'larger than 16 MB') }), result: keyImage }),
  'keyImages.remove': method({ params: z.object({ study: uid, id: z.string() }), result: nothing }),
} as const;

export type MeasurementKind = z.output<typeof measurementKind>;
export type Measurement = z.output<typeof measurement>;
export type KeyImage = z.output<typeof keyImage>;
