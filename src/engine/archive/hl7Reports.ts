/**
 * Reports in HL7 v2 ORU^R01 messages. One file holds one message or many (as they are, in a batch, or with MLLP's frames). An
 * order group (OBR with its OBX) is a report; only final and corrected ones count.
 */
import { createReadStream } from 'node:fs';
import { EngineError } from '../../shared/errors.ts';
import { parseHl7, type Hl7Message, type Hl7Segment } from './hl7Message.ts';
import type { ReportItem } from './reportRecord.ts';

/** Far more than a report with pictures in it; more is no message. */
const mostBytes = 64 * 2 ** 20;

/** DICOM's code for a study's identifier as the subject of an observation (PS3.20, CID 113014). */
const studyUidCodes = new Set(['113014', '110180']);
const uidPattern = /^[0-2](?:\.(?:0|[1-9]\d*)){2,}$/;

/** Messages of a file, one after another, so that a batch of any size takes the memory of one. @throws EngineError `reports/bad-message` */
async function* messagesOf(path: string, subject: string): AsyncGenerator<Buffer> {
  let held = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    held = Buffer.concat([held, chunk as Buffer]);
    for (let next = nextStart(held, 1); next > 0; next = nextStart(held, 1)) {
      yield* inner(held.subarray(0, next));
      held = held.subarray(next);
    }
    if (held.length > mostBytes) throw new EngineError('reports/bad-message', 'A message is larger than 64 MB', { subject, advice: 'Split the file' });
  }
  yield* inner(held);
}

/** Where the next message begins at or after `from`: MSH at the start of a line or of a frame; -1 if nowhere yet. */
function nextStart(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf('MSH', from, 'latin1'); at >= 0; at = bytes.indexOf('MSH', at + 1, 'latin1')) {
    if (at === 0 || [0x0a, 0x0d, 0x0b].includes(bytes[at - 1]!)) return at;
  }
  return -1;
}

/** A message without frames (0x0b … 0x1c) and without the envelope of a batch (FHS, BHS, BTS, FTS). */
function* inner(bytes: Buffer): Generator<Buffer> {
  const start = nextStart(bytes, 0);
  if (start < 0) return;
  const frameEnd = bytes.indexOf(0x1c, start);
  const envelope = /[\r\n](?:BTS|FTS)\W/.exec(bytes.subarray(start).toString('latin1'));
  yield bytes.subarray(start, Math.min(frameEnd < 0 ? bytes.length : frameEnd, envelope ? start + envelope.index : bytes.length));
}

/** All reports of a file, and why the rest is none. @throws EngineError `import/not-found` if it cannot be read */
export async function* readHl7File(path: string, source: string, encoding: string | null): AsyncGenerator<ReportItem> {
  let number = 0;
  for await (const bytes of messagesOf(path, source)) {
    number++;
    try {
      yield* reportsOf(parseHl7(bytes, encoding, source), source, number);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      yield { kind: 'problem', source, place: `message ${number}`, code: error.code === 'reports/bad-encoding' ? 'reports/bad-encoding' : 'reports/bad-message', reason: error.message };
    }
  }
  if (number === 0) yield { kind: 'problem', source, place: '', code: 'reports/bad-message', reason: 'It holds no HL7 message' };
}

function* reportsOf(message: Hl7Message, source: string, number: number): Generator<ReportItem> {
  const { segments } = message;
  const header = segments[0]!;
  const place = `message ${number}`;
  const [type = '', trigger = ''] = header.values(9)[0] ?? [];
  if (type !== 'ORU') {
    yield { kind: 'problem', source, place, code: 'reports/bad-message', reason: `It is ${[type, trigger].filter(Boolean).join('^') || 'a message without a type'}, not ORU^R01` };
    return;
  }
  let patients: string[] = [];
  let people: string[] = [];
  let before: Hl7Segment[] = [];
  let group: Hl7Segment[] | null = null;
  let orders = 0;
  const flush = (): ReportItem[] => (group ? [reportOfGroup(message, { group, before, patients, people, issued: header.text(7) }, source, `${place}, OBR ${orders}`)] : []);
  for (const segment of segments.slice(1)) {
    if (segment.name === 'PID') {
      yield* flush();
      group = null;
      before = [];
      patients = [2, 3, 4].flatMap((field) => segment.values(field).map(([id = '']) => id)).filter((id) => id !== '');
      people = [...personNames(segment, 5), ...personNames(segment, 9), ...personNames(segment, 6)];
    } else if (segment.name === 'PV1') {
      people = [...people, ...[7, 8, 9, 17].flatMap((field) => staffNames(segment, field))];
    } else if (segment.name === 'ORC') {
      yield* flush();
      group = null;
      before = [segment];
    } else if (segment.name === 'OBR') {
      yield* flush();
      if (group) before = [];
      group = [segment];
      orders++;
    } else {
      (group ?? before).push(segment);
    }
  }
  yield* flush();
  if (orders === 0) yield { kind: 'problem', source, place, code: 'reports/bad-message', reason: 'It has no OBR segment' };
}

