/** The loopback server against everything that is not its own page. Real HTTP and web sockets. */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { pageFiles } from '../shell/pageFiles.ts';
import { createTransportStandIn, transportContract } from '../testing/transportStandIn.ts';
import { connect } from '../transport/connect.ts';
import { memoryPipes } from '../transport/memory.ts';
import type { Pipe } from '../transport/pipe.ts';
import { serve } from '../transport/serve.ts';
import { webSocketPipe } from '../transport/webSocket.ts';
import { createAccess } from './access.ts';
import { startServer } from './server.ts';
import type { LoopbackServer } from './server.ts';

let server: LoopbackServer;
let cookie: string;
const engines: Pipe[] = [];

const folder = mkdtempSync(join(tmpdir(), 'brat-page-'));
mkdirSync(join(folder, 'renderer/assets'), { recursive: true });
writeFileSync(join(folder, 'renderer/index.html'), '<!doctype html><title>page</title>');
writeFileSync(join(folder, 'renderer/assets/a.js'), 'export {};');
writeFileSync(join(folder, 'renderer/notes.txt'), 'of no type we serve');
writeFileSync(join(folder, 'shell.js'), '// shell');
writeFileSync(join(folder, 'secret.js'), 'not of the page');

interface Answer { readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: string }

/** A request with the path exactly as written: `fetch` would tidy `..` away. */
async function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const sent = request({ host: '127.0.0.1', port: server.port, path, method, headers: { Cookie: cookie, ...headers } });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
}

const own = (): string => `http://127.0.0.1:${server.port}`;

/** The status a web socket is refused with, or 101. */
async function socketStatus(path: string, headers: Record<string, string>): Promise<number> {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, { headers });
  return new Promise((resolve) => {
    socket.on('error', () => undefined);
    socket.on('open', () => { socket.close(); resolve(101); });
    socket.on('unexpected-response', (_, response) => { resolve(response.statusCode ?? 0); });
  });
}

beforeAll(async () => {
  server = await startServer(pageFiles(join(folder, 'renderer'), join(folder, 'shell.js')), () => {
    const [near, far] = memoryPipes();
    engines.push(far);
    serve(transportContract, createTransportStandIn(), far, () => undefined);
    return Promise.resolve(near);
  });
  cookie = '';
  const exchanged = await get(server.url.slice(own().length));
  cookie = exchanged.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
});
afterAll(() => server.close());

