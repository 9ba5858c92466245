// Builds and runs the comparison with other packages (bench/peers), which are installed there and nowhere else.
//   npm run bench:peers [-- --only adjoint,LiteRT.js] [--engines node,chromium,threads,cold] [--rows REGEXP] [--rounds 3] [--ms 300]
//   npm run bench:peers -- --readme                   writes the tables into README.md
//   npm run bench:peers -- --from FILE [--readme]     shows an earlier run (a copy of bench/peers/dist/results.json) again
//   BENCH_WRAP="taskset -c 1" npm run bench:peers     starts the processes of one thread through that

import { execFileSync } from "node:child_process";
import { cpSync, existsSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { peakModules } from "./peak.mjs";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
if (!existsSync("bench/peers/node_modules")) execFileSync("npm", ["ci"], { cwd: "bench/peers", stdio: "inherit" });
execFileSync(process.execPath, ["scripts/build.mjs"], { stdio: "inherit" });

const peers = ["onnxruntime-web", "onnxruntime-node", "onnxruntime-common", "@tensorflow/*", "@litertjs/core", "@jax-js/jax"];
// The package's own files are timed, as users get them.
const shipped = (folder) => ({
  name: "shipped",
  setup: (api) => {
    api.onResolve({ filter: /^adjoint$/ }, () => ({ path: `${folder}/index.js`, external: true }));
    api.onResolve({ filter: /^adjoint\/onnx$/ }, () => ({ path: `${folder}/onnx.js`, external: true }));
  },
});
const define = { PEAK_MODULES: JSON.stringify(await peakModules()) };
const common = { bundle: true, format: "esm", target: "es2022", define, logLevel: "error" };
await build({
  ...common,
  entryPoints: { node: "bench/peers/node.ts", chromium: "bench/peers/chromium.ts", main: "bench/peers/main.ts" },
  outdir: "bench/peers/dist",
  outExtension: { ".js": ".mjs" },
  splitting: true,
  platform: "node",
  external: [...peers, "playwright"],
  plugins: [shipped("../../../dist")],
});
await build({
  ...common,
  entryPoints: ["bench/peers/page.ts"],
  outdir: "bench/peers/dist/web",
  splitting: true,
  minify: true,
  platform: "browser",
  plugins: [shipped("/adjoint")],
});
cpSync("bench/peers/node_modules/@litertjs/core/wasm", "bench/peers/dist/litert", { recursive: true });
writeFileSync("bench/peers/dist/litert/package.json", '{ "type": "commonjs" }');
await import(pathToFileURL("bench/peers/dist/main.mjs").href);
