/** The attributes of one DICOM file, for what an image header has no room for: reports, and names to remove from them. */
import { Attributes } from '../dicom/attributes.ts';
import { readAt } from '../dicom/byteSource.ts';
import { hasPreamble, headBytes, parseUntilPixels } from '../dicom/dataSet.ts';
import { withFile } from '../dicom/header.ts';
import type { FileSource } from '../dicom/types.ts';

/** @throws EngineError as reading a header does */
export async function readAttributes(source: FileSource): Promise<Attributes> {
  return withFile(source, async (handle, size) => {
    const head = await readAt(handle, 0, Math.min(headBytes, size));
    return new Attributes((await parseUntilPixels(handle, size, head, source.name)).dataSet);
  });
}

/** Whether a file begins like a DICOM file, with preamble. */
export async function isDicomFile(path: string): Promise<boolean> {
  return withFile({ path, name: path }, async (handle, size) => hasPreamble(await readAt(handle, 0, Math.min(132, size)))).catch(() => false);
}
