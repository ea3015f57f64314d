/**
 * The text of the report under the caret. Loaded when a report is first written, since the first paint needs none of it. The
 * words of a sentence belong to the editor; what stands beside them is drawn into a slot of its own and never moves the caret.
 */
import { Editor, getSchema } from '@tiptap/core';
import type { JSONContent, NodeViewRenderer } from '@tiptap/core';
import { TextSelection } from '@tiptap/pm/state';
import { useEffect, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { createPortal } from 'react-dom';
import { texts } from '../../texts.ts';
import { offerEditor } from './editorHandle.ts';
import { ReportBehaviour } from './reportBehaviour.ts';
import { documentOf, idOf, patch, placedSentences, positionOf, putCaret, ReportDocument, ReportText, SectionNode, SentenceNode, sentencesOf, spotAt } from './reportDocument.ts';
import { useReport } from './reportStore.ts';
import { SectionHead } from './SectionHead.tsx';
import { SentenceNotes } from './SentenceNotes.tsx';
import type { ReportSection } from '../../../shared/contract.ts';

const newId = (): string => crypto.randomUUID();

/** A place in the page that React draws into, beside the words of a sentence or over a section. */
interface Slot {
  readonly key: string;
  readonly element: HTMLElement;
  readonly show: () => ReactNode;
}

type Slots = ReadonlyMap<string, Slot>;

function slotElement(className: string): HTMLElement {
  const element = document.createElement('div');
  element.className = className;
  element.contentEditable = 'false';
  return element;
}

/** How nodes are drawn. @param slots told of every slot that comes and goes */
function nodeViews(slots: { readonly add: (slot: Slot) => void; readonly remove: (slot: Slot) => void }): { readonly section: NodeViewRenderer; readonly sentence: NodeViewRenderer } {
  const drawn = (dom: HTMLElement, contentDOM: HTMLElement, slot: Slot) => {
    slots.add(slot);
    return {
      dom,
      contentDOM,
      stopEvent: (event: Event) => event.target instanceof Node && slot.element.contains(event.target),
      ignoreMutation: ({ target }: { readonly target: Node }) => !contentDOM.contains(target),
      destroy: () => { slots.remove(slot); },
    };
  };
  return {
    section: ({ node }) => {
      const name = node.attrs['name'] as ReportSection;
      const [dom, words] = [document.createElement('section'), document.createElement('div')];
      dom.className = 'report-section';
      dom.dataset['section'] = name;
      const head = slotElement('section-head');
      dom.append(head, words);
      return drawn(dom, words, { key: `section ${name}`, element: head, show: () => <SectionHead section={name} /> });
    },
    sentence: ({ node }) => {
      const id = idOf(node);
      const [dom, words] = [document.createElement('div'), document.createElement('p')];
      words.className = 'sentence-words';
      const notes = slotElement('sentence-notes');
      dom.append(words, notes);
      const dress = (of: typeof node): void => {
        dom.className = `written ${of.content.size === 0 ? 'blank' : ''}`;
        dom.dataset['id'] = id;
        dom.dataset['state'] = of.attrs['state'] as string;
        dom.dataset['origin'] = of.attrs['origin'] as string;
        words.contentEditable = of.attrs['state'] === 'rejected' ? 'false' : 'inherit';
      };
      dress(node);
      return {
        ...drawn(dom, words, { key: id, element: notes, show: () => <SentenceNotes id={id} row={dom} /> }),
        update: (next: typeof node) => {
          if (next.type !== node.type || idOf(next) !== id) return false;
          dress(next);
          return true;
        },
      };
    },
  };
}

/** Keeps document and store the same. @returns the way to end it */
function follow(editor: Editor): () => void {
  const toStore = (): void => { useReport.getState().editSentences((before) => sentencesOf(editor.state.doc, before)); };
  const ending = useReport.subscribe(({ content, report }, before) => {
    if (content === before.content) return;
    const tr = patch(editor.state, content.sentences, newId);
    // What another window or the engine put in is not the reader's to undo.
    if (tr !== null) editor.view.dispatch(tr.setMeta('addToHistory', report === before.report));
    toStore();
  });
  editor.on('update', toStore);
  toStore();
  return ending;
}

export function ReportEditor(): ReactNode {
  const host = useRef<HTMLDivElement>(null);
  const [slots, setSlots] = useState<Slots>(new Map());
  useEffect(() => {
    if (host.current === null) return;
    const views = nodeViews({
      add: (slot) => { queueMicrotask(() => { setSlots((all) => new Map([...all, [slot.key, slot]])); }); },
      remove: (slot) => { queueMicrotask(() => { setSlots((all) => (all.get(slot.key) === slot ? new Map([...all].filter(([key]) => key !== slot.key)) : all)); }); },
    });
    const extensions = [ReportDocument, ReportText, SectionNode.extend({ addNodeView: () => views.section }), SentenceNode.extend({ addNodeView: () => views.sentence }), ReportBehaviour];
    const editor = new Editor({
      element: host.current,
      injectCSS: false,
      extensions,
      content: documentOf(getSchema(extensions), useReport.getState().content.sentences, newId).toJSON() as JSONContent,
      editorProps: { attributes: { class: 'report-words', role: 'textbox', 'aria-multiline': 'true', 'aria-label': texts.report.words, spellcheck: 'false' } },
    });
    const stopFollowing = follow(editor);
    const focusCaret = (): void => { if (!editor.isDestroyed && editor.isFocused) useReport.getState().focusOn(spotAt(editor.state, editor.state.selection.head)?.id ?? null); };
    editor.on('selectionUpdate', focusCaret);
    // A click gives the editor the keyboard first and moves the caret after that.
    editor.on('focus', () => { window.setTimeout(focusCaret); });
    editor.on('blur', () => { void useReport.getState().flush(); });
    const withdraw = offerEditor({
      writeIn(id) {
        const { doc } = editor.state;
        const wanted = id ?? idOf(placedSentences(doc).find(({ section }) => section === 'findings')!.node);
        const at = positionOf(doc, { id: wanted, at: Number.MAX_SAFE_INTEGER });
        if (at !== null) editor.view.dispatch(putCaret(editor.state.tr.setSelection(TextSelection.create(doc, at)), null).scrollIntoView());
        editor.view.focus();
      },
      isWriting: () => editor.isFocused,
    });
    return () => {
      withdraw();
      stopFollowing();
      editor.destroy();
    };
  }, []);
  return (
    <>
      <div ref={host} className="report-host selectable" />
      {[...slots.values()].map(({ key, element, show }) => createPortal(show(), element, key))}
    </>
  );
}
