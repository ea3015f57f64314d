/**
 * A reader of Python pickles that can do nothing but build data: numbers, text, containers, and what the caller's table
 * of globals makes. Python's own reader calls whatever a file names, so that opening a checkpoint may run any program;
 * here an opcode or a global that is not known is refused by its name. There is no recursion, and no value is made that
 * the file has no bytes for.
 */
import { EngineError } from '../../shared/errors.ts';

/** A class or function the file names; only those of the caller's table come to be. */
export class PickleGlobal {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

export class PickleTuple {
  readonly items: readonly PickleValue[];
  constructor(items: readonly PickleValue[]) {
    this.items = items;
  }
}

export class PickleList {
  readonly items: PickleValue[] = [];
}

/** Python's dict and OrderedDict, in the order of the file. */
export class PickleDict {
  readonly entries = new Map<PickleValue, PickleValue>();
}

/** What the caller's functions make; the reader passes it on without looking into it. */
export class PickleObject<T = unknown> {
  readonly value: T;
  constructor(value: T) {
    this.value = value;
  }
}

export type PickleValue = null | boolean | number | string | Uint8Array | PickleGlobal | PickleTuple | PickleList | PickleDict | PickleObject;

export interface PickleRules {
  /** What calling a global gives, by `module.name`; null for one that is only passed on. */
  readonly globals: ReadonlyMap<string, ((args: readonly PickleValue[]) => PickleValue) | null>;
  /** What a persistent id stands for. */
  readonly persistent: (id: PickleValue) => PickleValue;
  /** Name of the file in errors. */
  readonly subject: string;
}

const newestProtocol = 5;

/** Opcodes by byte, as Python's pickletools names them: those that are read, and those that are refused by name. */
const opcodeNames: Readonly<Record<string, string>> = {
  '(': 'MARK', '.': 'STOP', '0': 'POP', '1': 'POP_MARK', '2': 'DUP', 'F': 'FLOAT', 'I': 'INT', 'J': 'BININT', 'K': 'BININT1', 'L': 'LONG', 'M': 'BININT2', 'N': 'NONE', 'P': 'PERSID',
  'Q': 'BINPERSID', 'R': 'REDUCE', 'S': 'STRING', 'T': 'BINSTRING', 'U': 'SHORT_BINSTRING', 'V': 'UNICODE', 'X': 'BINUNICODE', 'a': 'APPEND', 'b': 'BUILD', 'c': 'GLOBAL', 'd': 'DICT',
  '}': 'EMPTY_DICT', 'e': 'APPENDS', 'g': 'GET', 'h': 'BINGET', 'i': 'INST', 'j': 'LONG_BINGET', 'l': 'LIST', ']': 'EMPTY_LIST', 'o': 'OBJ', 'p': 'PUT', 'q': 'BINPUT', 'r': 'LONG_BINPUT',
  's': 'SETITEM', 't': 'TUPLE', ')': 'EMPTY_TUPLE', 'u': 'SETITEMS', 'G': 'BINFLOAT', 'B': 'BINBYTES', 'C': 'SHORT_BINBYTES', '\x80': 'PROTO', '\x81': 'NEWOBJ', '\x82': 'EXT1', '\x83': 'EXT2',
  '\x84': 'EXT4', '\x85': 'TUPLE1', '\x86': 'TUPLE2', '\x87': 'TUPLE3', '\x88': 'NEWTRUE', '\x89': 'NEWFALSE', '\x8a': 'LONG1', '\x8b': 'LONG4', '\x8c': 'SHORT_BINUNICODE', '\x8d': 'BINUNICODE8',
  '\x8e': 'BINBYTES8', '\x8f': 'EMPTY_SET', '\x90': 'ADDITEMS', '\x91': 'FROZENSET', '\x92': 'NEWOBJ_EX', '\x93': 'STACK_GLOBAL', '\x94': 'MEMOIZE', '\x95': 'FRAME', '\x96': 'BYTEARRAY8',
  '\x97': 'NEXT_BUFFER', '\x98': 'READONLY_BUFFER',
};

/**
 * The value a pickle describes (protocols 2 to 5).
 * @throws EngineError `models/refused-pickle` for an opcode or global outside of what is known, by name;
 *   `models/bad-checkpoint` for a damaged one
 * @see Python's pickletools for the opcodes
 */
export function readPickle(bytes: Uint8Array, rules: PickleRules): PickleValue {
  return new Machine(bytes, rules).run();
}

/** An error of a pickle that wants what is not allowed. */
export function refusedPickle(subject: string, what: string): EngineError {
  return new EngineError('models/refused-pickle', `${what}: only tensors and plain containers are read from a checkpoint`, {
    subject,
    advice: 'Do not open this file with other programs if you do not trust it. If it is yours, save the bare state dict: torch.save(model.state_dict(), "weights.bin")',
  });
}

class Machine {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #rules: PickleRules;
  #at = 0;
  #stack: PickleValue[] = [];
  /** Stacks put aside by MARK. */
  readonly #marked: PickleValue[][] = [];
  readonly #memo = new Map<number, PickleValue>();

