/** The far end of the child process pipe in the tests: serves the stand-in on one channel, tells of faults on another. */
import { acceptChannels } from '../transport/channels.ts';
import type { Pipe } from '../transport/pipe.ts';
import { processPipe } from '../transport/process.ts';
import { serve } from '../transport/serve.ts';
import { createTransportStandIn, transportContract } from './transportStandIn.ts';

let faults: Pipe | null = null;
acceptChannels(processPipe(process), (label, channel) => {
  if (label === 'faults') faults = channel;
  else serve(transportContract, createTransportStandIn(), channel, (fault) => { faults?.send(fault); });
});
