/**
 * End-to-end tests: a real Chromium opens the built app over the real engine. `browser` starts the browser shell,
 * `replaced` the built main process and preload with only the `electron` module replaced. The second leaves out specs of
 * what no shell has a part in.
 */
import { defineConfig } from '@playwright/test';
import type { ShellOptions } from './e2e/shells/app.ts';

/** Specs of the page and the engine alone, which take long. */
const sameInEveryShell = ['panes', 'pixels', 'similar', 'tumour', 'worklist', 'quality', 'signing'];

export default defineConfig<ShellOptions>({
  testDir: 'e2e/specs',
  outputDir: 'test-results/e2e',
  timeout: 180_000,
  expect: { timeout: 30_000 },
  fullyParallel: false,
  workers: 1,
  forbidOnly: process.env['CI'] === 'true',
  reporter: 'list',
  projects: [
    { name: 'browser', use: { shell: 'browser' } },
    { name: 'replaced', use: { shell: 'replaced' }, testIgnore: sameInEveryShell.map((spec) => `**/${spec}.spec.ts`) },
  ],
});
