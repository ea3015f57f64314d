/**
 * Viridis (CC0, of matplotlib), by 9 anchors: readable with every kind of colour vision, and its lightness alone tells
 * high from low. Weak attention fades out, so that the image below stays readable.
 */
const anchors: readonly (readonly [number, number, number])[] = [
  [68, 1, 84], [72, 40, 120], [62, 74, 137], [49, 104, 142], [38, 130, 142], [31, 158, 137], [53, 183, 121], [109, 205, 89], [253, 231, 37],
];

/** RGBA bytes of 256 steps from 0 to 1; alpha grows with the value and is scaled by the reader's opacity elsewhere. */
export const attentionColours: Uint8ClampedArray = (() => {
  const table = new Uint8ClampedArray(256 * 4);
  for (let at = 0; at < 256; at++) {
    const place = (at / 255) * (anchors.length - 1);
    const low = Math.min(anchors.length - 2, Math.floor(place));
    const part = place - low;
    for (let c = 0; c < 3; c++) table[4 * at + c] = anchors[low]![c]! * (1 - part) + anchors[low + 1]![c]! * part;
    table[4 * at + 3] = 255 * Math.min(1, Math.max(0, (at / 255 - 0.25) / 0.75));
  }
  return table;
})();

/** The same as a CSS gradient, for the legend. */
export const attentionGradient = `linear-gradient(to right, ${anchors.map((c) => `rgb(${c.join(' ')})`).join(', ')})`;
