/** One contract over every pipe: what holds for one carrier must hold for all. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MessageChannel } from 'node:worker_threads';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import * as z from 'zod';
import { EngineError } from '../shared/errors.ts';
import { createTransportStandIn, transportContract } from '../testing/transportStandIn.ts';
import { acceptChannels, openChannels } from './channels.ts';
import { connect, streamCredit } from './connect.ts';
import { memoryPipes } from './memory.ts';
import { emitterPortPipe, webPortPipe } from './messagePort.ts';
import type { EmitterPort, WebPort } from './messagePort.ts';
import { carriedPipe, joinPipes, ownBytes } from './pipe.ts';
import type { Pipe } from './pipe.ts';
import { processPipe } from './process.ts';
import { reconnectingClient } from './reconnect.ts';
import { maximumOutstanding, serve } from './serve.ts';
import type { BridgeFault } from './serve.ts';
import { webSocketPipe } from './webSocket.ts';

type Ends = { readonly near: Pipe; readonly faults: () => Promise<BridgeFault[]> };
const cleanup: (() => void)[] = [];
afterEach(() => { for (const clean of cleanup.splice(0)) clean(); });

function served(near: Pipe, far: Pipe): Ends {
  const faults: BridgeFault[] = [];
  serve(transportContract, createTransportStandIn(), far, (fault) => faults.push(fault));
  cleanup.push(() => { near.close(); });
  return { near, faults: () => Promise.resolve(faults) };
}

/** Node's port with the interface of Electron's: events carry the message in `data`. */
function asElectronPort(port: MessageChannel['port1']): EmitterPort {
  return {
    postMessage: (message) => { port.postMessage(message); },
    on: (event: string, listener: (event: { data: unknown }) => void) => port.on(event as 'message', (data: unknown) => { listener({ data }); }),
    start: () => { port.start(); },
    close: () => { port.close(); },
  };
}

