/**
 * Many pipes over one: a shell has one pipe to its host, and opens a channel on it for each page and one for itself.
 * Only one side opens channels, so their numbers never clash.
 */
import * as z from 'zod';
import { errorData } from '../shared/contract.ts';
import { carriedPipe } from './pipe.ts';
import type { Carrier, Pipe } from './pipe.ts';

const frame = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('open'), channel: z.int(), label: z.string() }),
  z.object({ kind: z.literal('message'), channel: z.int(), message: z.unknown() }),
  z.object({ kind: z.literal('close'), channel: z.int(), reason: errorData }),
]);

type Carried = ReturnType<typeof carriedPipe>;

function channelsOver(pipe: Pipe, onOpen: (label: string, channel: Pipe) => void): { add: (channel: number) => Pipe } {
  const open = new Map<number, Carried>();
  const add = (channel: number): Pipe => {
    const carrier: Carrier = {
      send: (message) => { pipe.send({ kind: 'message', channel, message }); },
      close: (reason) => { open.delete(channel); pipe.send({ kind: 'close', channel, reason }); },
    };
    const carried = carriedPipe(carrier);
    open.set(channel, carried);
    return carried.pipe;
  };
  pipe.onMessage((message) => {
    const parsed = frame.safeParse(message);
    if (!parsed.success) return; // a frame that names no channel concerns none of them
    const { channel } = parsed.data;
    switch (parsed.data.kind) {
      case 'open':
        if (!open.has(channel)) onOpen(parsed.data.label, add(channel));
        break;
      case 'message':
        open.get(channel)?.deliver(parsed.data.message);
        break;
      case 'close':
        open.get(channel)?.ended(parsed.data.reason);
        open.delete(channel);
        break;
    }
  });
  pipe.onClose((reason) => {
    for (const carried of open.values()) carried.ended(reason);
    open.clear();
  });
  return { add };
}

/** The opening side. `open(label)` gives a pipe of its own, until the carrying pipe closes. */
export function openChannels(pipe: Pipe): { open: (label: string) => Pipe } {
  const { add } = channelsOver(pipe, () => undefined);
  let last = 0;
  return {
    open(label) {
      const channel = ++last;
      pipe.send({ kind: 'open', channel, label });
      return add(channel);
    },
  };
}

/** The accepting side: `onOpen` gets each new channel with the label its opener gave. */
export function acceptChannels(pipe: Pipe, onOpen: (label: string, channel: Pipe) => void): void {
  channelsOver(pipe, onOpen);
}
