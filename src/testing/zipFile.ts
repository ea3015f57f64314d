/** Zip archives made by code, honest or not, for tests of what unpacks them. */
import { crc32, deflateRawSync } from 'node:zlib';

export interface TestZipEntry {
  readonly name: string;
  readonly content: Uint8Array;
  readonly deflate?: boolean;
  /** Claimed instead of the true size. */
  readonly declaredSize?: number;
  /** Unix mode in the external attributes; 0o120777 makes a symbolic link. */
  readonly mode?: number;
  /** General purpose flags; bit 0 means encrypted. */
  readonly flags?: number;
}

export function zipFile(entries: readonly TestZipEntry[]): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const name = Buffer.from(entry.name);
    const data = entry.deflate === true ? deflateRawSync(entry.content) : Buffer.from(entry.content);
    const fixed = Buffer.alloc(26);
    fixed.writeUInt16LE(20, 0);
    fixed.writeUInt16LE(0x800 | (entry.flags ?? 0), 2);
    fixed.writeUInt16LE(entry.deflate === true ? 8 : 0, 4);
    fixed.writeUInt32LE(crc32(entry.content), 10);
    fixed.writeUInt32LE(data.length, 14);
    fixed.writeUInt32LE(entry.declaredSize ?? entry.content.length, 18);
    fixed.writeUInt16LE(name.length, 22);
    const body = Buffer.concat([Buffer.from('PK\x03\x04'), fixed, name, data]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(((entry.mode ?? 0o100644) << 16) >>> 0, 6);
    tail.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.from([20, 3]), fixed, tail, name]));
    bodies.push(body);
    offset += body.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.length, 4);
  end.writeUInt16LE(entries.length, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...bodies, central, Buffer.from('PK\x05\x06'), end]);
}
