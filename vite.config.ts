/** How the page is built. Shells serve `dist/renderer`, and their own script under `/shell.js` (see scripts/build.ts). */
import { resolve } from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  root: resolve(import.meta.dirname, 'src/renderer'),
  base: '/',
  plugins: [
    react(),
    {
      name: 'shell-script',
      // Not a module: it has put `window.brat` in place before any module of the page runs.
      // The empty icon keeps the browser from asking for one.
      transformIndexHtml: () => [
        { tag: 'script', attrs: { src: '/shell.js' }, injectTo: 'head-prepend' },
        { tag: 'link', attrs: { rel: 'icon', href: 'data:,' }, injectTo: 'head' },
      ],
    },
    {
      // Cornerstone's meshes bring an XML library that needs Node's `events`; no mesh is ever read here.
      name: 'no-xml-meshes',
      enforce: 'pre',
      resolveId: (id) => (id === 'xmlbuilder2' ? '\0no-xml' : null),
      load: (id) => (id === '\0no-xml' ? "export function create() { throw new Error('XML meshes are not part of this app'); }" : null),
    },
  ],
  worker: { format: 'es' },
  build: {
    outDir: resolve(import.meta.dirname, 'dist/renderer'),
    emptyOutDir: true,
    target: 'chrome140',
    // The content security policy takes no data: URL but images, so nothing is put in line.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 8_000,
    reportCompressedSize: false,
  },
});
