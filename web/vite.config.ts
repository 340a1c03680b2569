/** How `web/src` becomes `web/dist`: hashed names, a manifest, and every asset compressed beforehand. */
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'

import { svelte } from '@sveltejs/vite-plugin-svelte'
import { svelteTesting } from '@testing-library/svelte/vite'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

/** The files that every page has already. */
const first = new Set<string>()

export default defineConfig({
  base: '/',
  // No svelte.config.js: what it could say is said here.
  plugins: [svelte({ configFile: false }), svelteTesting(), paintLate(), loadedFirst(), compressed()],
  build: {
    outDir: 'dist',
    assetsDir: 'assets',
    // Read by the Jinja2 pages, which need the hashed name of the style sheet too.
    manifest: 'manifest.json',
    // A `data:` address in a style sheet would ask the content security policy for an exception.
    assetsInlineLimit: 0,
    modulePreload: { resolveDependencies: (_file, needed) => needed.filter((one) => !first.has(one)) },
  },
  test: {
    environment: 'happy-dom',
    // A document and modules anew for each file took six times as long; what a test leaves ends with it by the setup.
    isolate: false,
    setupFiles: ['src/testing/nothingleft.ts'],
    include: ['src/**/*.test.ts'],
  },
})

/** Paint when the script has set the colours: who chose light on a dark device sees no dark flash. */
function paintLate(): Plugin {
  return {
    name: 'paint-late',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler: (html) => html.replace('<script type="module"', '<script type="module" blocking="render"'),
    },
  }
}

/** What is there when a page is drawn need not be asked for with each part that is fetched later. */
function loadedFirst(): Plugin {
  return {
    name: 'loaded-first',
    generateBundle: {
      order: 'pre',
      handler: (_options, bundle) => {
        const chunk = (name: string) => (bundle[name]?.type === 'chunk' ? bundle[name] : null)
        const waiting = Object.keys(bundle).filter((name) => chunk(name)?.isEntry)
        for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
          if (first.has(name)) continue
          first.add(name)
          waiting.push(...(chunk(name)?.imports ?? []))
        }
      },
    },
  }
}

/** Write `.br` and `.gz` beside each asset: compressing per request costs most on the busiest day. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    apply: 'build',
    writeBundle(options, bundle) {
      for (const name of Object.keys(bundle).filter((name) => /^assets\/.*\.(js|css|svg|json)$/.test(name))) {
        const file = resolve(options.dir ?? 'dist', name)
        const bytes = readFileSync(file)
        writeFileSync(`${file}.br`, brotliCompressSync(bytes))
        writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }))
      }
    },
  }
}
