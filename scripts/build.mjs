// Builds dist: the kernels (asc), the bundles (esbuild), the declarations (tsc).
//   node scripts/build.mjs [kernels]

import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import { build } from "esbuild";
import { encode } from "./embed.mjs";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const kernelsOnly = process.argv[2] === "kernels";

if (!kernelsOnly) rmSync("dist", { recursive: true, force: true });
mkdirSync("dist/wasm", { recursive: true });
const targets = ["scalar", "simd", "relaxed"];
for (const target of [...targets, "decoder"]) {
  const { error, stderr } = await asc.main([`assembly/${target === "decoder" ? target : "index"}.ts`, "--target", target]);
  process.stderr.write(stderr.toString());
  if (error) process.exit(1);
}
const { outputFiles: [form] } = await build({ entryPoints: ["src/runtime/textForm.ts"], format: "esm", write: false });
const [scalar, simd, relaxed] = targets.map((target) => readFileSync(`dist/wasm/${target}.wasm`));
const texts = await import(`data:text/javascript,${encodeURIComponent(form.text)}`);
writeFileSync("dist/wasm/relaxed.txt", encode(texts, relaxed));
writeFileSync("dist/wasm/simd.txt", encode(texts, simd, relaxed));
writeFileSync("dist/wasm/scalar.txt", encode(texts, scalar, relaxed));
writeFileSync("dist/wasm/decoder.txt", readFileSync("dist/wasm/decoder.wasm", "base64"));
if (kernelsOnly) process.exit(0);

const common = { bundle: true, format: "esm", target: "es2022" };
// What the entries share becomes a file for every set of them that shares it: ten, which Node 26 takes 5 ms longer to load than one. With
// the main entry in all of them, there is one set.
const together = {
  name: "together",
  setup: (api) => api.onLoad({ filter: /src\/\w+\/index\.ts$/ }, ({ path }) => ({
    contents: `${readFileSync(path, "utf8")}import * as main from ${JSON.stringify(resolve("src/index.ts"))};\n`,
    loader: "ts",
  })),
};
await build({
  ...common,
  entryPoints: {
    index: "src/index.ts", data: "src/data/index.ts", image: "src/image/index.ts", onnx: "src/onnx/index.ts", zoo: "src/zoo/index.ts",
  },
  outdir: "dist",
  plugins: [together],
  splitting: true,
  chunkNames: "[name]-[hash]",
  platform: "neutral",
  minifySyntax: true,
  minifyWhitespace: true,
  sourcemap: true,
  // The package holds src: the maps point there.
  sourcesContent: false,
});
// The reader of protobuf is bundled: its licence goes along.
copyFileSync("node_modules/pbf/LICENSE", "dist/pbf-LICENSE.txt");
// A file of its own: threads are started from it, and whoever serves the package serves one file more.
await build({ ...common, entryPoints: ["src/runtime/worker.ts"], outdir: "dist", platform: "neutral", minifySyntax: true, minifyWhitespace: true });
// The main job and the page import the package by its name, as anybody would.
await build({ ...common, entryPoints: ["demo/train.ts", "demo/showLessons.ts"], outdir: "dist/demo", platform: "node", packages: "external" });
await build({ ...common, entryPoints: ["cli/adjoint.ts"], outdir: "dist/cli", platform: "node", packages: "external" });
await build({ ...common, entryPoints: ["demo/page.ts"], outdir: "dist/demo", platform: "browser" });
copyFileSync("demo/index.html", "dist/demo/index.html");
execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.json"], { stdio: "inherit" });
