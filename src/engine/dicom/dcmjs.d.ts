/** The part of dcmjs used here; the package ships no types. */
declare module 'dcmjs' {
  /** Values by tag (`00100010`), as the file holds them. */
  export type DicomDictionary = Record<string, { vr: string; Value?: unknown[] }>;

  export const data: {
    DicomMetaDictionary: {
      denaturalizeDataset(dataset: object): object;
      dictionary: Readonly<Record<string, { tag: string; vr: string; name: string; vm: string } | undefined>>;
    };
    DicomDict: new (meta: object) => { dict: object; meta: object; write(options?: object): ArrayBuffer };
    DicomMessage: { readFile(bytes: ArrayBuffer, options?: object): { dict: DicomDictionary; meta: DicomDictionary; write(options?: object): ArrayBuffer } };
  };
  export const log: { setLevel(level: number | string): void };
}
