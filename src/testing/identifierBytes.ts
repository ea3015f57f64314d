/** Every file of an output searched for what must not be in it, and the pixel data element as dicom-parser finds it. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import dicomParser from 'dicom-parser';
import type { DataSet } from 'dicom-parser';

export const filesBelow = (folder: string): string[] => readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort().map((name) => join(folder, name)).filter((path) => statSync(path).isFile());

/** The data set as dicom-parser reads it, inflated where it is deflated. */
export const parsedFile = (file: string): DataSet => dicomParser.parseDicom(readFileSync(file));

export const text = (dataSet: DataSet, tag: string): string | undefined => dataSet.string(`x${tag}`);

/** The value of (7FE0,0010) with all its fragments and delimiters. */
export function pixelBytes(file: string): Buffer {
  const dataSet = parsedFile(file);
  const { dataOffset, length } = dataSet.elements['x7fe00010']!;
  return Buffer.from(dataSet.byteArray.subarray(dataOffset, dataOffset + length));
}

/** What a reader of the bytes sees: the file, its pixels left out (any three letters occur in them), inflated. */
function readableBytes(file: string): string {
  if (!file.endsWith('.dcm')) return readFileSync(file, 'utf8');
  const dataSet = parsedFile(file);
  const end = dataSet.elements['x7fe00010']?.dataOffset ?? dataSet.byteArray.length;
  return Buffer.from(dataSet.byteArray.subarray(0, end)).toString('latin1');
}

/** @returns each word with the file it was found in, in any case; words of two letters or fewer are not looked for */
export function foundIn(folder: string, words: readonly string[]): string[] {
  const wanted = [...new Set(words.map((word) => word.toLowerCase()))].filter((word) => word.length > 2);
  return filesBelow(folder).flatMap((file) => {
    const all = readableBytes(file).toLowerCase();
    return [...wanted.filter((word) => all.includes(word)), ...wanted.filter((word) => file.slice(folder.length).toLowerCase().includes(word))].map((word) => `${word} in ${file.slice(folder.length + 1)}`);
  });
}
