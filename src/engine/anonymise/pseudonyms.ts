/**
 * Other identifiers in the place of real ones, made with a secret key of the data folder: the same input gives the same
 * output, so that studies of one patient stay together and references stay whole, and nobody without the key finds the way back.
 */
import { createHmac } from 'node:crypto';
import { parseDate } from '../dicom/values.ts';

/** What a patient is told apart by. */
export interface PatientKey {
  readonly patientId: string;
  readonly patientIdIssuer: string;
  readonly patientName: string;
  readonly birthDate: string;
  /** Stands for the patient where nothing else does. */
  readonly studyUid: string;
}

const dayMs = 86_400_000;
/** Dates move back by one to about ten years: far enough to hide the day, near enough for the calendar of any reader. */
const shiftDays = { least: 365, span: 3285 } as const;
/** Registered in the standard itself: SOP classes, transfer syntaxes, coding schemes, well-known frames of reference. */
const standardRoot = '1.2.840.10008.';

export class Pseudonyms {
  readonly #key: string;
  /** Patient's number and name in the output. */
  readonly patientId: string;
  readonly patientName: string;
  readonly #days: number;

  /** @param key secret, kept in the data folder */
  constructor(key: string, patient: PatientKey) {
    this.#key = key;
    const { patientId, patientIdIssuer, patientName, birthDate, studyUid } = patient;
    const who = patientId !== '' ? ['id', patientIdIssuer, patientId] : patientName !== '' ? ['name', patientName, birthDate] : ['study', studyUid];
    const mark = this.#digest('patient', ...who);
    this.patientId = `ANON-${mark.toString('hex', 0, 6).toUpperCase()}`;
    this.patientName = `Anonymised^${this.patientId.slice(5)}`;
    this.#days = -(shiftDays.least + (this.#digest('days', ...who).readUInt32BE(0) % shiftDays.span));
  }

  /** A UUID-derived identifier (PS3.5 annex B.2); identifiers of the standard itself stay. */
  uid(original: string): string {
    if (original === '' || original.startsWith(standardRoot)) return original;
    return `2.25.${BigInt(`0x${this.#digest('uid', original).toString('hex', 0, 16)}`).toString()}`;
  }

  /** An ISO day moved by the patient's offset; empty for what is no day. */
  isoDay(day: string): string {
    const at = Date.parse(`${day}T00:00:00Z`);
    return Number.isNaN(at) ? '' : new Date(at + this.#days * dayMs).toISOString().slice(0, 10);
  }

  /** A value of VR DA; empty where it cannot be read. */
  date(value: string): string {
    const day = parseDate(value);
    return day === '' ? '' : this.isoDay(day).replaceAll('-', '');
  }

  /** A value of VR DT, its day moved and its time kept; empty without a whole day. */
  dateTime(value: string): string {
    const [, day = '', rest = ''] = /^(\d{8})(\d{0,6}(?:\.\d{1,6})?(?:[+-]\d{4})?)$/.exec(value.trim()) ?? [];
    const moved = this.date(day);
    return moved === '' ? '' : `${moved}${rest}`;
  }

  #digest(...words: readonly string[]): Buffer {
    return createHmac('sha256', this.#key).update(JSON.stringify(words)).digest();
  }
}
