// The package as its users get it: packed, installed from the tarball into an empty folder, and used there. Needs no network.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "adjoint-")));
let files: string[] = [];

beforeAll(() => {
  // Scripts off: `prepare` would rebuild dist under the other tests.
  const [packed] = JSON.parse(run("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", folder], "."));
  files = packed.files.map(({ path }: { path: string }) => path);
  write("package.json", JSON.stringify({ name: "user", private: true, type: "module" }));
  run("npm", ["install", "--offline", "--no-audit", "--no-fund", join(folder, packed.filename)]);
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

// conv2d of 1..9 with ones: sums over windows of 2 x 2.
const program = `
  import { conv2d, gradients, sum, tensor } from "adjoint";
  const x = tensor(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9), [1, 1, 3, 3]);
  const w = tensor(Float32Array.of(1, 1, 1, 1), [1, 1, 2, 2]);
  const { grads } = gradients(() => sum(conv2d(x, w)), [x]);
  console.log(JSON.stringify([[...conv2d(x, w).data()], [...grads.get(x).data()]]));
`;
const printed = [[12, 16, 24, 28], [1, 2, 1, 2, 4, 2, 1, 2, 1]];

test("a script imports every entry and convolves", () => {
  write("script.mjs", `import "adjoint/data"; import "adjoint/onnx"; import "adjoint/zoo";${program}`);
  expect(JSON.parse(run(process.execPath, ["script.mjs"]))).toEqual(printed);
});

test("the kernels are files too, for engines that compile none from bytes", () => {
  write("kernels.mjs", `
    import { readFileSync } from "node:fs";
    const bytes = readFileSync(new URL(import.meta.resolve("adjoint/wasm/simd.wasm")));
    console.log(WebAssembly.Module.exports(new WebAssembly.Module(bytes)).map(({ name }) => name).join());
  `);
  expect(run(process.execPath, ["kernels.mjs"])).toContain("gemm");
});

test("esbuild bundles it for browsers without configuration, within 70 KB gzip", async () => {
  write("page.js", program);
  const options = { absWorkingDir: folder, bundle: true, format: "esm", logLevel: "silent" } as const;
  const { warnings } = await build({ ...options, entryPoints: ["page.js"], outfile: join(folder, "bundle.mjs") });
  expect(warnings).toEqual([]);
  expect(JSON.parse(run(process.execPath, ["bundle.mjs"]))).toEqual(printed);

  const stdin = { contents: `export * from "adjoint";`, resolveDir: folder };
  const { outputFiles: [all] } = await build({ ...options, stdin, minify: true, write: false });
  expect(gzipSync(all!.contents).length).toBeLessThan(70 * 1024);
});

test("a page that runs ONNX models loads at most 100 KB gzip, everything included", async () => {
  const contents = `import { loadOnnx } from "adjoint/onnx"; import { init, tensor, scope } from "adjoint"; globalThis.page = { loadOnnx, init, tensor, scope };`;
  const options = { absWorkingDir: folder, bundle: true, format: "esm", logLevel: "silent", minify: true, write: false } as const;
  const { warnings, outputFiles } = await build({ ...options, stdin: { contents, resolveDir: folder } });
  expect(warnings).toEqual([]);
  expect(gzipSync(outputFiles[0]!.contents).length).toBeLessThan(100 * 1024);
});

describe("the declarations, strict and with libraries checked", () => {
  // The options of the call are wrong on purpose: were anything `any`, the line would be no error, and that is one.
  const typed = `
    import { conv2d, gradients, sum, tensor, type ConvNdOptions, type Tensor } from "adjoint";
    const options: ConvNdOptions = { stride: 2, padding: [1, 0] };
    using x: Tensor = tensor(new Float32Array(9), [1, 1, 3, 3]);
    const { value, grads } = gradients(() => sum(conv2d(x, x, options)), [x]);
    export const numbers: ArrayLike<number>[] = [[value], grads.get(x)!.data()];
    // @ts-expect-error
    conv2d(x, x, { strides: 2 });
  `;
  const resolutions = { nodenext: { module: "NodeNext" }, bundler: { module: "ESNext", moduleResolution: "Bundler" } };
  for (const [name, resolution] of Object.entries(resolutions)) {
    for (const lib of [["ES2022"], ["ES2022", "DOM"]]) {
      test(`${name}, ${lib.join(" and ")}`, () => {
        const compilerOptions = { ...resolution, lib, target: "ES2022", strict: true, skipLibCheck: false, types: [], noEmit: true };
        // adjoint/data speaks of what fetch takes and gives: it needs a lib that declares it.
        const data = lib.includes("DOM") ? `export * as data from "adjoint/data";` : "";
        write(`${name}/user.ts`, data + typed);
        write(`${name}/tsconfig.json`, JSON.stringify({ compilerOptions, include: ["user.ts"] }));
        expect(run(process.execPath, [resolve("node_modules/typescript/bin/tsc"), "-p", name])).toBe("");
      });
    }
  }
});

test("the tarball holds what is built and its sources, and nothing else", () => {
  const belongs = [
    /^(package\.json|LICENSE|README\.md|CHANGELOG\.md)$/,
    /^dist\/[\w-]+\.js(\.map)?$/,
    /^dist\/pbf-LICENSE\.txt$/,
    /^dist\/cli\/adjoint\.js$/,
    /^dist\/types\/[\w/-]+\.d\.ts$/,
    /^dist\/wasm\/(scalar|simd|relaxed)\.wasm$/,
    /^(assembly|src)\/[\w/-]+(\.d)?\.ts$/,
  ];
  expect(files.filter((path) => !belongs.some((pattern) => pattern.test(path)))).toEqual([]);
  for (const path of files) {
    expect(readFileSync(join(folder, "node_modules/adjoint", path), "latin1"), path).not.toContain(resolve("."));
  }
  const { sources } = JSON.parse(readFileSync(join(folder, "node_modules/adjoint/dist/index.js.map"), "utf8"));
  expect(sources.map((source: string) => source.replace(/^\.\.\//, "")).filter((path: string) => !files.includes(path))).toEqual([]);
});

function write(path: string, text: string): void {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  writeFileSync(join(folder, path), text);
}

/** What the program prints; where it fails, the error shows that instead. */
function run(program: string, args: string[], cwd = folder): string {
  try {
    return execFileSync(program, args, { cwd, encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`${program} ${args.join(" ")} failed:\n${stdout}${stderr}`);
  }
}
