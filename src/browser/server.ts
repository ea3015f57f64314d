/**
 * The loopback server of the browser shell: the page's files over HTTP, the engine's contract over one web socket.
 * It listens on 127.0.0.1 alone, on a port the system picks, and opens no other socket.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect as connectTcp } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { EngineError } from '../shared/errors.ts';
import type { Pipe } from '../transport/pipe.ts';
import { joinPipes } from '../transport/pipe.ts';
import { webSocketPipe } from '../transport/webSocket.ts';
import type { PageFiles } from '../shell/pageFiles.ts';
import { pageHeaders } from '../shell/pageHeaders.ts';
import { createAccess } from './access.ts';
import type { Refusal } from './access.ts';

/** The largest frame taken: an upload comes in pieces of a few MB. */
const maximumFrameBytes = 64 * 1024 * 1024;

export interface LoopbackServer {
  /** The URL that opens the page, once. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Without a loopback interface listening succeeds and no page ever comes: found out by calling once. */
function reachOwn(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host: '127.0.0.1', port });
    socket.once('connect', () => { socket.destroy(); resolve(); });
    socket.once('error', reject);
  });
}

/**
 * @param openPage gives a pipe to the engine for one page; may wait until the engine answers
 * @throws EngineError `browser/no-loopback`
 */
export async function startServer(files: PageFiles, openPage: () => Promise<Pipe>): Promise<LoopbackServer> {
  const http = createServer({ requestTimeout: 30_000, maxHeaderSize: 16_384 });
  try {
    await new Promise<void>((resolve, reject) => {
      http.once('error', reject);
      http.listen(0, '127.0.0.1', resolve);
    });
    await reachOwn((http.address() as AddressInfo).port);
  } catch (error) {
    http.close();
    throw new EngineError('browser/no-loopback', 'This machine cannot reach its own address 127.0.0.1', { subject: 'loopback interface', advice: 'Switch the loopback interface on (ip link set lo up), or use the Electron window or the command line' }, { cause: error });
  }
  const { port } = http.address() as AddressInfo;
  const access = createAccess(port);
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maximumFrameBytes, perMessageDeflate: false });

  const refuse = (response: ServerResponse, { status, message }: Refusal | { status: 404 | 405; message: string }): void => {
    response.writeHead(status, { ...pageHeaders, 'Content-Type': 'text/plain; charset=utf-8' }).end(`${message}\n`);
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const source = access.refuseSource(request);
    if (source !== null) { refuse(response, source); return; }
    if (request.method !== 'GET' && request.method !== 'HEAD') { refuse(response, { status: 405, message: 'Only GET is answered' }); return; }
    // Not parsed as a URL: `//name/` would be read as another host, with the path `/`.
    const [path = '', query = ''] = (request.url ?? '').split('?', 2);
    const token = path === '/' ? new URLSearchParams(query).get('token') : null;
    if (token !== null) {
      const cookie = access.redeem(token);
      if (cookie === null) { refuse(response, { status: 401, message: 'This link was used already or is too old: start the app again' }); return; }
      response.writeHead(303, { ...pageHeaders, 'Set-Cookie': cookie, Location: '/' }).end();
      return;
    }
    const session = access.refuseSession(request);
    if (session !== null) { refuse(response, session); return; }
    const file = files(path);
    if (file === null) { refuse(response, { status: 404, message: 'There is no such file' }); return; }
    const body = await file.read();
    response.writeHead(200, { ...pageHeaders, 'Content-Type': file.contentType, 'Content-Length': body.byteLength });
    response.end(request.method === 'HEAD' ? undefined : body);
  };

  http.on('request', (request, response) => {
    answer(request, response).catch(() => { if (response.headersSent) response.destroy(); else response.writeHead(500, pageHeaders).end(); });
  });

  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // A page always names its origin when it opens a web socket, so here a missing one is refused as well.
    const refusal: Refusal | null =
      access.refuseSource(request) ?? access.refuseSession(request)
      ?? (request.headers.origin === undefined ? { status: 403, message: 'no origin' } : null)
      ?? (request.url === '/engine' ? null : { status: 400, message: 'no such socket' });
    if (refusal !== null) {
      socket.end(`HTTP/1.1 ${refusal.status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on('error', () => { webSocket.terminate(); }); // a frame too large, say; 'close' follows
      const page = webSocketPipe(webSocket);
      openPage().then(
        (engine) => { joinPipes(page, engine); },
        () => { page.close(); },
      );
    });
  });

  return {
    url: access.url,
    port,
    close: () =>
      new Promise((resolve) => {
        for (const client of sockets.clients) client.terminate();
        http.close(() => { resolve(); });
        http.closeAllConnections();
      }),
  };
}
