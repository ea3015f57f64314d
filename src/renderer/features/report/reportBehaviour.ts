/**
 * What keys, typing, pasting and cutting do in the report. Whatever touches more than the letters of one sentence goes through
 * sentences.ts, and nothing may take machine text off the record.
 */
import { Extension } from '@tiptap/core';
import { closeHistory, history, isHistoryTransaction, redo, undo } from '@tiptap/pm/history';
import { Plugin } from '@tiptap/pm/state';
import type { EditorState, Transaction } from '@tiptap/pm/state';
import type { EditorView } from '@tiptap/pm/view';
import type { ReportSentence } from '../../../shared/contract.ts';
import { macroBefore } from './macros.ts';
import { idOf, ownChange, patch, placedSentences, positionOf, putCaret, sentencesOf, spotAt } from './reportDocument.ts';
import { useReport } from './reportStore.ts';
import { insert, isStanding, join, newSentence, paste, reject, removeBetween, sentencesIn, split, stateOf } from './sentences.ts';
import type { Edited, Spot } from './sentences.ts';
import { useSnippets } from './snippetStore.ts';

const newId = (): string => crypto.randomUUID();
const shownIn = (state: EditorState): readonly ReportSentence[] => sentencesOf(state.doc, useReport.getState().content.sentences);

/** Shows what sentences.ts made of the text, as one step of undo. */
function apply(view: EditorView, { sentences, caret }: Edited): void {
  const tr = patch(view.state, sentences, newId);
  if (tr !== null) view.dispatch(closeHistory(putCaret(tr, caret)));
  else if (caret !== null) view.dispatch(putCaret(view.state.tr, caret));
}

interface Selected {
  readonly from: Spot;
  readonly to: Spot;
}

/** The ends of the selection as places in sentences; of everything selected, the first and last sentence. */
function selectedIn({ doc, selection }: EditorState): Selected | null {
  const placed = placedSentences(doc);
  const inside = (pos: number, edge: 'first' | 'last'): Spot | null => {
    const spot = spotAt({ doc }, pos);
    if (spot !== null) return spot;
    const one = edge === 'first' ? placed.find((each) => each.pos >= pos) : placed.findLast((each) => each.pos + each.node.nodeSize <= pos);
    return one === undefined ? null : { id: idOf(one.node), at: edge === 'first' ? 0 : one.node.content.size };
  };
  const [from, to] = [inside(selection.from, 'first'), inside(selection.to, 'last')];
  return from === null || to === null ? null : { from, to };
}

/** Takes out what is selected if that is more than the letters of one sentence. @returns where the caret is then */
function removeSelected(view: EditorView): Spot | null {
  const selected = selectedIn(view.state);
  if (selected === null || selected.from.id === selected.to.id) return null;
  const edited = removeBetween(shownIn(view.state), selected.from, selected.to, newId);
  apply(view, edited);
  return edited.caret;
}

function enter(view: EditorView): boolean {
  removeSelected(view);
  if (!view.state.selection.empty) view.dispatch(view.state.tr.deleteSelection());
  const spot = spotAt(view.state, view.state.selection.from);
  if (spot === null) return true;
  const sentences = shownIn(view.state);
  // One blank sentence after another says nothing.
  if (sentences.some(({ id, text, original }) => id === spot.id && text === '' && original === null)) return true;
  apply(view, split(sentences, spot, newId));
  return true;
}

function backspace(view: EditorView): boolean {
  if (removeSelected(view) !== null) return true;
  const { selection } = view.state;
  const spot = spotAt(view.state, selection.from);
  if (!selection.empty || spot === null || spot.at > 0) return false;
  const sentences = shownIn(view.state);
  const edited = join(sentences, spot.id);
  if (edited.sentences !== sentences) apply(view, edited);
  else dropBlank(view, sentences, spot.id);
  return true;
}

/** The first sentence of a section, left without text: an own one goes, machine text is rejected in its original words. */
function dropBlank(view: EditorView, sentences: readonly ReportSentence[], id: string): void {
  const own = sentences.find((sentence) => sentence.id === id);
  const next = sentences.slice(sentences.findIndex((one) => one === own) + 1).find((one) => one.section === own?.section && isStanding(one));
  if (own?.text !== '' || (own.original === null && next === undefined)) return;
  const restored = sentences.map((one) => (one === own ? { ...one, text: one.original ?? '' } : one));
  apply(view, { sentences: reject(restored, id), caret: next === undefined ? null : { id: next.id, at: 0 } });
}

function deleteForward(view: EditorView): boolean {
  if (removeSelected(view) !== null) return true;
  const { selection } = view.state;
  const spot = spotAt(view.state, selection.from);
  if (!selection.empty || spot === null) return false;
  const sentences = shownIn(view.state);
  const own = sentences.find(({ id }) => id === spot.id);
  if (own === undefined || spot.at < own.text.length) return false;
  const next = sentences.slice(sentences.indexOf(own) + 1).find((one) => one.section === own.section && isStanding(one));
  if (next !== undefined) apply(view, { ...join(sentences, next.id), caret: spot });
  return true;
}

