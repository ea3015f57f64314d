/** Where things lie: the app's own files beside this one, and the reader's data where the platform keeps such data. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HostConfig } from '../host/config.ts';

/** The project's folder, from `src/shell` and from `dist/shell` alike. */
const root = fileURLToPath(new URL('../../', import.meta.url));

/** The built page, and the script each shell adds to it. */
export const rendererFolder = join(root, 'dist', 'renderer');
export const pageScript = (shell: 'electron' | 'browser'): string => join(root, 'dist', 'page', `${shell}.js`);

/** Start file of the child host; `.ts` when this runs from source. */
export const childStartFile = new URL('../host/child.ts', import.meta.url);

/**
 * The folder both window shells keep their data in, so that a reader finds the same studies in either:
 * `brat-desktop/data` under the platform's folder for application data.
 */
export function defaultDataDir(environment: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform): string {
  const base =
    platform === 'win32' ? (environment['APPDATA'] ?? join(homedir(), 'AppData', 'Roaming'))
    : platform === 'darwin' ? join(homedir(), 'Library', 'Application Support')
    : (environment['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'));
  return join(base, 'brat-desktop', 'data');
}

/**
 * What the host is told for a data folder: packs that ship with the app, then the reader's own. With `BRAT_DEMO=none` in
 * the environment a new data folder begins empty, without the demonstration archive and studies; with
 * `BRAT_BACKGROUND=none` nothing is processed but on request.
 */
export function hostConfigFor(dataDir: string, environment: NodeJS.ProcessEnv = process.env): HostConfig {
  const demo = join(root, 'resources', 'demo');
  return {
    dataDir: resolve(dataDir),
    packFolders: [join(root, 'resources', 'models'), join(resolve(dataDir), 'models')],
    vocabularyFile: join(root, 'resources', 'tokenizers', 'bert-base-uncased', 'vocab.txt'),
    processing: environment['BRAT_BACKGROUND'] !== 'none',
    demoDir: existsSync(demo) && environment['BRAT_DEMO'] !== 'none' ? demo : null,
  };
}
