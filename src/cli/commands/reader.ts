/** `brat reader`: who may read at this workstation. Passphrases come from standard input or a prompt, never from an argument that others could see. */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { Argument, Option } from 'commander';
import { passphraseLength } from '../../shared/choices.ts';
import { readerRole, type ReaderRole } from '../../shared/contract.ts';
import { EngineError } from '../../shared/errors.ts';
import { listReaders } from '../../engine/store/readers.ts';
import { openEngine, type CommonOptions, type Context } from '../context.ts';
import type { Register } from '../program.ts';

interface Options extends CommonOptions {
  readonly role: ReaderRole;
  readonly as?: string;
}

const usage = (message: string, subject: string, advice: string): EngineError => new EngineError('cli/usage', message, { subject, advice });

export const readerCommand: Register = (program, action) =>
  program
    .command('reader')
    .description('list readers, or add one; passphrases are asked for, or read from standard input, one a line')
    .addArgument(new Argument('<action>', 'what to do').choices(['list', 'add']))
    .argument('[name]', 'add: name of the new reader')
    .addOption(new Option('--role <role>', 'add: a resident writes, a radiologist signs as well, an administrator manages').choices(readerRole.options).default('radiologist'))
    .option('--as <name>', 'add: who adds, once there is a reader; their passphrase is asked for first')
    .action(
      action(async (context, [what, name]: ['list' | 'add', string | undefined], options: Options) => {
        const engine = await openEngine(context, {});
        try {
          const { db } = engine.parts.store;
          if (what === 'add') {
            if (name === undefined || name.trim() === '' || name.length > 100) throw usage('A reader needs a name of 1 to 100 characters', 'name', 'Pass it after add');
            const { hasReaders } = engine.session.state;
            if (hasReaders && options.as === undefined) throw usage('Readers are added by a reader', '--as', 'Pass the name of an administrator, or of a radiologist while there is none');
            const lines = await passphrases(context, hasReaders ? [`Passphrase of ${options.as!}: `, `New passphrase of ${name}: `] : [`New passphrase of ${name}: `]);
            const passphrase = lines.at(-1)!;
            if (passphrase.length < passphraseLength.least || passphrase.length > passphraseLength.most) throw usage(`A passphrase has ${passphraseLength.least} to ${passphraseLength.most} characters`, 'passphrase', 'Choose a longer one');
            if (hasReaders) await engine.session.enter(options.as!, lines[0]!);
            await engine.session.add(name.trim(), options.role, passphrase);
            engine.session.lock();
          }
          const readers = listReaders(db);
          for (const reader of readers) context.output.line(`${reader.role.padEnd(14)}  ${reader.name}${reader.removed ? '  (removed)' : ''}`);
          if (readers.length === 0) context.output.line('No reader yet');
          context.output.result({ readers });
        } finally {
          await engine.close();
        }
      }),
    );

/** Takes what a prompt would echo. */
const silent = new Writable({ write: (_chunk, _encoding, done) => { done(); } });

/** One line each: asked for without showing what is typed, or from standard input where nobody types. @throws EngineError `cli/usage` if there are too few */
async function passphrases({ signal }: Context, prompts: readonly string[]): Promise<string[]> {
  const typed = process.stdin.isTTY;
  const lines = createInterface({ input: process.stdin, ...(typed && { output: silent, terminal: true }) });
  const answers: string[] = [];
  try {
    const next = lines[Symbol.asyncIterator]();
    for (const prompt of prompts) {
      if (typed) process.stderr.write(prompt);
      signal.throwIfAborted();
      const { value, done } = await next.next();
      if (typed) process.stderr.write('\n');
      if (done === true) throw usage('A passphrase is missing', 'passphrase', 'Write one a line to standard input');
      answers.push(value.replace(/\r$/, ''));
    }
    return answers;
  } finally {
    lines.close();
  }
}
