// Builds the bench (bench/index.ts, and bench/peak.ts once per build) and runs it. Arguments name what to time.
//   npm run bench [-- conv2d layers networks training loops calls]

import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { peakModules } from "./peak.mjs";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
await build({
  entryPoints: { index: "bench/index.ts", worker: "src/runtime/worker.ts" },
  outdir: "dist/bench",
  bundle: true,
  format: "esm",
  platform: "node",
  target: "es2022",
  alias: { adjoint: "./src/index.ts", "adjoint/onnx": "./src/onnx/index.ts" },
  define: { PEAK_MODULES: JSON.stringify(await peakModules()) },
});
await import(pathToFileURL("dist/bench/index.js").href);
