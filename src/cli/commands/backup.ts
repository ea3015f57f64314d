/** `brat backup` and `brat restore`: the data folder into another folder and back, checked by hash. */
import { resolve } from 'node:path';
import { backUp, restore } from '../../engine/store/backup.ts';
import { natives } from '../../native/natives.ts';
import { clock } from '../context.ts';
import type { Register } from '../program.ts';

export const backupCommand: Register = (program, action) =>
  program
    .command('backup')
    .description('copy the data folder, which may be in use, into a folder; again into the same folder copies what is new')
    .argument('<folder>', 'where the backup goes; best on another disk')
    .action(
      action(async ({ output, signal, dataDir }, [folder]: [string]) => {
        const made = await backUp(dataDir, resolve(folder), natives.database, clock.now(), signal, ({ done, total }) => { output.progress(`file ${done} of ${total}`); });
        output.line(`Backed up: ${made.studies} studies, ${made.cases} cases, ${made.instances.length} files`);
        output.result({ madeAt: made.madeAt, studies: made.studies, cases: made.cases, files: made.instances.length, sha256: made.database.sha256 });
      }),
    );

export const restoreCommand: Register = (program, action) =>
  program
    .command('restore')
    .description('make a data folder of a backup, after checking every file of it')
    .argument('<folder>', 'what brat backup has written')
    .action(
      action(async ({ output, signal, dataDir }, [folder]: [string]) => {
        const made = await restore(resolve(folder), dataDir, natives.database, signal);
        output.line(`Restored: ${made.studies} studies, ${made.cases} cases, ${made.instances.length} files, as of ${made.madeAt}`);
        output.result({ madeAt: made.madeAt, studies: made.studies, cases: made.cases, files: made.instances.length });
      }),
    );
