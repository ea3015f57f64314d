/** The runtimes outside the engine, as functions, so that none is loaded before something needs it. */
import type { Pack } from '../pack/pack.ts';
import type { OnnxRuntime, TextModel } from '../ports.ts';
import type { DatabaseRuntime } from '../store/database.ts';

export interface Natives {
  readonly database: DatabaseRuntime;
  /** A new runtime; the caller closes it. @throws EngineError `onnx/provider-unavailable` if the library cannot be loaded */
  readonly createOnnxRuntime: () => OnnxRuntime;
  /** @throws EngineError `pack/no-language-model`, `pack/bad-shape`, `llm/load-failed` */
  readonly loadTextModel: (pack: Pack, options: { readonly temporaryFolder: string }) => Promise<TextModel>;
}
