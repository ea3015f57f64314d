/** Bytes of a report as text, in an encoding that is known and never guessed: a wrong guess turns words into others unseen. */
import iconv from 'iconv-lite';
import { EngineError } from '../../shared/errors.ts';

const marks: readonly { readonly encoding: string; readonly bytes: readonly number[] }[] = [
  { encoding: 'utf-8', bytes: [0xef, 0xbb, 0xbf] },
  { encoding: 'utf-16le', bytes: [0xff, 0xfe] },
  { encoding: 'utf-16be', bytes: [0xfe, 0xff] },
];

/** Takes pieces of one file and gives their text. */
export interface TextDecoding {
  /** @throws EngineError `reports/bad-encoding` */
  push(piece: Uint8Array): string;
  end(): string;
}

const bad = (subject: string, message: string): EngineError =>
  new EngineError('reports/bad-encoding', message, { subject, advice: 'Save it as UTF-8, or name its encoding with --encoding, for example --encoding windows-1252' });

/** @throws EngineError `reports/bad-encoding` if there is no such encoding */
export function requireEncoding(encoding: string): void {
  const exists: boolean = iconv.encodingExists(encoding);
  if (!exists) throw bad(encoding, `There is no encoding ${encoding}`);
}

/**
 * A byte order mark decides; else the encoding the file is said to have; else it must be UTF-8.
 * @param head the first bytes of the file
 * @param encoding what the user or the file itself says, or null
 */
export function openDecoding(head: Uint8Array, encoding: string | null, subject: string): TextDecoding {
  const mark = marks.find(({ bytes }) => bytes.every((byte, at) => head[at] === byte));
  const chosen = mark?.encoding ?? encoding ?? 'utf-8';
  if (/^utf-?8$|^utf-16[lb]e$/i.test(chosen)) {
    const decoder = new TextDecoder(chosen, { fatal: true });
    const decode = (piece?: Uint8Array): string => {
      try {
        return decoder.decode(piece, { stream: piece !== undefined });
      } catch {
        throw bad(subject, encoding === null ? 'It is not UTF-8 text' : `It is not ${chosen} text`);
      }
    };
    return { push: (piece) => decode(piece), end: () => decode() };
  }
  requireEncoding(chosen);
  const decoder = iconv.getDecoder(chosen);
  const checked = (text: string): string => {
    if (text.includes('\ufffd')) throw bad(subject, `It is not ${chosen} text`);
    return text;
  };
  return { push: (piece) => checked(decoder.write(Buffer.from(piece))), end: () => checked(decoder.end() ?? '') };
}

/** The whole of a file that is in memory. @throws EngineError `reports/bad-encoding` */
export function decodeText(bytes: Uint8Array, encoding: string | null, subject: string): string {
  const decoding = openDecoding(bytes, encoding, subject);
  return decoding.push(bytes) + decoding.end();
}
