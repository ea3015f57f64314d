/** Puts together what writers of outputs take: what was signed, and what the stored files say of the study. */
import { createHash } from 'node:crypto';
import type { KeyImage as StoredKeyImage, Measurement, SignedReport } from '../../shared/contract.ts';
import { EngineError } from '../../shared/errors.ts';
import { readAttributes } from '../archive/dicomFile.ts';
import type { InstanceHeader } from '../dicom/types.ts';
import { lesionMask } from '../findings/lesionMask.ts';
import { identityOf, identityOfRemoved, identityOfStored } from '../outputs/report/identity.ts';
import type { KeyImage, SignedStudy, StudyIdentity } from '../outputs/report/signedStudy.ts';
import type { LesionSource } from '../outputs/seg/lesionSegmentation.ts';
import { imageOf, placeMeasurement } from '../outputs/sr/placeMeasurement.ts';
import { packStamp, type Pack } from '../pack/pack.ts';
import { canonicalJson } from '../report/canonicalJson.ts';
import { keyImagePng, listKeyImages } from '../store/measurements.ts';
import type { Store } from '../store/openStore.ts';
import { signedReports } from '../store/reports.ts';
import { engineVersion } from '../version.ts';
import type { Analyses } from './analysis.ts';
import type { Library } from './library.ts';
import { isUsable, type Models } from './models.ts';
import type { StudyImages } from './studyImages.ts';

export interface SignedStudiesParts {
  readonly store: Store;
  readonly library: Library;
  readonly analyses: Analyses;
  readonly models: Models;
}

export const software = { name: 'brat desktop', version: engineVersion } as const;

interface Images {
  readonly identity: StudyIdentity;
  /** Null where the study was removed. */
  readonly images: StudyImages | null;
  /** Why no object of DICOM, FHIR or HL7 can be made, or null. */
  readonly refusal: EngineError | null;
}

export class SignedStudies {
  readonly #parts: SignedStudiesParts;

  constructor(parts: SignedStudiesParts) {
    this.#parts = parts;
  }

  /**
   * Signed reports of a study, the first one first.
   * @param number one of them alone
   * @throws EngineError `outputs/not-signed`, `store/not-found`, `store/damaged`
   */
  reports(study: string, number: number | null): [SignedReport, ...SignedReport[]] {
    const { store: { db }, library } = this.#parts;
    const all = signedReports(db, study);
    if (all.length === 0) library.study(study);
    const [first, ...rest] = number === null ? all : all.filter((report) => report.number === number);
    if (first === undefined) throw notSigned(number === null || all.length === 0 ? 'The report of this study is not signed' : 'There is no signed addendum of this number');
    return [first, ...rest];
  }

