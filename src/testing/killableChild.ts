/**
 * Start file of a process that is made to be killed: opens an engine as its argument says, tells its parent, and works
 * until it is done or dead.
 */
import { drain, openEngine } from './engineForTests.ts';

export interface KillableWork {
  readonly dataDir: string;
  readonly packFolder: string;
  readonly work: 'import' | 'index' | 'analyse';
  /** Path to import, or study to analyse. */
  readonly subject: string;
}

const { dataDir, packFolder, work, subject } = JSON.parse(process.argv[2] ?? '') as KillableWork;
const { signal } = new AbortController();
const engine = await openEngine(dataDir, { packFolders: [packFolder], pack: 'tiny' });
process.send?.('started');
switch (work) {
  case 'import':
    await drain(engine.importPaths([subject], signal));
    break;
  case 'index':
    await drain(engine.indexArchive(signal));
    break;
  case 'analyse':
    await drain(engine.handlers['study.analyse']({ study: subject, force: true }, { signal }));
    break;
}
await engine.close();
process.send?.('done');
process.disconnect();
