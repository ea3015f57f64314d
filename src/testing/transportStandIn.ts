/** A small contract with every kind of behaviour a handler can show, for the tests of the pipes. */
import { z } from 'zod';
import type { HandlersOf, MethodSchema, StreamSchema } from '../shared/contract.ts';
import { EngineError } from '../shared/errors.ts';

const nothing = z.object({});

export const transportContract = {
  echo: { kind: 'method', params: z.object({ text: z.string(), count: z.int().default(1), maybe: z.string().optional() }), result: z.object({ text: z.string(), count: z.int() }) },
  'bytes.reverse': { kind: 'method', params: z.object({ bytes: z.instanceof(Uint8Array) }), result: z.object({ bytes: z.instanceof(Uint8Array) }) },
  fail: { kind: 'method', params: z.object({ how: z.enum(['expected', 'bug', 'bad-result', 'uncloneable']) }), result: z.object({ n: z.number() }) },
  wait: { kind: 'method', params: nothing, result: nothing },
  'calls.seen': { kind: 'method', params: nothing, result: z.object({ echo: z.int() }) },
  progress: { kind: 'method', params: nothing, result: z.object({ made: z.int(), finished: z.int(), aborted: z.int() }) },
  count: { kind: 'stream', params: z.object({ to: z.int(), failAt: z.int().optional() }), item: z.object({ n: z.int() }) },
  forever: { kind: 'stream', params: nothing, item: z.object({ n: z.int() }) },
} as const satisfies Record<string, MethodSchema | StreamSchema>;

/** Handlers that count what was done: items made, streams finished, signals aborted, echoes handled. */
export function createTransportStandIn(): HandlersOf<typeof transportContract> {
  let [made, finished, aborted, echoes] = [0, 0, 0, 0];
  const untilAborted = (signal: AbortSignal): Promise<void> =>
    new Promise((_, reject) => { signal.addEventListener('abort', () => { reject(new DOMException('stopped', 'AbortError')); }, { once: true }); });

  return {
    echo: ({ text, count }) => {
      echoes += 1;
      return { text, count };
    },
    'bytes.reverse': ({ bytes }) => {
      const inside = new Uint8Array(bytes.length + 7); // a view that does not fill its buffer, as slices of a volume do
      inside.set(bytes.slice().reverse(), 5);
      return { bytes: inside.subarray(5, 5 + bytes.length) };
    },
    fail: ({ how }) => {
      switch (how) {
        case 'expected':
          throw new EngineError('volume/flat', 'All voxels are 7', { subject: 'series 3', advice: 'Choose another series' });
        case 'bug':
          throw new Error('not foreseen');
        case 'bad-result':
          return { n: 'seven' as unknown as number };
        case 'uncloneable':
          return { n: (() => 7) as unknown as number };
      }
    },
    wait: async (_, { signal }) => {
      await untilAborted(signal);
      return {};
    },
    'calls.seen': () => ({ echo: echoes }),
    progress: () => ({ made, finished, aborted }),
    async *count({ to, failAt }, { signal }) {
      try {
        for (let n = 0; n < to; n++) {
          if (n === failAt) throw new EngineError('dicom/truncated', 'cut off', { subject: 'file 3', advice: 'Copy it again' });
          made += 1;
          await Promise.resolve();
          yield { n };
        }
      } finally {
        finished += 1;
        if (signal.aborted) aborted += 1;
      }
    },
    async *forever(_, { signal }) {
      try {
        yield { n: 0 };
        await untilAborted(signal);
      } finally {
        if (signal.aborted) aborted += 1;
      }
    },
  };
}