  constructor(bytes: Uint8Array, rules: PickleRules) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#rules = rules;
  }

  run(): PickleValue {
    for (;;) {
      const opcode = String.fromCharCode(this.#bytes[this.#take(1)]!);
      if (opcode === '.') return this.#pop();
      this.#step(opcode);
    }
  }

  #step(opcode: string): void {
    const push = (value: PickleValue): void => { this.#stack.push(value); };
    switch (opcode) {
      case '\x80': {
        const protocol = this.#bytes[this.#take(1)]!;
        if (protocol > newestProtocol) throw this.#damaged(`its pickle protocol is ${protocol}, up to ${newestProtocol} are known`);
        return;
      }
      case '\x95': this.#take(8); return;
      case 'N': push(null); return;
      case '\x88': push(true); return;
      case '\x89': push(false); return;
      case 'J': push(this.#view.getInt32(this.#take(4), true)); return;
      case 'K': push(this.#bytes[this.#take(1)]!); return;
      case 'M': push(this.#view.getUint16(this.#take(2), true)); return;
      case '\x8a': push(this.#long(this.#bytes[this.#take(1)]!)); return;
      case 'G': push(this.#view.getFloat64(this.#take(8), false)); return;
      case 'X': push(this.#text(this.#u32())); return;
      case '\x8c': push(this.#text(this.#bytes[this.#take(1)]!)); return;
      case '\x8d': push(this.#text(this.#u64())); return;
      case 'B': push(this.#slice(this.#u32())); return;
      case 'C': push(this.#slice(this.#bytes[this.#take(1)]!)); return;
      case '}': push(new PickleDict()); return;
      case ']': push(new PickleList()); return;
      case '\x8f': push(new PickleList()); return;
      case ')': push(new PickleTuple([])); return;
      case '(':
        this.#marked.push(this.#stack);
        this.#stack = [];
        return;
      case 't': push(new PickleTuple(this.#untilMark())); return;
      case '\x85': push(new PickleTuple(this.#popMany(1))); return;
      case '\x86': push(new PickleTuple(this.#popMany(2))); return;
      case '\x87': push(new PickleTuple(this.#popMany(3))); return;
      case 'a': this.#append([this.#pop()]); return;
      case 'e': case '\x90': this.#append(this.#untilMark()); return;
      case 's': this.#setItems(this.#popMany(2)); return;
      case 'u': this.#setItems(this.#untilMark()); return;
      case 'q': this.#memo.set(this.#bytes[this.#take(1)]!, this.#top()); return;
      case 'r': this.#memo.set(this.#u32(), this.#top()); return;
      case '\x94': this.#memo.set(this.#memo.size, this.#top()); return;
      case 'h': push(this.#remembered(this.#bytes[this.#take(1)]!)); return;
      case 'j': push(this.#remembered(this.#u32())); return;
      case 'c': {
        const module = this.#line();
        push(this.#global(`${module}.${this.#line()}`));
        return;
      }
      case '\x93': {
        const [module, name] = this.#popMany(2);
        if (typeof module !== 'string' || typeof name !== 'string') throw this.#damaged('a global has no name');
        push(this.#global(`${module}.${name}`));
        return;
      }
      case 'Q': push(this.#rules.persistent(this.#pop())); return;
      case 'R': push(this.#call()); return;
      case 'b': this.#build(); return;
      default: {
        const name = opcodeNames[opcode];
        if (name === undefined) throw this.#damaged(`byte ${opcode.charCodeAt(0)} at ${this.#at - 1} is no pickle opcode`);
        throw refusedPickle(this.#rules.subject, `The pickle uses the opcode ${name}`);
      }
    }
  }

  // ---- bytes -------------------------------------------------------------------------------------------------------

  #take(length: number): number {
    const start = this.#at;
    if (length > this.#bytes.length - start) throw this.#damaged('its pickle ends too early');
    this.#at += length;
    return start;
  }

  #u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  #u64(): number {
    const value = this.#view.getBigUint64(this.#take(8), true);
    if (value > BigInt(this.#bytes.length)) throw this.#damaged('its pickle states a length beyond its end');
    return Number(value);
  }

  #slice(length: number): Uint8Array {
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  #text(length: number): string {
    return new TextDecoder().decode(this.#slice(length));
  }

  #line(): string {
    const end = this.#bytes.indexOf(10, this.#at);
    if (end < 0) throw this.#damaged('its pickle ends too early');
    const text = this.#text(end - this.#at);
    this.#at = end + 1;
    return text;
  }

  /** Two's complement, little-endian. Counts and steps fit a number exactly; what does not is nothing of a checkpoint's. */
  #long(length: number): number {
    let value = 0n;
    for (const byte of this.#slice(length).toReversed()) value = (value << 8n) | BigInt(byte);
    if (length > 0) value = BigInt.asIntN(8 * length, value);
    const number = Number(value);
    if (!Number.isSafeInteger(number)) throw this.#damaged('it holds a whole number of more than 53 bits');
    return number;
  }

  // ---- stack -------------------------------------------------------------------------------------------------------

  #pop(): PickleValue {
    const value = this.#stack.pop();
    if (value === undefined) throw this.#damaged('its pickle takes what it has not put');
    return value;
  }

  #popMany(count: number): PickleValue[] {
    if (this.#stack.length < count) throw this.#damaged('its pickle takes what it has not put');
    return this.#stack.splice(-count);
  }

  #top(): PickleValue {
    const value = this.#stack.at(-1);
    if (value === undefined) throw this.#damaged('its pickle takes what it has not put');
    return value;
  }

  /** Everything since the last MARK; the stack from before it is the stack again. */
  #untilMark(): PickleValue[] {
    const items = this.#stack;
    const before = this.#marked.pop();
    if (!before) throw this.#damaged('its pickle has no MARK where one is needed');
    this.#stack = before;
    return items;
  }

  #remembered(index: number): PickleValue {
    const value = this.#memo.get(index);
    if (value === undefined) throw this.#damaged('its pickle recalls what it has not kept');
    return value;
  }

  // ---- objects -----------------------------------------------------------------------------------------------------

  #append(items: readonly PickleValue[]): void {
    const list = this.#top();
    if (!(list instanceof PickleList)) throw this.#damaged('its pickle appends to something that is no list');
    for (const item of items) list.items.push(item);
  }

  #setItems(items: readonly PickleValue[]): void {
    const dict = this.#top();
    if (!(dict instanceof PickleDict) || items.length % 2 !== 0) throw this.#damaged('its pickle sets items of something that is no dict');
    for (let at = 0; at < items.length; at += 2) dict.entries.set(items[at]!, items[at + 1]!);
  }

  #global(name: string): PickleGlobal {
    if (!this.#rules.globals.has(name)) throw refusedPickle(this.#rules.subject, `The pickle names ${printable(name)}`);
    return new PickleGlobal(name);
  }

  #call(): PickleValue {
    const [callee, args] = this.#popMany(2);
    if (!(callee instanceof PickleGlobal) || !(args instanceof PickleTuple)) throw this.#damaged('its pickle calls something that is no function');
    const make = this.#rules.globals.get(callee.name);
    if (!make) throw refusedPickle(this.#rules.subject, `The pickle calls ${callee.name}`);
    return make(args.items);
  }

  /** Attributes of a container (PyTorch hangs versions of modules on a state dict) are passed over. */
  #build(): void {
    this.#pop();
    if (!(this.#top() instanceof PickleDict)) throw refusedPickle(this.#rules.subject, 'The pickle sets the state of an object (opcode BUILD)');
  }

  #damaged(what: string): EngineError {
    return new EngineError('models/bad-checkpoint', `The checkpoint is damaged: ${what}`, { subject: this.#rules.subject, advice: 'Download or copy the file again' });
  }
}

/** A name from the file, for a message: short, and without control characters. */
export const printable = (name: string): string => name.replace(/[^\x20-\x7e]/g, '?').slice(0, 120);
