/**
 * The editor's document and the report's sentences, turned into each other. A sentence is a node of its own with its id, origin,
 * state and original; grounding stays outside, so that an answer of the engine never disturbs typing or undo.
 */
import { mergeAttributes, Node } from '@tiptap/core';
import { Document } from '@tiptap/extension-document';
import { Text } from '@tiptap/extension-text';
import type { Node as DocumentNode, Schema } from '@tiptap/pm/model';
import { TextSelection } from '@tiptap/pm/state';
import type { EditorState, Transaction } from '@tiptap/pm/state';
import { reportSections } from '../../../shared/choices.ts';
import type { ReportSection, ReportSentence } from '../../../shared/contract.ts';
import { newSentence } from './sentences.ts';
import type { Spot } from './sentences.ts';

/** Marks transactions that put in what the store has, or what sentences.ts made of the text. */
export const ownChange = 'report';

const attributes = ['id', 'origin', 'state', 'original', 'sourceCase', 'measurement'] as const;
type Attributes = Pick<ReportSentence, (typeof attributes)[number]>;

export const ReportDocument = Document.extend({ content: `reportSection{${reportSections.length}}` });
export const ReportText = Text;

export const SectionNode = Node.create({
  name: 'reportSection',
  content: 'reportSentence+',
  isolating: true,
  addAttributes: () => ({ name: { default: 'findings' } }),
  renderHTML: ({ HTMLAttributes }) => ['section', mergeAttributes(HTMLAttributes), 0],
});

export const SentenceNode = Node.create({
  name: 'reportSentence',
  content: 'text*',
  addAttributes: () => Object.fromEntries(attributes.map((name) => [name, { default: null }])),
  renderHTML: () => ['p', 0],
});

/** A sentence in the document: where it begins, and its section. */
export interface PlacedSentence {
  readonly node: DocumentNode;
  readonly pos: number;
  readonly section: ReportSection;
}

export function placedSentences(doc: DocumentNode): readonly PlacedSentence[] {
  const found: PlacedSentence[] = [];
  doc.forEach((section, sectionAt) => {
    section.forEach((node, at) => { found.push({ node, pos: sectionAt + 1 + at, section: section.attrs['name'] as ReportSection }); });
  });
  return found;
}

export const idOf = (node: DocumentNode): string => node.attrs['id'] as string;

/** Sentences of the document; those that are as before are the same objects, and so is the list if all are. */
export function sentencesOf(doc: DocumentNode, before: readonly ReportSentence[]): readonly ReportSentence[] {
  const known = new Map(before.map((sentence) => [sentence.id, sentence]));
  const now = placedSentences(doc).map(({ node, section }): ReportSentence => {
    const attrs = node.attrs as Attributes;
    const was = known.get(attrs.id);
    const text = node.textContent;
    if (was !== undefined && was.text === text && was.section === section && attributes.every((name) => was[name] === attrs[name])) return was;
    return { ...attrs, section, text, grounding: was?.grounding ?? null };
  });
  return now.length === before.length && now.every((sentence, at) => sentence === before[at]) ? before : now;
}

/** The document of sentences. A section without one has a blank one to write in, with the id that `blankId` gives it. */
export function documentOf(schema: Schema, sentences: readonly ReportSentence[], blankId: (section: ReportSection) => string): DocumentNode {
  const { reportSection, reportSentence } = schema.nodes;
  return schema.node('doc', null, reportSections.map((name) => {
    const own = sentences.filter(({ section }) => section === name);
    const shown = own.length === 0 ? [newSentence({ section: name, text: '', origin: 'reader' }, blankId(name))] : own;
    return reportSection!.create({ name }, shown.map((sentence) => reportSentence!.create(Object.fromEntries(attributes.map((key) => [key, sentence[key]])), sentence.text === '' ? null : schema.text(sentence.text))));
  }));
}

/** A place in the document as a place in a sentence. */
export function spotAt(state: Pick<EditorState, 'doc'>, pos: number): Spot | null {
  const at = state.doc.resolve(pos);
  return at.parent.type.name === 'reportSentence' ? { id: idOf(at.parent), at: at.parentOffset } : null;
}

export function positionOf(doc: DocumentNode, { id, at }: Spot): number | null {
  const found = placedSentences(doc).find(({ node }) => idOf(node) === id);
  return found === undefined ? null : found.pos + 1 + Math.min(at, found.node.content.size);
}

/** The change from the document to one of these sentences, or null when it has them. The caret stays in its sentence. */
export function patch(state: EditorState, sentences: readonly ReportSentence[], newId: () => string): Transaction | null {
  const { doc, schema } = state;
  if (sentencesOf(doc, sentences) === sentences) return null;
  const old = placedSentences(doc);
  // The blank sentence that an empty section has serves on.
  const wanted = documentOf(schema, sentences, (name) => {
    const blank = old.find(({ node, section }) => section === name && isBlank(node));
    return blank === undefined ? newId() : idOf(blank.node);
  });
  const next = placedSentences(wanted);
  const tr = state.tr.setMeta(ownChange, true);
  const same = old.length === next.length && old.every(({ node }, at) => idOf(node) === idOf(next[at]!.node) && node.textContent === next[at]!.node.textContent);
  if (same) {
    old.forEach(({ node, pos }, at) => {
      for (const name of attributes) if (node.attrs[name] !== next[at]!.node.attrs[name]) tr.setNodeAttribute(pos, name, next[at]!.node.attrs[name]);
    });
    return tr.docChanged ? tr : null;
  }
  const start = doc.content.findDiffStart(wanted.content);
  const end = doc.content.findDiffEnd(wanted.content);
  if (start === null || end === null) return null;
  const overlap = Math.max(0, start - Math.min(end.a, end.b));
  tr.replace(start, end.a + overlap, wanted.slice(start, end.b + overlap));
  // Where the parts do not fit into each other (a section that lost its last sentence), all of it is put in.
  if (!tr.doc.eq(wanted)) {
    const whole = state.tr.setMeta(ownChange, true);
    return withCaret(whole.replaceWith(0, doc.content.size, wanted.content), state);
  }
  return withCaret(tr, state);
}

const isBlank = (node: DocumentNode): boolean => node.textContent === '' && node.attrs['original'] === null;

/** Keeps the selection in the sentences it was in, where they still are. */
function withCaret(tr: Transaction, { selection, doc }: EditorState): Transaction {
  const [anchor, head] = [selection.anchor, selection.head].map((pos) => {
    const spot = spotAt({ doc }, pos);
    return spot === null ? null : positionOf(tr.doc, spot);
  });
  return anchor == null || head == null ? tr : tr.setSelection(TextSelection.create(tr.doc, anchor, head));
}

export function putCaret(tr: Transaction, caret: Spot | null): Transaction {
  const pos = caret === null ? null : positionOf(tr.doc, caret);
  return pos === null ? tr : tr.setSelection(TextSelection.create(tr.doc, pos)).scrollIntoView();
}
