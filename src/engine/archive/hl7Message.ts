/**
 * HL7 version 2 messages as segments, fields and components (HL7 2.5.1 chapter 2, "ER7" encoding). Only what reading
 * reports needs: delimiters are those each message declares, escape sequences are undone, nothing else is interpreted.
 */
import { EngineError } from '../../shared/errors.ts';
import { decodeText } from './decodeText.ts';

export interface Hl7Segment {
  /** MSH, PID, OBR, … */
  readonly name: string;
  /** The raw field as it stands, still escaped; 1 is the first after the name (for MSH, the delimiter itself). */
  raw(field: number): string;
  /** Repetitions of a field, components of each, unescaped. */
  values(field: number): string[][];
  /** First component of the first repetition, unescaped. */
  text(field: number): string;
}

export interface Hl7Message {
  readonly segments: readonly Hl7Segment[];
  /** Undoes escape sequences of this message: \F\ \S\ \T\ \R\ \E\, \Xdd..\, and formatting (\.br\, \H\, …) as line breaks or nothing. */
  unescape(text: string): string;
  /** Separates repetitions of a field. */
  readonly repetition: string;
}

/** HL7 table 0211 by the names iconv has; empty and ASCII are read as UTF-8, which holds ASCII. */
const characterSets: Readonly<Record<string, string>> = {
  '': 'utf-8', ASCII: 'utf-8', 'ISO IR6': 'utf-8', 'UNICODE UTF-8': 'utf-8', 'UTF-8': 'utf-8', UTF8: 'utf-8', '8859/1': 'windows-1252', '8859/2': 'iso-8859-2', '8859/3': 'iso-8859-3', '8859/4': 'iso-8859-4',
  '8859/5': 'iso-8859-5', '8859/6': 'iso-8859-6', '8859/7': 'iso-8859-7', '8859/8': 'iso-8859-8', '8859/9': 'iso-8859-9', '8859/15': 'iso-8859-15', 'GB 18030-2000': 'gb18030', 'BIG-5': 'big5',
};

const bad = (subject: string, what: string): EngineError => new EngineError('reports/bad-message', what, { subject, advice: 'Export the message again from the system that sent it' });

/**
 * Parses one message.
 * @param bytes from `MSH` on; segments end with CR, as the standard has it, or with LF or CRLF, as files often do
 * @param encoding what the user says the files are in, used where MSH-18 says nothing
 * @throws EngineError `reports/bad-message`, `reports/bad-encoding`
 */
export function parseHl7(bytes: Uint8Array, encoding: string | null, subject: string): Hl7Message {
  const head = Buffer.from(bytes.subarray(0, 4096)).toString('latin1');
  if (!head.startsWith('MSH') || head.length < 9) throw bad(subject, 'It does not begin with an MSH segment');
  const [field, component, repetition, escape, subcomponent] = [head[3]!, head[4]!, head[5]!, head[6]!, head[7]!];
  if (/[\w\s]/.test(field) || new Set([field, component, repetition, escape]).size < 4) throw bad(subject, 'Its MSH segment declares no usable delimiters');
  const declared = head.split(/[\r\n]/, 1)[0]!.split(field)[17]?.split(repetition)[0]?.trim().toUpperCase() ?? '';
  const known = characterSets[declared];
  if (known === undefined) throw new EngineError('reports/bad-encoding', `Its character set ${declared} is not read`, { subject, advice: 'Export it in UTF-8' });
  const text = decodeText(bytes, declared === '' ? encoding : known, subject);
  const unescape = unescaper({ field, component, repetition, escape, subcomponent: subcomponent === field ? '&' : subcomponent });
  const segments = text.split(/[\r\n]+/).filter((line) => line.trim() !== '').map((line): Hl7Segment => {
    const fields = line.split(field);
    const name = fields[0]!.trim();
    if (!/^[A-Z][A-Z0-9]{2}$/.test(name)) throw bad(subject, `A segment begins with ${JSON.stringify(name.slice(0, 8))}: the text before it holds a line break that is not escaped`);
    // The delimiter after MSH is a field of its own.
    if (name === 'MSH') fields.splice(1, 0, field);
    const raw = (at: number): string => fields[at] ?? '';
    const values = (at: number): string[][] => (raw(at) === '' ? [] : raw(at).split(repetition).map((part) => part.split(component).map((value) => unescape(value).trim())));
    return { name, raw, values, text: (at) => values(at)[0]?.[0] ?? '' };
  });
  return { segments, unescape, repetition };
}

interface Delimiters {
  readonly field: string;
  readonly component: string;
  readonly repetition: string;
  readonly escape: string;
  readonly subcomponent: string;
}

function unescaper({ field, component, repetition, escape, subcomponent }: Delimiters): (text: string) => string {
  const single: Readonly<Record<string, string>> = { F: field, S: component, T: subcomponent, R: repetition, E: escape, H: '', N: '' };
  const mark = escape.replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&');
  const sequence = new RegExp(`${mark}([^${mark}\\r\\n]{0,64})${mark}`, 'g');
  return (text) =>
    text.includes(escape)
      ? text.replace(sequence, (whole, name: string) => {
        if (name in single) return single[name]!;
        if (/^X(?:[0-9A-Fa-f]{2})+$/.test(name)) return Buffer.from(name.slice(1), 'hex').toString('latin1').replace(/\r\n?/g, '\n');
        // Formatting of FT (2.7.6): breaks, skipped and centred lines are new lines; indents and wrapping are nothing.
        if (/^\.(?:br|sp|sk|ce)/.test(name)) return '\n';
        if (/^\.(?:in|ti|fi|nf)/.test(name)) return '';
        // Character sets that change within a text (\C..\, \M..\) are left as they stand: text that cannot be read must be seen.
        return whole;
      })
      : text;
}