describe('the loopback server', () => {
  test('takes the token of its URL for a cookie that scripts and other sites never see, and sends the page on', async () => {
    const fresh = await startServer(pageFiles(join(folder, 'renderer'), join(folder, 'shell.js')), () => Promise.reject(new Error('no engine')));
    const response = await fetch(fresh.url, { redirect: 'manual' });
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toBe('/');
    expect(response.headers.get('set-cookie')).toMatch(/^brat_session_\d+=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/$/);
    expect((await fetch(fresh.url, { redirect: 'manual' })).status).toBe(401);
    await fresh.close();
  });

  test('refuses a wrong token, a used one, and a request without the cookie', async () => {
    expect((await get('/?token=wrong', { Cookie: '' })).status).toBe(401);
    expect((await get(server.url.slice(own().length), { Cookie: '' })).status).toBe(401);
    expect((await get('/', { Cookie: '' })).status).toBe(401);
    expect((await get('/', { Cookie: `${cookie}x` })).status).toBe(401);
    expect((await get('/assets/a.js', { Cookie: '' })).body).not.toContain('export');
  });

  test.each(['localhost', 'evil.example', '127.0.0.1', '127.0.0.1:1'])('refuses the host name %s, as DNS rebinding would send', async (host) => {
    expect((await get('/', { Host: host })).status).toBe(403);
    expect(await socketStatus('/engine', { Cookie: cookie, Origin: own(), Host: host })).toBe(403);
  });

  test('refuses requests that come from another page', async () => {
    for (const origin of ['http://evil.example', 'null', 'http://127.0.0.1:1', `http://localhost:${server.port}`]) {
      expect((await get('/', { Origin: origin })).status).toBe(403);
      expect(await socketStatus('/engine', { Cookie: cookie, Origin: origin })).toBe(403);
    }
  });

  test('refuses a web socket without the cookie, without an origin, or with another path', async () => {
    expect(await socketStatus('/engine', { Origin: own() })).toBe(401);
    expect(await socketStatus('/engine', { Cookie: cookie })).toBe(403);
    expect(await socketStatus('/other', { Cookie: cookie, Origin: own() })).toBe(400);
    expect(await socketStatus('/engine', { Cookie: cookie, Origin: own() })).toBe(101);
  });

  test('serves the files of the page and no other, however the path is spelt', async () => {
    expect((await get('/')).body).toContain('<title>page</title>');
    expect((await get('/assets/a.js')).headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect((await get('/shell.js')).body).toBe('// shell');
    for (const path of ['/../secret.js', '/assets/../../secret.js', '/%2e%2e/secret.js', '/..%2fsecret.js', '/assets/%2e%2e%2f%2e%2e%2fsecret.js', '//secret.js', '/..\\secret.js', `/${join(folder, 'secret.js')}`, '/notes.txt', '/%00', '/%ff', '*']) {
      const { status, body } = await get(path);
      expect([path, status]).toEqual([path, 404]);
      expect(body).not.toContain('not of the page');
    }
  });

  test('answers nothing but GET and HEAD', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) expect((await get('/', {}, method)).status).toBe(405);
    expect(await get('/', {}, 'HEAD')).toMatchObject({ status: 200, body: '' });
  });

  test('sends the content security policy and its fellows with every answer, refusals included', async () => {
    for (const answer of [await get('/'), await get('/none'), await get('/', { Cookie: '' }), await get('/', { Host: 'x' })]) {
      expect(answer.headers['content-security-policy']).toBe(
        "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self' blob: data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      );
      expect(answer.headers).toMatchObject({
        'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'x-frame-options': 'DENY', 'cache-control': 'no-store',
        'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp', 'cross-origin-resource-policy': 'same-origin',
      });
    }
  });

  test('listens on 127.0.0.1 alone', async () => {
    const hex = server.port.toString(16).toUpperCase().padStart(4, '0');
    const listening = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => readFileSync(table, 'utf8').split('\n').map((line) => line.trim().split(/\s+/)).filter(([, local, , state]) => local?.endsWith(`:${hex}`) === true && state === '0A').map(([, local]) => local));
    expect(listening).toEqual([`0100007F:${hex}`]);
    for (const { address, family } of Object.values(networkInterfaces()).flatMap((list) => list ?? []).filter(({ internal }) => !internal)) {
      const socket = connectTcp({ host: address, port: server.port, family: family === 'IPv6' ? 6 : 4 });
      await expect(once(socket, 'connect')).rejects.toThrow();
    }
  });

  test('joins a page to the engine, and tells it why when the engine ends', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/engine`, { headers: { Cookie: cookie, Origin: own() } });
    await once(socket, 'open');
    const client = connect(transportContract, webSocketPipe(socket));
    expect(await client.call('echo', { text: 'through' })).toMatchObject({ text: 'through' });
    const waiting = client.call('wait', {});
    engines.at(-1)?.close({ code: 'host/crashed', message: 'm', subject: 's', advice: 'a' });
    await expect(waiting).rejects.toMatchObject({ code: 'host/crashed' });
  });

  test('closes a socket whose frame is larger than any upload, and goes on serving', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/engine`, { headers: { Cookie: cookie, Origin: own() } });
    await once(socket, 'open');
    socket.send(new Uint8Array(65 * 1024 * 1024));
    expect((await once(socket, 'close'))[0]).toBe(1009);
    expect((await get('/')).status).toBe(200);
  });
});

test('a token is refused a minute after it was made', () => {
  let now = 0;
  const access = createAccess(1, () => now);
  const token = new URL(access.url).searchParams.get('token') ?? '';
  now = 60_001;
  expect(access.redeem(token)).toBeNull();
});
