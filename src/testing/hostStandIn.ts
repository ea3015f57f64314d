/**
 * A host start file whose engine does as the page tells it, for the tests of supervision: `study.remove` with
 * `exit`, `crash` or `hang` ends it in that way. A data folder named `mute` makes a host that never answers, and one
 * named `stubborn` a host that does not stop when asked.
 */
import { basename } from 'node:path';
import { configFromArguments } from '../host/config.ts';
import { contract, shellContract } from '../shared/contract.ts';
import { acceptChannels } from '../transport/channels.ts';
import { processPipe } from '../transport/process.ts';
import { refusingHandlers, serve } from '../transport/serve.ts';

const config = configFromArguments(process.argv);
const pipe = processPipe(process);
const refusal = { code: 'bridge/refused', message: 'not part of the stand-in', subject: 'stand-in', advice: 'none' } as const;
const never = new Promise<never>(() => undefined);

const kind = basename(config.dataDir);
if (kind === 'stubborn') {
  setInterval(() => undefined, 1000);
  process.on('disconnect', () => undefined);
} else pipe.onClose(() => process.exit(0));

const handlers = {
  ...refusingHandlers(contract, refusal),
  'settings.get': () => ({ provider: String(process.pid), pack: '' }),
  'study.remove': ({ study }: { study: string }) => {
    switch (study) {
      case 'exit':
        process.exit(3);
        break;
      case 'crash':
        process.kill(process.pid, 'SIGSEGV');
        return never;
      case 'hang':
        for (;;);
      default:
        return never;
    }
  },
};

acceptChannels(pipe, (label, channel) => {
  if (label === 'page') serve(contract, handlers, channel, () => undefined);
  else serve(shellContract, { ...refusingHandlers(shellContract, refusal), 'host.ping': () => (kind === 'mute' ? never : { pid: process.pid }) }, channel, () => undefined);
});
