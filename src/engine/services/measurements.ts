/** Measurements and key images: kept with the study, each with the image it was made on. */
import type { Handlers, Measurement } from '../../shared/contract.ts';
import { EngineError } from '../../shared/errors.ts';
import type { Store } from '../store/openStore.ts';
import { keyImagePng, listKeyImages, listMeasurements, putKeyImage, putMeasurement, removeKeyImage, removeMeasurement } from '../store/measurements.ts';
import type { Library } from './library.ts';
import { findStack } from './studyImages.ts';

export interface MeasurementParts {
  readonly store: Store;
  readonly library: Library;
}

type Methods = 'measurements.list' | 'measurements.put' | 'measurements.remove' | 'keyImages.list' | 'keyImages.picture' | 'keyImages.put' | 'keyImages.remove';

const pngSignature = [0x89, 0x50, 0x4e, 0x47];

export function measurementHandlers({ store, library }: MeasurementParts): Pick<Handlers, Methods> {
  /** The image of a slice and its frame of reference, as the files say; a slice that was evened out between two images has none. */
  const placed = async <T extends Pick<Measurement, 'study' | 'series' | 'stack' | 'slice' | 'instance' | 'frameOfReference'>>(item: T): Promise<T> => {
    const stack = findStack(await library.images(item.study), item.series, item.stack);
    const { geometry, slices } = stack;
    if (geometry === null || (item.slice !== null && item.slice >= geometry.dims[2])) {
      throw new EngineError('bridge/bad-params', 'There is no such slice', { subject: 'measurement', advice: 'Open the series again' });
    }
    const instance = item.slice === null || geometry.slicing !== 'direct' ? null : (slices[item.slice]?.instance.sopInstanceUid ?? null);
    return { ...item, instance, frameOfReference: geometry.frameOfReferenceUid };
  };
  return {
    'measurements.list': ({ study }) => listMeasurements(store.db, library.study(study).uid),
    'measurements.put': async ({ measurement }) => {
      const item = await placed(measurement);
      putMeasurement(store.db, item);
      return item;
    },
    'measurements.remove': ({ study, id }) => {
      removeMeasurement(store.db, study, id);
      return {};
    },
    'keyImages.list': ({ study }) => listKeyImages(store.db, library.study(study).uid),
    'keyImages.picture': ({ study, id }) => {
      const png = keyImagePng(store.db, study, id);
      if (png === undefined) throw new EngineError('store/not-found', 'The key image is not stored here', { subject: 'key image', advice: 'Open the study again' });
      return { png: new Uint8Array(png) };
    },
    'keyImages.put': async ({ keyImage, png }) => {
      if (!pngSignature.every((byte, at) => png[at] === byte)) throw new EngineError('bridge/bad-params', 'A key image is a PNG', { subject: 'key image', advice: 'Mark the slice again' });
      const item = await placed(keyImage);
      putKeyImage(store.db, item, png);
      return item;
    },
    'keyImages.remove': ({ study, id }) => {
      removeKeyImage(store.db, study, id);
      return {};
    },
  };
}
