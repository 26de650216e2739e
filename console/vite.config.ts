import { defineConfig } from 'vite';

/** Built beside the server, which serves it under /admin. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/admin/',
  build: { outDir: '../dist/admin', emptyOutDir: true, assetsInlineLimit: 0 },
  server: { proxy: { '/api': 'http://localhost:8000' } },
});