/** XPN: family, given, further. */
const personNames = (segment: Hl7Segment, field: number): string[] => segment.values(field).map(([family = '', given = '', further = '']) => [family, given, further].filter(Boolean).join(' ')).filter(Boolean);
/** XCN and CNN: an id, then family, given, further. */
const staffNames = (segment: Hl7Segment, field: number): string[] => segment.values(field).map((parts) => parts.slice(1, 4).flatMap((part) => part.split('&')[0] ?? []).filter(Boolean).join(' ')).filter(Boolean);

interface Group {
  readonly group: readonly Hl7Segment[];
  /** Segments between the patient and the order. */
  readonly before: readonly Hl7Segment[];
  readonly patients: readonly string[];
  readonly people: readonly string[];
  readonly issued: string;
}

/** Result status (table 0123) that makes a report one to keep; a message without one is taken to be sent when done. */
const kept = new Set(['F', 'C', '']);
const statusWords: Readonly<Record<string, string>> = { P: 'preliminary', R: 'not verified', A: 'partial', S: 'scheduled', I: 'in progress', O: 'ordered', X: 'cancelled', Y: 'no order', Z: 'no patient' };

function reportOfGroup(message: Hl7Message, { group, before, patients, people, issued }: Group, source: string, place: string): ReportItem {
  const [order] = group as [Hl7Segment];
  const status = order.text(25).toUpperCase();
  if (!kept.has(status)) return { kind: 'problem', source, place, code: 'reports/not-final', reason: `Its status is ${statusWords[status] ?? status}` };
  const all = [...before, ...group];
  const observations = group.filter(({ name }) => name === 'OBX');
  const text = textOf(message, observations);
  if (text === '') {
    const document = observations.some((segment) => ['ED', 'RP'].includes(segment.text(2)));
    return { kind: 'problem', source, place, code: 'reports/empty', reason: document ? 'Its text is an embedded or linked document, which is not read' : 'It has no text' };
  }
  const imaging = all.find(({ name }) => name === 'IPC');
  const studyUid =
    [imaging?.text(3), all.find(({ name }) => name === 'ZDS')?.text(1), ...observations.filter((segment) => studyUidCodes.has(segment.text(3))).map((segment) => segment.text(5))].find((uid) => uid !== undefined && uidPattern.test(uid)) ?? '';
  return {
    kind: 'report', source, place, studyUid, patients, text,
    // Radiology puts the accession number into OBR-18 (IHE RAD TF-2, 4.1), else the filler's order number is it.
    accession: imaging?.text(1) || order.text(18) || order.text(3) || before.find(({ name }) => name === 'ORC')?.text(3) || '',
    people: [...people, ...[16, 28, 32, 33, 34, 35].flatMap((field) => staffNames(order, field))],
    issued: /^\d{8,14}/.exec(order.text(22) || issued)?.[0].padEnd(14, '0') ?? '',
  };
}

/** Lines of all text observations in order; another kind of observation begins a paragraph. Withdrawn ones are left out. */
function textOf(message: Hl7Message, observations: readonly Hl7Segment[]): string {
  const lines: string[] = [];
  let kind: string | null = null;
  for (const segment of observations) {
    const type = segment.text(2).toUpperCase();
    if (['D', 'W', 'X'].includes(segment.text(11).toUpperCase()) || studyUidCodes.has(segment.text(3))) continue;
    // Text is often sent with carets that were not escaped, so it is not cut into components.
    const own = ['TX', 'FT', 'ST', ''].includes(type) ? segment.raw(5).split(message.repetition).map((line) => message.unescape(line)) : ['CE', 'CWE'].includes(type) ? segment.values(5).map(([code = '', words = '']) => words || code) : [];
    if (own.length === 0) continue;
    if (kind !== null && kind !== segment.raw(3)) lines.push('');
    kind = segment.raw(3);
    lines.push(...own);
  }
  return lines.map((line) => line.trimEnd()).join('\n').replace(/\n{3,}/g, '\n\n').trim();
}