/** Puts a macro in for its name. @returns false when no name stands before the caret */
function expandMacro(view: EditorView): boolean {
  const { selection } = view.state;
  const spot = selection.empty ? spotAt(view.state, selection.from) : null;
  const sentences = shownIn(view.state);
  const own = sentences.find(({ id }) => id === spot?.id);
  const found = spot === null || own === undefined ? null : macroBefore(own.text, spot.at, useSnippets.getState().macros);
  if (spot === null || own === undefined || found === null) return false;
  const { from, macro } = found;
  const rest = own.text.slice(0, from) + own.text.slice(spot.at);
  const without = sentences.map((one) => (one === own ? { ...one, text: rest, state: stateOf(one, rest) } : one));
  if (rest.trim() !== '' || own.original !== null) {
    apply(view, paste(without, { id: own.id, at: from }, macro.text, newId));
    return true;
  }
  const added = sentencesIn(macro.text).map((text) => newSentence({ section: own.section, text, origin: 'template' }, newId()));
  const last = added.at(-1)!;
  apply(view, { sentences: insert(without, added, { section: own.section, after: own.id }).filter(({ id }) => id !== own.id), caret: { id: last.id, at: last.text.length } });
  return true;
}

function pasteText(view: EditorView, text: string): void {
  if (sentencesIn(text).length === 0) return;
  removeSelected(view);
  if (!view.state.selection.empty) view.dispatch(view.state.tr.deleteSelection());
  const spot = spotAt(view.state, view.state.selection.from);
  if (spot !== null) apply(view, paste(shownIn(view.state), spot, text, newId));
}

/**
 * The browser is about to delete over the edge of a sentence by itself: the caret was moved so shortly before the key that the
 * editor has not heard of it.
 */
function beforeinput(view: EditorView, event: InputEvent): boolean {
  const range = event.inputType.startsWith('delete') ? event.getTargetRanges()[0] : undefined;
  if (range === undefined) return false;
  const [from, to] = [spotAt(view.state, view.posAtDOM(range.startContainer, range.startOffset)), spotAt(view.state, view.posAtDOM(range.endContainer, range.endOffset))];
  if (from !== null && from.id === to?.id) return false;
  event.preventDefault();
  if (from !== null && to !== null) apply(view, removeBetween(shownIn(view.state), from, to, newId));
  return true;
}

/** What is selected as plain text: a sentence a line. */
const selectedText = ({ doc, selection: { from, to } }: EditorState): string => doc.textBetween(from, to, '\n');

/** Machine text, and what was rejected, leaves the document or changes only through sentences.ts. */
function keepsRecord(tr: Transaction, { doc }: EditorState): boolean {
  if (!tr.docChanged || tr.getMeta(ownChange) === true || isHistoryTransaction(tr)) return true;
  const now = placedSentences(tr.doc).map(({ node }) => node);
  if (new Set(now.map(idOf)).size < now.length) return false;
  const after = new Map(now.map((node) => [idOf(node), node]));
  return placedSentences(doc).every(({ node }) => {
    const still = after.get(idOf(node));
    if (still === undefined) return node.attrs['original'] === null;
    return node.attrs['state'] !== 'rejected' || still.textContent === node.textContent;
  });
}

/** Typing in a sentence with an original makes it edited, in the same step of undo. */
function statesAfter(before: EditorState, after: EditorState): Transaction | null {
  const old = new Map(placedSentences(before.doc).map(({ node }) => [idOf(node), node]));
  const tr = after.tr;
  for (const { node, pos } of placedSentences(after.doc)) {
    const was = old.get(idOf(node));
    if (was === undefined || was === node || was.textContent === node.textContent) continue;
    const state = stateOf({ ...(node.attrs as ReportSentence), text: was.textContent }, node.textContent);
    if (state !== node.attrs['state']) tr.setNodeAttribute(pos, 'state', state);
  }
  return tr.docChanged ? tr.setMeta(ownChange, true) : null;
}

export const ReportBehaviour = Extension.create({
  name: 'reportBehaviour',
  priority: 1000,
  addKeyboardShortcuts() {
    const doing = (run: (view: EditorView) => boolean) => (): boolean => run(this.editor.view);
    const withAny = (key: string, run: (view: EditorView) => boolean): Record<string, () => boolean> => Object.fromEntries(['', 'Shift-', 'Mod-'].map((held) => [held + key, doing(run)]));
    return {
      Enter: doing(enter),
      'Shift-Enter': doing(enter),
      ...withAny('Backspace', backspace),
      ...withAny('Delete', deleteForward),
      Tab: doing(expandMacro),
      Space: doing(expandMacro),
      'Mod-z': doing((view) => undo(view.state, view.dispatch) || true),
      'Mod-y': doing((view) => redo(view.state, view.dispatch) || true),
      'Mod-Shift-z': doing((view) => redo(view.state, view.dispatch) || true),
    };
  },
  addProseMirrorPlugins: () => [
    history(),
    new Plugin({
      filterTransaction: keepsRecord,
      appendTransaction: (transactions, before, after) =>
        transactions.some((tr) => tr.docChanged && tr.getMeta(ownChange) !== true && !isHistoryTransaction(tr)) ? statesAfter(before, after) : null,
      props: {
        handleTextInput(view, _from, _to, text) {
          const caret = removeSelected(view);
          if (caret === null) return false;
          const pos = positionOf(view.state.doc, caret);
          if (pos !== null) view.dispatch(view.state.tr.insertText(text, pos));
          return true;
        },
        handlePaste(view, event) {
          pasteText(view, event.clipboardData?.getData('text/plain') ?? '');
          return true;
        },
        // A sentence is moved by cutting and pasting; dropping one would leave its record behind.
        handleDrop: () => true,
        clipboardTextSerializer: (slice) => slice.content.textBetween(0, slice.content.size, '\n'),
        handleDOMEvents: {
          cut(view, event) {
            event.preventDefault();
            event.clipboardData?.setData('text/plain', selectedText(view.state));
            if (removeSelected(view) === null && !view.state.selection.empty) view.dispatch(view.state.tr.deleteSelection());
            return true;
          },
          beforeinput,
          dragstart(_view, event) {
            event.preventDefault();
            return true;
          },
        },
      },
    }),
  ],
});
