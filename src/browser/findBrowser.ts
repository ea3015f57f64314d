/** Finds an installed browser of the Chromium family and opens the app's window in it. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { EngineError } from '../shared/errors.ts';

const candidates: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  linux: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge', 'microsoft-edge-stable', 'brave-browser'],
  darwin: [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  ],
  win32: ['Google/Chrome/Application/chrome.exe', 'Microsoft/Edge/Application/msedge.exe', 'Chromium/Application/chrome.exe'],
};

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * @param environment BRAT_BROWSER names a browser outright; otherwise PATH (and Program Files) are searched
 * @throws EngineError `browser/not-found`
 */
export function findBrowser(environment: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform): string {
  const folders = platform === 'win32' ? [environment['ProgramFiles'], environment['ProgramFiles(x86)'], environment['LOCALAPPDATA']] : (environment['PATH'] ?? '').split(delimiter);
  const chosen = environment['BRAT_BROWSER'];
  const named = chosen === undefined ? (candidates[platform] ?? []) : [chosen];
  const places = named.flatMap((name) => (isAbsolute(name) ? [name] : folders.filter((folder) => folder !== undefined && folder !== '').map((folder) => join(folder!, name))));
  const found = places.find(isExecutable);
  if (found !== undefined) return found;
  throw new EngineError('browser/not-found', chosen === undefined ? 'No installed Chromium, Chrome or Edge was found' : 'The browser named by BRAT_BROWSER cannot be started', {
    subject: 'browser',
    advice: 'Install Chromium (Debian: apt-get install chromium), or set BRAT_BROWSER to its path',
  });
}

/**
 * Opens `url` as a window of its own, in a profile of its own, with everything off by which a browser calls home.
 * No address but this machine's is reached from it, so that nothing could leave even where a switch was missed.
 */
export function openBrowser(browser: string, url: string, profile: string): ChildProcess {
  const switches = [
    `--app=${url}`,
    `--user-data-dir=${profile}`,
    '--no-first-run',
    '--no-default-browser-check',
    '--disable-background-networking',
    '--disable-breakpad',
    '--disable-component-update',
    '--disable-default-apps',
    '--disable-domain-reliability',
    '--disable-extensions',
    '--disable-sync',
    '--metrics-recording-only',
    '--no-pings',
    '--no-service-autorun',
    '--password-store=basic',
    '--disable-features=AutofillServerCommunication,MediaRouter,OptimizationHints,Translate',
    // A proxy nobody serves: names are left to it, so none is looked up, and the page itself goes around it.
    '--proxy-server=127.0.0.1:9',
    '--proxy-bypass-list=127.0.0.1',
    // Pictures on a workstation without a graphics card or through a remote desktop: slower, the same to the pixel.
    '--enable-unsafe-swiftshader',
    '--window-size=1600,1000',
    '--start-maximized',
    // Chromium refuses to start as root with its sandbox on.
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  ];
  return spawn(browser, switches, { stdio: 'ignore' });
}
