/**
 * The files of the page, found once by listing the built folder. A request is looked up in that list and never joined
 * to a path, so no spelling of `..` leads anywhere.
 */
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { EngineError } from '../shared/errors.ts';

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
};

export interface PageFile {
  readonly contentType: string;
  readonly read: () => Promise<Uint8Array<ArrayBuffer>>;
}

/** Looks up the file for a URL path such as `/assets/index.js`; null when there is none. */
export type PageFiles = (urlPath: string) => PageFile | null;

/**
 * @param folder the built page
 * @param script this shell's script, served as `/shell.js`, which puts `window.brat` in place
 * @throws EngineError `import/not-found` when the page has not been built
 */
export function pageFiles(folder: string, script: string): PageFiles {
  const files = new Map<string, PageFile>();
  const add = (urlPath: string, file: string): void => {
    const contentType = contentTypes[extname(file)];
    if (contentType !== undefined) files.set(urlPath, { contentType, read: async () => new Uint8Array(await readFile(file)) });
  };
  try {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const file = join(entry.parentPath, entry.name);
      add(`/${file.slice(folder.length + 1).split(sep).join('/')}`, file);
    }
  } catch (error) {
    throw new EngineError('import/not-found', 'The page has not been built', { subject: 'dist/renderer', advice: 'Run npm run build' }, { cause: error });
  }
  add('/shell.js', script);
  const index = files.get('/index.html');
  if (index !== undefined) files.set('/', index);
  return (urlPath) => files.get(urlPath) ?? null;
}
