// LiteRT.js is made for pages: it adds its loader to the document. In Node this stands in for the document, and nothing else differs.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { runInThisContext } from "node:vm";
import type { Open } from "../engine.ts";
import { open } from "./litert.ts";

export const openInNode: Open = (threads) => {
  const require = createRequire(import.meta.url);
  const folder = dirname(require.resolve("@litertjs/core/wasm/litert_wasm_internal.js"));
  const self = Object.assign(globalThis, { self: globalThis }) as unknown as { importScripts(url: string): void; ModuleFactory: unknown };
  self.importScripts = (path) => {
    // The file is CommonJS in a package that says its files are not.
    const module = { exports: {} };
    const source = `(function (module, exports, require, __filename, __dirname) {${readFileSync(path, "utf8")}\n})`;
    const load = runInThisContext(source, { filename: path });
    load(module, module.exports, require, path, dirname(path));
    self.ModuleFactory = module.exports;
  };
  return open(`${folder}/`)(threads);
};