  /** For people to read, whatever became of the images. */
  async forPeople([report, ...addenda]: readonly [SignedReport, ...SignedReport[]]): Promise<SignedStudy> {
    const { identity, images } = await this.#images(report.study);
    const shown = [report, ...addenda].flatMap(({ keyImages }) => keyImages ?? []);
    return { report, addenda, study: identity, measurements: [], keyImages: this.#keyImages(shown, images), software };
  }

  /**
   * For other systems, one report by itself. A measurement that an earlier report had is left to that one.
   * @throws EngineError `outputs/not-dicom`, `store/not-found`, `import/not-found` and what reading a file throws
   */
  async forSystems(report: SignedReport): Promise<SignedStudy> {
    const { identity, images, refusal } = await this.#images(report.study);
    if (refusal !== null) throw refusal;
    const before = new Set(signedReports(this.#parts.store.db, report.study).filter(({ number }) => number < report.number).flatMap(({ measurements = [] }) => measurements.map(canonicalJson)));
    const measurements = (report.measurements ?? []).filter((measurement) => !before.has(canonicalJson(measurement)));
    return {
      report, study: identity, keyImages: this.#keyImages(report.keyImages ?? [], images), software,
      measurements: measurements.map((measurement) => placeMeasurement(measurement, stackOf(images, measurement))),
    };
  }

  /** Who the study is about and its marked images, for a draft. @throws EngineError `store/not-found` */
  async asStored(study: string): Promise<Pick<SignedStudy, 'study' | 'keyImages'>> {
    const { store: { db }, library } = this.#parts;
    library.study(study);
    const { identity, images } = await this.#images(study);
    return { study: identity, keyImages: this.#keyImages(listKeyImages(db, study), images) };
  }

  /**
   * The mask of the lesion head on the images it was made of.
   * @param report its pack says whose mask; where no machine had a part in it, that of the pack in use
   * @throws EngineError `pack/not-found`, `pack/no-lesion-head`, `outputs/nothing-to-write`, `outputs/no-geometry`, `select/…`
   */
  async lesions({ study, pack: stamp }: SignedReport): Promise<LesionSource> {
    const { analyses, models } = this.#parts;
    const pack = stamp === null ? await models.pack() : await this.#installed(stamp);
    const { channels, found } = await analyses.stored(study, pack);
    if (found === null) throw new EngineError('outputs/nothing-to-write', 'The study was not read by this model pack, or another series was chosen since', { subject: 'segmentation', advice: 'Process the study again, or export the report without it' });
    const { slices, geometry } = channels.first;
    if (geometry.slicing !== 'direct' || geometry.frameOfReferenceUid === '' || slices.some(({ tile, instance }) => tile !== undefined || instance.kind !== 'dicom')) {
      throw new EngineError('outputs/no-geometry', 'The slices that were read are not images of one even grid, so a segmentation cannot name them', { subject: 'segmentation', advice: 'Export the report without it' });
    }
    return { mask: lesionMask({ channels, found }, pack), images: slices.map(imageOf), frameOfReference: geometry.frameOfReferenceUid, pack: packStamp(pack) };
  }

  async #installed({ id, version }: { readonly id: string; readonly version: string }): Promise<Pack> {
    const found = (await this.#parts.models.packs()).filter(isUsable).find(({ manifest }) => manifest.id === id && manifest.version === version);
    if (!found) throw new EngineError('pack/not-found', `The model pack ${id}@${version} that read this study is not installed`, { subject: `${id}@${version}`, advice: 'Install it again, or export the report without the segmentation' });
    return found;
  }

  async #images(study: string): Promise<Images> {
    const { library } = this.#parts;
    if (!library.has(study)) {
      return { identity: identityOfRemoved(study), images: null, refusal: new EngineError('store/not-found', 'The images of this report were removed, and with them who it is about', { subject: 'study', advice: 'Import the study again, or export text or a PDF' }) };
    }
    const { attributes } = library.study(study);
    const images = await library.images(study);
    const image = firstImage(images);
    if (image === null) {
      return { identity: identityOfStored(attributes, study), images, refusal: new EngineError('outputs/not-dicom', 'The study is no DICOM study, so it has no identity that another system knows', { subject: 'study', advice: 'Export text or a PDF' }) };
    }
    try {
      return { identity: identityOf(await readAttributes(image.source), study), images, refusal: null };
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      return { identity: identityOfStored(attributes, study), images, refusal: error };
    }
  }

  /** Pictures that are still stored as they were signed; any other would not be what the reader saw. */
  #keyImages(wanted: readonly (StoredKeyImage & { readonly sha256?: string })[], images: StudyImages | null): KeyImage[] {
    const { db } = this.#parts.store;
    const seen = new Set<string>();
    return wanted.flatMap((image) => {
      if (seen.has(image.id)) return [];
      seen.add(image.id);
      const png = keyImagePng(db, image.study, image.id);
      if (png === undefined || (image.sha256 !== undefined && createHash('sha256').update(png).digest('hex') !== image.sha256)) return [];
      const series = images?.candidates.find(({ series: { seriesUid } }) => seriesUid === image.series)?.series.instances[0]?.sequence.seriesDescription ?? '';
      return [{ png, caption: [image.label.trim(), series, image.slice === null ? image.plane : `slice ${image.slice + 1}`].filter((part) => part !== '').join(', ') }];
    });
  }
}

export const notSigned = (message: string): EngineError => new EngineError('outputs/not-signed', message, { subject: 'report', advice: 'Sign it first; until then only a copy marked as a draft can be made' });

/** An image of the series that was chosen, else any of the study; null for a study without DICOM images. */
function firstImage({ candidates, choice }: StudyImages): InstanceHeader | null {
  const instances = candidates.map(({ series }) => series).sort((a, b) => Number(b.seriesUid === choice.chosen?.seriesUid) - Number(a.seriesUid === choice.chosen?.seriesUid)).flatMap((series) => series.instances);
  return instances.find(({ kind }) => kind === 'dicom') ?? null;
}

const stackOf = (images: StudyImages | null, { series, stack }: Measurement): Parameters<typeof placeMeasurement>[1] =>
  images?.candidates.find(({ series: { seriesUid } }) => seriesUid === series)?.stacks[stack] ?? null;
