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
      transformIndexHtml: () => [{ tag: 'script', attrs: { src: '/shell.js' }, injectTo: 'head-prepend' }],
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
