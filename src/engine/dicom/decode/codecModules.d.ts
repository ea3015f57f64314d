/** The parts of the codec packages used here; they ship no types of their own. */

interface DecodedFrameInfo {
  readonly width: number;
  readonly height: number;
  readonly bitsPerSample: number;
  readonly componentCount: number;
  readonly isSigned?: boolean;
}

interface WasmFrameDecoder {
  /** Memory in the codec for the compressed frame. */
  getEncodedBuffer(length: number): Uint8Array;
  decode(): void;
  getFrameInfo(): DecodedFrameInfo;
  /** A view of the codec's memory, valid until `delete`. */
  getDecodedBuffer(): Uint8Array;
  delete(): void;
}

type WasmFactory<K extends string> = (options: { print: (text: string) => void; printErr: (text: string) => void }) => Promise<Record<K, new () => WasmFrameDecoder>>;

declare module '@cornerstonejs/codec-charls/decodewasmjs' {
  const factory: WasmFactory<'JpegLSDecoder'>;
  export default factory;
}
declare module '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs' {
  const factory: WasmFactory<'JPEGDecoder'>;
  export default factory;
}
declare module '@cornerstonejs/codec-openjpeg/decodewasmjs' {
  const factory: WasmFactory<'J2KDecoder'>;
  export default factory;
}
declare module '@cornerstonejs/codec-openjph/wasmjs' {
  const factory: WasmFactory<'HTJ2KDecoder'>;
  export default factory;
}
