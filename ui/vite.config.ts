import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

const folder = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  plugins: [svelte()],
  base: './',
  resolve: {
    alias: { $lib: folder('src/lib'), $design: folder('src/design'), $shell: folder('src/shell') },
  },
  // The window is WebKit on Linux and macOS: its oldest supported version decides.
  build: { target: 'safari16', cssTarget: 'safari16', chunkSizeWarningLimit: 600 },
  server: { port: 5173, strictPort: true },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
