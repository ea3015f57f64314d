/** The part of fontkit used here; the package ships no types. */
declare module 'fontkit' {
  export function openSync(file: string): { hasGlyphForCodePoint(codePoint: number): boolean };
}
