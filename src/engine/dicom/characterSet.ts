/**
 * Turns the bytes of DICOM text into strings (PS3.3 C.12.1.1.2, PS3.5 section 6.1 and annexes H to K): single
 * character sets, the multi-byte sets without code extensions, and ISO 2022 escapes between sets in one value.
 * Wrong declarations are common, so nothing here throws: what cannot be decoded is shown as well as can be.
 */
import iconv from 'iconv-lite';

export type DecodeText = (bytes: Uint8Array) => string;

/** How the two halves of the byte range are read: G0 below 0x80, G1 from 0x80. */
interface CodeElement {
  readonly half: 0 | 1;
  readonly width: 1 | 2;
  readonly decode: DecodeText;
}

const withEncoding = (encoding: string): DecodeText => (bytes) => iconv.decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), encoding);
const withHighBit = (decode: DecodeText, prefix?: number): DecodeText => (bytes) => {
  const raised: number[] = [];
  for (let i = 0; i + 1 < bytes.length; i += 2) {
    if (prefix !== undefined) raised.push(prefix);
    raised.push(bytes[i]! | 0x80, bytes[i + 1]! | 0x80);
  }
  return decode(Uint8Array.from(raised));
};

const ascii: CodeElement = { half: 0, width: 1, decode: withEncoding('ascii') };
const latin1: CodeElement = { half: 1, width: 1, decode: withEncoding('latin1') };
const upper = (encoding: string, width: 1 | 2 = 1): CodeElement => ({ half: 1, width, decode: withEncoding(encoding) });
const japaneseRoman: CodeElement = { half: 0, width: 1, decode: withEncoding('ascii') };
const halfWidthKatakana = upper('shift_jis');

/** Single-byte G1 sets by the number in their defined term: ISO_IR 100 or ISO 2022 IR 100. */
const upperByRegistration: Readonly<Record<string, CodeElement>> = {
  100: latin1, 101: upper('iso-8859-2'), 109: upper('iso-8859-3'), 110: upper('iso-8859-4'), 144: upper('iso-8859-5'), 127: upper('iso-8859-6'),
  126: upper('iso-8859-7'), 138: upper('iso-8859-8'), 148: upper('iso-8859-9'), 166: upper('tis620'), 203: upper('iso-8859-15'), 13: halfWidthKatakana,
  149: upper('euc-kr', 2), 58: upper('gbk', 2),
};

/** Escape sequences without their ESC byte, as text (PS3.3 tables C.12-3 and C.12-4). */
const escapes: Readonly<Record<string, CodeElement>> = {
  '(B': ascii, '(J': japaneseRoman, ')I': halfWidthKatakana,
  '-A': latin1, '-B': upperByRegistration[101]!, '-C': upperByRegistration[109]!, '-D': upperByRegistration[110]!, '-L': upperByRegistration[144]!,
  '-G': upperByRegistration[127]!, '-F': upperByRegistration[126]!, '-H': upperByRegistration[138]!, '-M': upperByRegistration[148]!,
  '-T': upperByRegistration[166]!, '-b': upperByRegistration[203]!,
  '$B': { half: 0, width: 2, decode: withHighBit(withEncoding('euc-jp')) },
  '$(D': { half: 0, width: 2, decode: withHighBit(withEncoding('euc-jp'), 0x8f) },
  '$)C': upperByRegistration[149]!, '$)A': upperByRegistration[58]!,
};

/** Text that declares nothing, or something unknown: UTF-8 when it is valid UTF-8, else Latin-1. */
const guess: DecodeText = (bytes) => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return latin1.decode(bytes);
  }
};

/** Sets that take over the whole byte range and allow no escapes (PS3.3 table C.12-5), and common misspellings. */
const wholeRange: Readonly<Record<string, DecodeText>> = {
  'ISO IR 192': guess, 'UTF 8': guess, UTF8: guess, GB18030: withEncoding('gb18030'), GBK: withEncoding('gbk'), 'ISO 2022 GBK': withEncoding('gbk'), 'ISO 2022 58': withEncoding('gbk'),
};

/**
 * A decoder for the values of SpecificCharacterSet (0008,0005).
 * @param terms the attribute's values, first one the initial set; empty or absent means the default repertoire
 */
export function textDecoder(terms: readonly string[]): DecodeText {
  const names = terms.map((term) => term.toUpperCase().replaceAll(/[\s_-]+/g, ' ').trim());
  const first = names[0] ?? '';
  const whole = wholeRange[first];
  if (whole !== undefined) return whole;
  const declared = names.some((name) => name !== '' && !/^ISO (2022 )?IR 6$/.test(name));
  if (!declared) return guess;
  const registration = /^ISO (?:2022 )?IR (\d+)$/.exec(first)?.[1] ?? '';
  const extensions = names.map((name) => upperByRegistration[/^ISO (?:2022 )?IR (\d+)$/.exec(name)?.[1] ?? '']).filter((element) => element !== undefined);
  // Writers leave out the first escape to a G1 set often enough that a lone extension is taken as the initial one.
  const initial = upperByRegistration[registration] ?? (extensions.length === 1 ? extensions[0]! : latin1);
  return (bytes) => decodeWithEscapes(bytes, initial);
}

/** Characters at which code extensions fall back to the initial sets (PS3.5 6.1.2.5.3). */
const isDelimiter = (byte: number): boolean => byte === 0x5c || byte === 0x5e || byte === 0x3d || byte === 0x0a || byte === 0x0c || byte === 0x0d || byte === 0x09;

function decodeWithEscapes(bytes: Uint8Array, initialUpper: CodeElement): string {
  let lower = ascii;
  let higher = initialUpper;
  let text = '';
  let position = 0;
  while (position < bytes.length) {
    const byte = bytes[position]!;
    if (byte === 0x1b) {
      const three = String.fromCharCode(...bytes.subarray(position + 1, position + 4));
      const name = [three, three.slice(0, 2)].find((candidate) => escapes[candidate] !== undefined);
      if (name === undefined) {
        position += 1;
        continue;
      }
      const element = escapes[name]!;
      if (element.half === 0) lower = element;
      else higher = element;
      position += 1 + name.length;
      continue;
    }
    const element = byte < 0x80 ? lower : higher;
    let end = position;
    while (end < bytes.length && bytes[end] !== 0x1b && bytes[end]! < 0x80 === byte < 0x80) {
      if (element.half === 0 && element.width === 1 && isDelimiter(bytes[end]!)) {
        end += 1;
        lower = ascii;
        higher = initialUpper;
        break;
      }
      end += element.half === 0 ? element.width : 1;
    }
    text += element.decode(bytes.subarray(position, Math.min(end, bytes.length)));
    position = end;
  }
  return text;
}
