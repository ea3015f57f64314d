/** The editor that is on the page, as those reach it who must not load it: keys, and whoever sends the caret to a sentence. */

export interface EditorHandle {
  /** Puts the caret at the end of a sentence and gives the editor the keyboard. */
  readonly writeIn: (id: string | null) => void;
  /** Whether text is being written. */
  readonly isWriting: () => boolean;
}

let current: EditorHandle | null = null;

export const editorHandle = (): EditorHandle | null => current;

/** @returns the way to withdraw it */
export function offerEditor(handle: EditorHandle): () => void {
  current = handle;
  return () => { if (current === handle) current = null; };
}
