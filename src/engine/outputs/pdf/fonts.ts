/** The fonts of printed reports, and text with nothing in it that they cannot show. */
import { createRequire } from 'node:module';
import { openSync } from 'fontkit';

const resolve = createRequire(import.meta.url).resolve;

/** DejaVu Sans: Latin, Greek, Cyrillic, Arabic, Hebrew, Armenian, Georgian and signs; no Chinese, Japanese or Korean. */
export const fonts = { regular: resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf'), bold: resolve('dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf') } as const;

let regular: ReturnType<typeof openSync> | undefined;

/** A character that the font lacks is written as its number, `[U+5C71]`, so that nothing is left out unseen. */
export function printable(text: string): string {
  regular ??= openSync(fonts.regular);
  const font = regular;
  return Array.from(text.replaceAll(/\r\n?/g, '\n').replaceAll('\t', ' '))
    .map((character) => (character === '\n' || font.hasGlyphForCodePoint(character.codePointAt(0)!) ? character : `[U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}]`))
    .join('');
}