const carriers: Record<string, () => Promise<Ends>> = {
  memory: () => Promise.resolve(served(...memoryPipes())),
  'web message port': () => {
    const { port1, port2 } = new MessageChannel();
    return Promise.resolve(served(webPortPipe(port1 as unknown as WebPort), webPortPipe(port2 as unknown as WebPort)));
  },
  'electron message port': () => {
    const { port1, port2 } = new MessageChannel();
    return Promise.resolve(served(emitterPortPipe(asElectronPort(port1)), emitterPortPipe(asElectronPort(port2))));
  },
  'child process': async () => {
    const child = fork(new URL('../testing/transportChild.ts', import.meta.url), { serialization: 'advanced' });
    await once(child, 'spawn');
    cleanup.push(() => { child.kill(); });
    const near = processPipe(child);
    const { open } = openChannels(near);
    const faultPipe = open('faults');
    const faults: BridgeFault[] = [];
    faultPipe.onMessage((fault) => faults.push(fault as BridgeFault));
    const calls = open('calls');
    cleanup.push(() => { near.close(); });
    return { near: calls, faults: () => Promise.resolve(faults) };
  },
  'web socket': async () => {
    const http = createServer();
    const sockets = new WebSocketServer({ server: http });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    const client = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`);
    const [[far]] = await Promise.all([once(sockets, 'connection') as Promise<[WebSocket]>, once(client, 'open')]);
    cleanup.push(() => { sockets.close(); http.close(); });
    return served(webSocketPipe(client), webSocketPipe(far));
  },
  'channel of a pipe': () => {
    const [a, b] = memoryPipes();
    const faults: BridgeFault[] = [];
    acceptChannels(b, (label, channel) => { if (label === 'page') serve(transportContract, createTransportStandIn(), channel, (fault) => faults.push(fault)); });
    return Promise.resolve({ near: openChannels(a).open('page'), faults: () => Promise.resolve(faults) });
  },
};

describe.each(Object.entries(carriers))('over a %s', (_name, open) => {
  test('a call comes back with its result, defaults filled in and undefined left out', async () => {
    const client = connect(transportContract, (await open()).near);
    expect(await client.call('echo', { text: 'Größe 脳', maybe: undefined })).toEqual({ text: 'Größe 脳', count: 1 });
  });

  test('bytes arrive as they were sent, and only those, at the start of a buffer of their own', async () => {
    const client = connect(transportContract, (await open()).near);
    const whole = Uint8Array.from({ length: 4096 }, (_, i) => i % 251);
    const { bytes } = await client.call('bytes.reverse', { bytes: whole.subarray(13, 1013) });
    expect(bytes).toEqual(whole.slice(13, 1013).reverse());
    expect(bytes.constructor).toBe(Uint8Array);
    expect([bytes.byteOffset, bytes.buffer.byteLength]).toEqual([0, 1000]);
    expect(new Float32Array(bytes.buffer).length).toBe(250);
  });

  test('an error of the engine keeps code, message, subject and advice', async () => {
    const client = connect(transportContract, (await open()).near);
    const failure = await client.call('fail', { how: 'expected' }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(EngineError);
    expect(failure).toMatchObject({ code: 'volume/flat', message: 'All voxels are 7', about: { subject: 'series 3', advice: 'Choose another series' } });
  });

  test('an unforeseen exception arrives as a bug and is reported at the serving side', async () => {
    const { near, faults } = await open();
    const client = connect(transportContract, near);
    await expect(client.call('fail', { how: 'bug' })).rejects.toMatchObject({ code: 'bug/unexpected', message: 'not foreseen' });
    await expect.poll(async () => (await faults()).map((fault) => [fault.event, fault.method])).toEqual([['bridge.bug', 'fail']]);
  });

  test('a result that cannot cross fails its own call and no other', async () => {
    const client = connect(transportContract, (await open()).near);
    await expect(client.call('fail', { how: 'uncloneable' })).rejects.toMatchObject({ code: 'bug/unexpected' });
    expect(await client.call('echo', { text: 'still here' })).toMatchObject({ text: 'still here' });
  });

  test('parameters against the contract are refused before the handler sees them', async () => {
    const client = connect(transportContract, (await open()).near);
    await expect(client.call('echo', { text: 5 as unknown as string })).rejects.toMatchObject({ code: 'bridge/bad-params' });
    expect(await client.call('calls.seen', {})).toEqual({ echo: 0 });
  });

  test('a result against the contract is not passed on', async () => {
    const client = connect(transportContract, (await open()).near);
    await expect(client.call('fail', { how: 'bad-result' })).rejects.toMatchObject({ code: 'bug/unexpected' });
  });

  test('malformed, unknown and repeated requests are answered or dropped, and the pipe goes on', async () => {
    const { near, faults } = await open();
    const answers: unknown[] = [];
    near.onMessage((message) => answers.push(message));
    for (const junk of [null, 7, 'text', [], {}, { type: 'call' }, { type: 'more', id: 1 }, { type: 'open', id: 2, method: 'count', params: {}, credit: 1e9 }]) near.send(junk);
    near.send({ type: 'call', id: 3, method: 'constructor', params: {} });
    near.send({ type: 'call', id: 4, method: 'count', params: { to: 1 } });
    near.send({ type: 'cancel', id: 99 });
    near.send({ type: 'more', id: 99, credit: 5 });
    near.send({ type: 'call', id: 5, method: 'echo', params: { text: 'after' } });
    await expect.poll(() => answers.length).toBe(5);
    const byId = new Map(answers.map((answer) => { const { id, ...rest } = z.looseObject({ id: z.int() }).parse(answer); return [id, rest] as const; }));
    expect(byId.get(1)).toMatchObject({ error: { code: 'bridge/refused' } });
    expect(byId.get(2)).toMatchObject({ error: { code: 'bridge/refused' } });
    expect(byId.get(3)).toMatchObject({ error: { code: 'bridge/unknown-method' } });
    expect(byId.get(4)).toMatchObject({ error: { code: 'bridge/refused' } });
    expect(byId.get(5)).toMatchObject({ type: 'result', value: { text: 'after' } });
    expect((await faults()).filter((fault) => fault.event === 'bridge.malformed')).toHaveLength(8);
  });

  test('malformed replies do not disturb the calls under way', async () => {
    const [near, far] = memoryPipes();
    const client = connect(transportContract, near);
    far.onMessage((message) => {
      const { id } = z.looseObject({ id: z.int() }).parse(message);
      for (const junk of [null, 'x', { type: 'result' }, { type: 'error', id, error: { code: 'made/up' } }, { type: 'result', id: 4711, value: 1 }]) far.send(junk);
      far.send({ type: 'result', id, value: { text: 'real', count: 2 } });
    });
    expect(await client.call('echo', { text: '' })).toEqual({ text: 'real', count: 2 });
  });

  test('a stream gives its items in order and ends', async () => {
    const client = connect(transportContract, (await open()).near);
    const seen: number[] = [];
    for await (const { n } of client.stream('count', { to: 50 })) seen.push(n);
    expect(seen).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });

  test('a stream that fails half way gives what came before, then the error', async () => {
    const client = connect(transportContract, (await open()).near);
    const seen: number[] = [];
    const read = async (): Promise<void> => { for await (const { n } of client.stream('count', { to: 9, failAt: 3 })) seen.push(n); };
    await expect(read()).rejects.toMatchObject({ code: 'dicom/truncated' });
  });

  test('a reader that takes nothing lets no more than the credit be made', async () => {
    const client = connect(transportContract, (await open()).near);
    const items = client.stream('count', { to: 1000 })[Symbol.asyncIterator]();
    expect(await items.next()).toEqual({ done: false, value: { n: 0 } });
    await client.call('echo', { text: 'everything sent before this has been handled' });
    await expect.poll(async () => (await client.call('progress', {})).made).toBe(streamCredit);
    expect((await client.call('progress', {})).made).toBe(streamCredit);
    for (let i = 0; i < 100; i++) await items.next();
    expect((await client.call('progress', {})).made).toBeLessThanOrEqual(101 + streamCredit);
    await items.return?.();
  });

  test('leaving the loop stops the work at the other end', async () => {
    const client = connect(transportContract, (await open()).near);
    for await (const { n } of client.stream('count', { to: 1e9 })) if (n === 20) break;
    await expect.poll(() => client.call('progress', {})).toMatchObject({ finished: 1, aborted: 1 });
  });

  test('aborting a stream ends it at once for the reader, though the work is waiting, and aborts the work', async () => {
    const client = connect(transportContract, (await open()).near);
    const stop = new AbortController();
    const items = client.stream('forever', {}, stop.signal)[Symbol.asyncIterator]();
    expect(await items.next()).toEqual({ done: false, value: { n: 0 } });
    const waiting = items.next();
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
    await expect.poll(() => client.call('progress', {})).toMatchObject({ aborted: 1 });
  });

  test('aborting a call rejects it at once and aborts the work', async () => {
    const client = connect(transportContract, (await open()).near);
    const stop = new AbortController();
    const waiting = client.call('wait', {}, stop.signal);
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
    await expect(client.call('echo', { text: '' }, AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' });
  });

  test('closing the pipe fails what is under way and what comes after', async () => {
    const { near } = await open();
    const client = connect(transportContract, near);
    const call = client.call('wait', {});
    const items = client.stream('forever', {})[Symbol.asyncIterator]();
    await items.next();
    const next = items.next();
    near.close();
    await expect(call).rejects.toMatchObject({ code: 'bridge/closed' });
    await expect(next).rejects.toMatchObject({ code: 'bridge/closed' });
    await expect(client.call('echo', { text: '' })).rejects.toMatchObject({ code: 'bridge/closed' });
  });

  test('more calls than a page can need are refused', async () => {
    const client = connect(transportContract, (await open()).near);
    const stop = new AbortController();
    const waiting = Array.from({ length: maximumOutstanding }, () => client.call('wait', {}, stop.signal).catch(() => undefined));
    await expect(client.call('echo', { text: 'one too many' })).rejects.toMatchObject({ code: 'bridge/refused' });
    stop.abort();
    await Promise.all(waiting);
    await expect.poll(() => client.call('echo', { text: 'again' }).catch(() => null)).toMatchObject({ text: 'again' });
  });
});

test('the serving side learns that the pipe closed and aborts the work', async () => {
  const [near, far] = memoryPipes();
  const handlers = createTransportStandIn();
  serve(transportContract, handlers, far, () => undefined);
  const client = connect(transportContract, near);
  const items = client.stream('forever', {})[Symbol.asyncIterator]();
  await items.next();
  near.close();
  await expect.poll(() => handlers.progress({}, { signal: AbortSignal.abort() })).toMatchObject({ aborted: 1 });
});

test('a web socket frame that is no message of ours closes the socket', async () => {
  const http = createServer();
  const sockets = new WebSocketServer({ server: http });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  cleanup.push(() => { sockets.close(); http.close(); });
  sockets.on('connection', (socket) => { serve(transportContract, createTransportStandIn(), webSocketPipe(socket), () => undefined); });
  for (const frame of ['text', Uint8Array.of(0xc1), Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff)]) {
    const client = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`);
    await once(client, 'open');
    client.send(frame);
    expect((await once(client, 'close'))[0]).toBe(1007);
  }
});

