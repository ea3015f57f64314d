/** The app opens, says what it runs on, and survives the end of its engine. */
import { contentSecurityPolicy } from '../../src/shell/pageHeaders.ts';
import { expect, test } from '../shells/app.ts';

test('the window opens and the status bar names pack, provider and archive', async ({ room, picture }) => {
  await room.ready();
  await expect(room.statusBar).toContainText(/CPU|CUDA|WEBGPU|DML|COREML/);
  await expect(room.statusBar).toContainText(/prior cases?/);
  await expect(room.statusBar.getByText('No model pack')).toHaveCount(0);
  await picture('opening');
});

test('the page can reach the contract and nothing of the machine', async ({ app, room }) => {
  await room.ready();
  const found = await app.page.evaluate(async () => ({
    node: ['require', 'process', 'module', 'Buffer', 'electron', 'ipcRenderer'].filter((name) => name in window),
    version: await (window as unknown as { brat: { call: (method: string, params: object) => Promise<{ version: string }> } }).brat.call('app.status', {}).then(({ version }) => version),
    shellMethod: await (window as unknown as { brat: { stream: (method: string, params: object) => AsyncIterable<unknown> } }).brat.stream('import.paths', { paths: ['/etc/passwd'] })[Symbol.asyncIterator]().next().then(() => 'answered', () => 'refused'),
  }));
  expect(found).toEqual({ node: [], version: '0.1.0', shellMethod: 'refused' });
});

test('the policy of the page is the one that is meant', async ({ app }) => {
  const response = await app.page.reload();
  expect(await response?.headerValue('content-security-policy')).toBe(contentSecurityPolicy);
});

test('when the engine crashes the window stays, says so, and goes on with a new one', async ({ app, room }) => {
  await room.ready();
  app.crashEngine();
  await room.ready();
  await expect.poll(() => app.page.evaluate(() => (window as unknown as { brat: { call: (method: string, params: object) => Promise<unknown> } }).brat.call('app.status', {}).then(() => 'answered', () => 'failed')), { timeout: 60_000 }).toBe('answered');
});
