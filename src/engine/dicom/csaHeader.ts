/**
 * Numbers from a Siemens CSA header (private element (0029,xx10)), formats CSA1 and CSA2, as described in nibabel's
 * documentation "Siemens format DICOM with CSA header". Little endian whatever the file is.
 */

const tagHeaderBytes = 84;
const itemHeaderBytes = 16;

/** The numeric values of one named element; empty when the header is absent, damaged or has no such element. */
export function readCsaNumbers(header: Uint8Array | null, name: string): number[] {
  if (header === null) return [];
  const bytes = Buffer.from(header.buffer, header.byteOffset, header.byteLength);
  const second = bytes.toString('latin1', 0, 4) === 'SV10';
  let position = second ? 8 : 0;
  if (bytes.length < position + 8) return [];
  const count = bytes.readUInt32LE(position);
  position += 8;
  let firstItems = 0;
  for (let index = 0; index < Math.min(count, 1000) && position + tagHeaderBytes <= bytes.length; index++) {
    const tagName = bytes.toString('latin1', position, position + 64).split('\0')[0]!;
    const items = bytes.readUInt32LE(position + 76);
    if (index === 0) firstItems = items;
    position += tagHeaderBytes;
    const values: number[] = [];
    for (let item = 0; item < Math.min(items, 1000) && position + itemHeaderBytes <= bytes.length; item++) {
      // CSA1 adds the item count of the first element to every length; CSA2 writes the plain length second.
      const length = second ? bytes.readUInt32LE(position + 4) : Math.max(0, bytes.readUInt32LE(position) - firstItems);
      position += itemHeaderBytes;
      if (position + length > bytes.length) return [];
      const value = Number.parseFloat(bytes.toString('latin1', position, position + length));
      if (Number.isFinite(value)) values.push(value);
      position += Math.ceil(length / 4) * 4;
    }
    if (tagName === name) return values;
  }
  return [];
}
