import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { playwright } from "@vitest/browser-playwright";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";
import { type Build, builds, chromium, nodeBuilds } from "./test/engines.mjs";

/** What esbuild's `text` loader does for the bundle: a .txt file is a module that exports its text. */
const texts: Plugin = {
  name: "texts",
  enforce: "pre",
  load(id) {
    return id.endsWith(".txt") ? `export default ${JSON.stringify(readFileSync(id, "utf8"))};` : null;
  },
};

/** Threads are started from a built file, which lies beside the bundle and not beside the sources. */
const worker: Plugin = {
  name: "worker",
  enforce: "pre",
  transform: (code, id) => (id.endsWith("/runtime/threads.ts") ? code.replaceAll('"./worker.js"', '"../../dist/worker.js"') : null),
};

// The demo imports the package by its name; in the tests that name means the sources.
const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const resolve = {
  alias: [
    { find: /^adjoint$/, replacement: source("src/index.ts") },
    { find: /^adjoint\/(\w+)$/, replacement: source("src/$1/index.ts") },
  ],
};

const packaging = ["test/package.node.test.ts", "test/cli.node.test.ts", "test/isolation.node.test.ts"];
const shared = { include: ["test/**/*.test.ts"], setupFiles: ["test/setup.ts"], testTimeout: 60_000 };

// One project for every engine and build: the same files everywhere. What is only about Node ends in .node.test.ts.
const node = (build: Build) => ({
  plugins: [texts, worker],
  resolve,
  test: { ...shared, exclude: packaging, name: `node ${build}`, environment: "node" as const, provide: { build } },
});

// The package as it is installed holds every build: tested once.
const packed = {
  plugins: [texts, worker],
  resolve,
  test: { include: packaging, name: "package", environment: "node" as const },
};

const browser = {
  plugins: [texts, worker],
  resolve,
  optimizeDeps: { noDiscovery: true },
  // Pages without them are tested by themselves (test/isolation.node.test.ts).
  server: { headers: { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" } },
  test: {
    ...shared,
    name: "chromium",
    exclude: ["test/**/*.node.test.ts"],
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        launchOptions: { executablePath: chromium!, args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"] },
      }),
      instances: builds.map((build) => ({ browser: "chromium" as const, name: `chromium ${build}`, provide: { build } })),
    },
  },
};

export default defineConfig({
  test: {
    projects: [...nodeBuilds.map(node), packed, ...(chromium ? [browser] : [])],
  },
});

declare module "vitest" {
  interface ProvidedContext {
    build: Build;
  }
}
