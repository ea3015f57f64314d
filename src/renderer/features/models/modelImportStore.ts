/**
 * One import of a model at a time: its files are copied to the engine in chunks, which then makes a pack of them. It goes on
 * while the sheet is closed. The page never names a path of the machine.
 */
import { create } from 'zustand';
import type { ModelImportStep } from '../../../shared/contract.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { bridge, failureOf } from '../../bridge.ts';
import { texts } from '../../texts.ts';
import { sendFile } from '../import/importStore.ts';
import { tell } from '../notices/noticesStore.ts';

export const modelParts = ['weights', 'llm', 'bridge', 'heads'] as const;
export type ModelPart = (typeof modelParts)[number];

export interface ModelRequest {
  readonly files: Readonly<Partial<Record<ModelPart, File>>> & { readonly weights: File };
  readonly name: string;
  readonly origin: 'official' | 'own';
  readonly accepted: readonly string[];
  readonly acceptedBy: string;
}

interface ModelImportState {
  readonly phase: 'idle' | 'sending' | 'making' | 'done' | 'failed';
  readonly step: ModelImportStep | null;
  /** Share of the step done, 0..1; null where it does not tell. */
  readonly share: number | null;
  readonly outcome: { readonly pack: string; readonly label: string; readonly notes: readonly string[] } | null;
  readonly failure: ErrorData | null;
  readonly run: (request: ModelRequest) => Promise<void>;
  readonly cancel: () => void;
  readonly dismiss: () => void;
}

const idle = { phase: 'idle', step: null, share: null, outcome: null, failure: null } as const;

let running: AbortController | null = null;

/** Each part lies in a folder of its own, since two files may have the same name. */
const nameOf = (part: ModelPart, file: File): string => `${part}/${file.name}`;

async function sendAll(upload: string, files: ModelRequest['files'], signal: AbortSignal): Promise<void> {
  const given = modelParts.flatMap((part) => (files[part] ? [{ name: nameOf(part, files[part]), file: files[part] }] : []));
  const total = given.reduce((sum, { file }) => sum + file.size, 0);
  let sent = 0;
  for (const file of given) await sendFile(upload, file, signal, (bytes) => { useModelImport.setState({ share: total === 0 ? 1 : (sent += bytes) / total }); });
}

async function make(upload: string, { files, name, origin, accepted, acceptedBy }: ModelRequest, signal: AbortSignal): Promise<void> {
  const optional = (part: ModelPart): Partial<Record<ModelPart, string>> => (files[part] ? { [part]: nameOf(part, files[part]) } : {});
  const params = { upload, weights: nameOf('weights', files.weights), ...optional('llm'), ...optional('bridge'), ...optional('heads'), ...(name.trim() !== '' && { name: name.trim() }), origin, accepted: [...accepted], acceptedBy };
  for await (const event of bridge().stream('models.import', params, signal)) {
    if (event.kind === 'step') useModelImport.setState({ step: event.step, share: null });
    else if (event.kind === 'progress') useModelImport.setState({ step: event.step, share: event.done / Math.max(1, event.total) });
    else useModelImport.setState({ phase: 'done', outcome: event });
  }
}

export const useModelImport = create<ModelImportState>()((set) => ({
  ...idle,
  async run(request) {
    if (running !== null) return;
    const own = new AbortController();
    running = own;
    let upload: string | null = null;
    set({ ...idle, phase: 'sending', share: 0 });
    try {
      ({ upload } = await bridge().call('import.begin', {}));
      await sendAll(upload, request.files, own.signal);
      set({ phase: 'making', share: null });
      const begun = upload;
      upload = null; // the engine discards it from here on
      await make(begun, request, own.signal);
    } catch (error) {
      const failure = own.signal.aborted ? null : failureOf(error, texts.models.failed);
      set(failure === null ? idle : { phase: 'failed', failure });
      if (failure === null) tell(texts.models.cancelled);
      if (upload !== null) bridge().call('import.discard', { upload }).catch(() => undefined); // gone with the engine's restart, if that was the cause
    } finally {
      running = null;
    }
  },
  cancel() { running?.abort(); },
  dismiss() { set(idle); },
}));
