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

  expect(await loadedBytes(`export * from "adjoint";`)).toBeLessThan(70 * 1024);
});

test("a page that runs ONNX models loads at most 100 KB gzip, everything included", async () => {
  expect(await loadedBytes(`
    import { loadOnnx } from "adjoint/onnx";
    import { init, tensor, scope } from "adjoint";
    globalThis.page = { loadOnnx, init, tensor, scope };
  `)).toBeLessThan(100 * 1024);
});

/** Bytes after gzip of what a page loads at once. Threads come when they are asked for, in files of their own. */
async function loadedBytes(contents: string): Promise<number> {
  const { warnings, outputFiles, metafile } = await build({
    absWorkingDir: folder, bundle: true, format: "esm", logLevel: "silent", minify: true, splitting: true, metafile: true, write: false, outdir: "pages",
    stdin: { contents, resolveDir: folder },
  });
  expect(warnings).toEqual([]);
  const entry = Object.keys(metafile.outputs).find((path) => metafile.outputs[path]!.entryPoint)!;
  const loaded = new Set([entry]);
  for (const path of loaded) {
    for (const { path: next, kind } of metafile.outputs[path]!.imports) if (kind === "import-statement") loaded.add(next);
  }
  const later = Object.keys(metafile.outputs).filter((path) => !loaded.has(path));
  expect(later.map((path) => path.replace(/-.*/, ""))).toEqual(["pages/threads"]);
  const sizes = outputFiles.filter(({ path }) => [...loaded].some((one) => path.endsWith(one))).map((file) => gzipSync(file.contents).length);
  expect(sizes.length).toBe(loaded.size);
  return sizes.reduce((sum, size) => sum + size, 0);
}

describe("the declarations, strict and with libraries checked", () => {
  // Some calls are wrong on purpose: were anything `any`, the line would be no error, and that is one.
  const typed = `
    import { conv2d, gradients, sum, tensor, type ConvNdOptions, type Tensor } from "adjoint";
    import { ResNet18 } from "adjoint/zoo";
    import { imageToTensor } from "adjoint/image";
    const options: ConvNdOptions = { stride: 2, padding: [1, 0] };
    using x: Tensor = tensor(new Float32Array(9), [1, 1, 3, 3]);
    const { value, grads } = gradients(() => sum(conv2d(x, x, options)), [x]);
    export const numbers: ArrayLike<number>[] = [[value], grads.get(x)!.data()];
    export const y: Tensor = new ResNet18().forward(imageToTensor({ data: new Uint8Array(4), width: 1, height: 1 }, { dtype: "float32" }));
    // @ts-expect-error
    conv2d(x, x, { strides: 2 });
    // @ts-expect-error
    new ResNet18().forward([1]);
  `;
  // adjoint/data and adjoint/onnx speak of what fetch takes and gives: they need a library that declares it.
  const fetching = `
    import * as data from "adjoint/data";
    import { compile, inspectOnnx, loadOnnx, toOnnx, type LoadOptions, type Session } from "adjoint/onnx";
    const loading: LoadOptions = { onProgress: ({ loaded, total }) => void (loaded / (total ?? 1)), signal: new AbortController().signal };
    const session: Session = await loadOnnx(new URL("https://example.org/model.onnx"), loading);
    export const outputs = session.run({ x }), { weights } = session.memory(), ms: number[] = session.profile({ x }).map((node) => node.ms);
    const bound = compile(new ResNet18(), { input: [1, 3, 224, 224], exact: true }).bind();
    bound.input("input").set([1]);
    export const operators: Map<string, number> = inspectOnnx(toOnnx(new ResNet18(), { input: ["batch", 3, 224, 224] })).operators;
    export { data };
    // @ts-expect-error
    session.run({ x: [1] });
    // @ts-expect-error
    compile(new ResNet18());
  `;
  const resolutions = { nodenext: { module: "NodeNext" }, bundler: { module: "ESNext", moduleResolution: "Bundler" } };
  const libraries = {
    "ECMAScript alone": { lib: ["ES2022"], types: [] },
    "the DOM's": { lib: ["ES2022", "DOM"], types: [] },
    "Node's": { lib: ["ES2022"], types: ["node"], typeRoots: [resolve("node_modules/@types")] },
  };
  for (const [name, resolution] of Object.entries(resolutions)) {
    for (const [library, { lib, ...types }] of Object.entries(libraries)) {
      test(`${name}, ${library}`, () => {
        const compilerOptions = { ...resolution, ...types, lib, target: "ES2022", strict: true, skipLibCheck: false, noEmit: true };
        write(`${name}/user.ts`, library === "ECMAScript alone" ? typed : typed + fetching);
        write(`${name}/tsconfig.json`, JSON.stringify({ compilerOptions, include: ["user.ts"] }));
        expect(run(process.execPath, [resolve("node_modules/typescript/bin/tsc"), "-p", name])).toBe("");
      });
    }
  }
});

test("the command line is there", () => {
  expect(run(join(folder, "node_modules/.bin/adjoint"), ["--help"])).toMatch(/^adjoint run MODEL/);
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