test('a child process that ends closes its pipe', async () => {
  const child = fork(new URL('../testing/transportChild.ts', import.meta.url), { serialization: 'advanced' });
  const pipe = processPipe(child);
  const client = connect(transportContract, openChannels(pipe).open('calls'));
  await client.call('echo', { text: '' });
  const waiting = client.call('wait', {});
  child.kill('SIGKILL');
  await expect(waiting).rejects.toMatchObject({ code: 'bridge/closed' });
});

test('joined pipes pass messages and closing both ways', async () => {
  const [a, b] = memoryPipes();
  const [c, d] = memoryPipes();
  joinPipes(b, c);
  serve(transportContract, createTransportStandIn(), d, () => undefined);
  const client = connect(transportContract, a);
  expect(await client.call('echo', { text: 'through' })).toMatchObject({ text: 'through' });
  const closed = new Promise((resolve) => { a.onClose(resolve); });
  d.close({ code: 'host/crashed', message: 'm', subject: 's', advice: 'a' });
  expect(await closed).toMatchObject({ code: 'host/crashed' });
});

test('a client whose pipe is replaced fails what was under way, keeps what waits, and goes on', async () => {
  const client = reconnectingClient(transportContract, 60_000);
  const early = client.call('echo', { text: 'early' });
  const start = (): Pipe => {
    const [near, far] = memoryPipes();
    serve(transportContract, createTransportStandIn(), far, () => undefined);
    client.attach(near);
    return far;
  };
  const first = start();
  expect(await early).toMatchObject({ text: 'early' });
  const underWay = client.call('wait', {});
  const closed = expect(underWay).rejects.toMatchObject({ code: 'host/crashed' });
  await client.call('echo', { text: 'the wait has arrived too' });
  first.close({ code: 'host/crashed', message: 'm', subject: 's', advice: 'a' });
  await closed;
  const patient = client.call('echo', { text: 'patient' });
  start();
  expect(await patient).toMatchObject({ text: 'patient' });
});

test('a client that gets no pipe fails with a sentence, and an aborted one is cancelled', async () => {
  const client = reconnectingClient(transportContract, 10);
  await expect(client.call('echo', { text: '' })).rejects.toMatchObject({ code: 'bridge/closed' });
  await expect(client.call('echo', { text: '' }, AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' });
});

test('a carrier that fails while sending closes its pipe once', () => {
  const reasons: string[] = [];
  const { pipe, ended } = carriedPipe({ send: () => { throw new Error('gone'); }, close: () => undefined });
  pipe.onClose((reason) => reasons.push(reason.message));
  pipe.send(1);
  pipe.send(2);
  ended();
  expect(reasons).toEqual(['The connection to the engine closed: gone']);
});

test('only byte arrays that share or leave part of their buffer are copied', () => {
  const owned = new Uint8Array(8);
  const out = ownBytes({ owned, part: owned.subarray(2), list: [Buffer.from('ab')] }) as { owned: Uint8Array; part: Uint8Array; list: Uint8Array[] };
  expect(out.owned).toBe(owned);
  expect(out.part.buffer.byteLength).toBe(6);
  expect(out.list[0]?.constructor).toBe(Uint8Array);
});
