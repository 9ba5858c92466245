// LiteRT.js is made for pages: it adds its loader to the document. In Node this stands in for the document, and nothing else differs.

import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { Open } from "../engine.ts";
import { open } from "./litert.ts";

export const openInNode: Open = (threads) => {
  // The loader is CommonJS in a package that says its files are not: `scripts/benchPeers.mjs` copies it out of there, for its threads too.
  const folder = fileURLToPath(new URL("litert/", import.meta.url));
  const require = createRequire(import.meta.url);
  const self = Object.assign(globalThis, { self: globalThis }) as unknown as { importScripts(url: string): void; ModuleFactory: unknown };
  self.importScripts = (path) => {
    self.ModuleFactory = require(path);
  };
  return open(folder)(threads);
};
