/**
 * Start file of a process that starts the browser shell and calls it as its page would, so that a test can put both into
 * a network of their own. Prints what it got as one line of JSON; a shell that ends by itself is told with its words.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { contract } from '../shared/contract.ts';
import { connect } from '../transport/connect.ts';
import { webSocketPipe } from '../transport/webSocket.ts';

const shell = spawn(process.execPath, [join(import.meta.dirname, '../browser/main.ts'), '--no-open', '--data-dir', process.argv[2] ?? ''], { stdio: ['ignore', 'pipe', 'pipe'] });
let said = '';
shell.stderr.on('data', (chunk: Buffer) => { said += chunk.toString(); });
const ended = once(shell, 'close').then(([code]) => ({ code: code as number | null, said }));

const tell = (value: object): void => { process.stdout.write(`${JSON.stringify(value)}\n`); };

const line = await Promise.race([once(shell.stdout, 'data').then(([chunk]) => String(chunk)), ended.then(() => null)]);
if (line !== null) {
  const { url } = JSON.parse(line) as { url: string };
  const { origin, host } = new URL(url);
  const opened = await fetch(url, { redirect: 'manual' });
  const cookie = opened.headers.get('set-cookie')?.split(';')[0] ?? '';
  const page = await fetch(origin, { headers: { cookie } });
  const socket = new WebSocket(`ws://${host}/engine`, { headers: { cookie, origin } });
  await once(socket, 'open');
  const client = connect(contract, webSocketPipe(socket));
  const { rows: studies } = await client.call('worklist.query', {});
  tell({ opened: opened.status, page: page.status, studies: studies.length });
  socket.close();
  shell.kill('SIGTERM');
}
const end = await ended;
tell(end);
