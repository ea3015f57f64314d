/** The part of dcmjs the test tools use; the package ships no types. */
declare module 'dcmjs' {
  export const data: {
    DicomMetaDictionary: { denaturalizeDataset(dataset: object): object };
    DicomDict: new (meta: object) => { dict: object; write(options?: object): ArrayBuffer };
  };
}
