/**
 * Reads what a compressed frame says of its own size, before a codec takes memory for it: the frame header of JPEG and
 * JPEG-LS (ITU-T T.81 B.2.2, T.87 C.2.2) and the SIZ segment of JPEG 2000 (T.800 A.5.1), bare or in a JP2 box.
 */

export interface CodestreamSize {
  readonly columns: number;
  readonly rows: number;
  readonly components: number;
  readonly precision: number;
  /** JPEG 2000 only: the component is signed. */
  readonly signed: boolean;
}

/** @returns null when there is no such header */
export function codestreamSize(bytes: Uint8Array): CodestreamSize | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length > 4 && view.getUint16(0) === 0xffd8) return jpegSize(view);
  const start = jpeg2000Start(bytes);
  return start === null ? null : jpeg2000Size(new DataView(bytes.buffer, bytes.byteOffset + start, bytes.byteLength - start));
}

function jpegSize(view: DataView): CodestreamSize | null {
  let position = 2;
  while (position + 10 <= view.byteLength) {
    if (view.getUint8(position) !== 0xff) return null;
    const marker = view.getUint8(position + 1);
    if (marker === 0xff) {
      position += 1;
      continue;
    }
    // SOF0 to SOF15 without DHT, JPG and DAC; SOF55 is JPEG-LS.
    const startOfFrame = (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) || marker === 0xf7;
    if (startOfFrame) {
      return { precision: view.getUint8(position + 4), rows: view.getUint16(position + 5), columns: view.getUint16(position + 7), components: view.getUint8(position + 9), signed: false };
    }
    if (marker === 0xda || marker === 0xd9) return null;
    position += 2 + view.getUint16(position + 2);
  }
  return null;
}

/** Offset of the SOC marker: 0 for a bare codestream, within the first bytes of a JP2 file otherwise. */
function jpeg2000Start(bytes: Uint8Array): number | null {
  const limit = Math.min(bytes.length - 4, 4096);
  for (let i = 0; i <= limit; i++) {
    if (bytes[i] === 0xff && bytes[i + 1] === 0x4f && bytes[i + 2] === 0xff && bytes[i + 3] === 0x51) return i;
  }
  return null;
}

function jpeg2000Size(view: DataView): CodestreamSize | null {
  if (view.byteLength < 43) return null;
  const [right, bottom, left, top] = [view.getUint32(8), view.getUint32(12), view.getUint32(16), view.getUint32(20)];
  const depth = view.getUint8(42);
  return { columns: right - left, rows: bottom - top, components: view.getUint16(40), precision: (depth & 0x7f) + 1, signed: depth > 0x7f };
}
