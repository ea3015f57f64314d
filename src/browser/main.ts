/**
 * Start file of the browser shell: the engine in a supervised child, the page on a loopback server, and a window in an
 * installed browser. Ends when that window is closed or on SIGINT.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { hostKinds } from '../host/config.ts';
import { startChildHost, startInlineHost } from '../host/process.ts';
import { defaultSupervision, superviseHost } from '../host/supervise.ts';
import { EngineError, toErrorData } from '../shared/errors.ts';
import { childStartFile, defaultDataDir, hostConfigFor, pageScript, rendererFolder } from '../shell/locations.ts';
import { pageFiles } from '../shell/pageFiles.ts';
import { findBrowser, openBrowser } from './findBrowser.ts';
import { startServer } from './server.ts';

const usage = `brat desktop in an installed browser

  --data-dir FOLDER   where studies and reports are kept
  --host KIND         where the engine runs: child (default) or inline
  --no-open           open no window; print {"url": "..."} instead (the URL works once)
  --because TEXT      why this shell was chosen, shown to the person who started it
`;

/** A browser that ends sooner than this after it was started did not get as far as showing a window. */
const windowlessMs = 5_000;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { 'data-dir': { type: 'string' }, host: { type: 'string', default: 'child' }, 'no-open': { type: 'boolean', default: false }, because: { type: 'string' }, help: { type: 'boolean', default: false } },
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const hostKind = hostKinds.find((kind) => kind === values.host);
  if (hostKind === undefined || hostKind === 'utility') {
    throw new EngineError('cli/usage', `There is no host ${JSON.stringify(values.host)} in this shell`, { subject: '--host', advice: 'Use child or inline' });
  }
  if (values.because !== undefined) process.stderr.write(`${values.because}\n`);

  const files = pageFiles(rendererFolder, pageScript('browser'));
  const config = hostConfigFor(values['data-dir'] ?? defaultDataDir());
  const supervisor = superviseHost(() => (hostKind === 'inline' ? startInlineHost(config) : startChildHost(childStartFile, config)), defaultSupervision);
  supervisor.onEnd((end) => { process.stderr.write(`${JSON.stringify({ event: 'host.ended', ...end })}\n`); });
  const server = await startServer(files, async () => (await supervisor.running()).openPage()).catch(async (error: unknown) => {
    await supervisor.stop();
    throw error;
  });

  const profile = mkdtempSync(join(tmpdir(), 'brat-browser-'));
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    void Promise.allSettled([server.close(), supervisor.stop()]).then(() => {
      rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
      process.exit(0);
    });
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);

  if (values['no-open']) {
    process.stdout.write(`${JSON.stringify({ url: server.url })}\n`);
    return;
  }
  const byHand = (why: string): void => {
    process.stderr.write(`${why}\nOpen this address yourself within a minute (it works once), and press Ctrl+C to stop:\n  ${server.url}\n`);
  };
  try {
    const browser = findBrowser();
    const openedAt = performance.now();
    const window = openBrowser(browser, server.url, profile);
    window.once('error', (error) => { byHand(`The browser could not be started (${error.message}).`); });
    window.once('exit', (code) => {
      if (code === 0 || performance.now() - openedAt > windowlessMs) stop();
      else byHand(`The browser ended at once (code ${String(code)}); is there a display?`);
    });
    process.stderr.write('brat desktop is open in a browser window; closing the window ends it.\n');
  } catch (error) {
    const { code, message, advice } = toErrorData(error, 'browser');
    byHand(`${code}: ${message}. ${advice}.`);
  }
}

main().catch((error: unknown) => {
  const { code, message, advice } = toErrorData(error, 'browser shell');
  process.stderr.write(`${code}: ${message}. ${advice}.\n`);
  process.exitCode = 1;
});
