/** What a host is told when it starts: one JSON argument, since all kinds of process take arguments. */
import { z } from 'zod';

export const hostConfig = z.object({
  /** Absolute folder of the database and the imported files; made when it is not there. */
  dataDir: z.string().min(1),
  /** Folders that hold model packs, one folder a pack. */
  packFolders: z.array(z.string()),
  /** The demonstration archive that a new data folder is filled with, or null for none. */
  demoDir: z.string().nullable(),
  /** Whether new studies are processed in the background, as far as the reader's policy has it. */
  processing: z.boolean().default(false),
  /** Vocabulary of BERT-base uncased, for models that are imported. */
  vocabularyFile: z.string().optional(),
});

export type HostConfig = z.input<typeof hostConfig>;

/** Where the engine runs: a utility process of Electron, a child process of Node, or the shell's own process. */
export type HostKind = 'utility' | 'child' | 'inline';

export const hostKinds = ['utility', 'child', 'inline'] as const satisfies readonly HostKind[];

/** The config from the last argument of this process. @throws ZodError, SyntaxError for arguments no shell of ours gave */
export const configFromArguments = (argv: readonly string[]): HostConfig => hostConfig.parse(JSON.parse(argv.at(-1) ?? ''));
