/** The Chromium the tests run in: the one installed, with WebGL 2 in software. */
import { findBrowser } from '../../src/browser/findBrowser.ts';

export const launchOptions = {
  executablePath: findBrowser(),
  headless: true,
  args: ['--no-sandbox', '--disable-gpu', '--enable-unsafe-swiftshader', '--disable-background-networking', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
};

export const viewport = { width: 1920, height: 1080 };
