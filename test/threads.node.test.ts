// Threads and the life of a process, in processes of their own, with the package as it is built.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { expect, inject, test } from "vitest";

const adjoint = pathToFileURL(resolve("dist/index.js")).href;

/** What a program prints, as JSON; it fails where the process does not end by itself. */
function run(program: string, source = adjoint): unknown {
  const text = `
    import { capabilities, conv2d, init, ones, sum } from ${JSON.stringify(source)};
    const options = { build: ${JSON.stringify(inject("build"))} };
    const work = () => sum(conv2d(ones([1, 16, 64, 64]), ones([32, 16, 3, 3]), { algorithm: "gemm" })).item();
    const print = (value) => console.log(JSON.stringify(value));
    ${program}`;
  return JSON.parse(execFileSync(process.execPath, ["--input-type=module", "-e", text], { encoding: "utf8", timeout: 30_000 }));
}

const expected = 62 * 62 * 32 * 16 * 9;

test("a process ends while its threads wait for work", () => {
  expect(run("const { threads } = await init({ ...options, threads: 3 }); print([threads, work()]);")).toEqual([3, expected]);
});

test("a process ends at once by process.exit, in the middle of its work", () => {
  expect(run("const { threads } = await init({ ...options, threads: 3 }); setTimeout(() => { print([threads, work()]); process.exit(); }); setInterval(work, 1);"))
    .toEqual([3, expected]);
});

test("a model compiled before threads start runs on with them, in the memory that took over, and with another build", () => {
  expect(run(`
    const { compile } = await import(${JSON.stringify(pathToFileURL(resolve("dist/onnx.js")).href)});
    const { Conv2d, full, MaxPool2d, ReLU, Sequential } = await import(${JSON.stringify(adjoint)});
    await init(options);
    const model = new Sequential(new Conv2d(16, 32, 3), new ReLU(), new MaxPool2d(2));
    const session = compile(model, { input: [1, 16, 64, 64] });
    // Another input each time, so that no answer of an earlier run will do.
    let value = 0;
    const same = () => {
      const input = full([1, 16, 64, 64], ++value);
      const expected = model.forward(input).data();
      return session.run({ input }).output.data().every((value, i) => value === expected[i]);
    };
    const results = [same()];
    for (const threads of [2, 1, 3]) results.push((await init({ threads })).threads, same());
    await init({ build: "scalar" });
    results.push(same());
    print(results);
  `)).toEqual([true, 2, true, 1, true, 3, true, true]);
});

test("threads are started from a thread too", () => {
  expect(run(`
    const { Worker } = await import("node:worker_threads");
    const text = \`import(${JSON.stringify(adjoint)}).then(async ({ init, conv2d, ones, sum }) => {
      const { threads } = await init({ threads: 2 });
      const value = sum(conv2d(ones([1, 16, 64, 64]), ones([32, 16, 3, 3]), { algorithm: "gemm" })).item();
      process.getBuiltinModule("node:worker_threads").parentPort.postMessage([threads, value]);
    })\`;
    new Worker(text, { eval: true }).on("message", print);
  `)).toEqual([2, expected]);
});

test("where the thread's file is missing there is one thread, and the reason", async () => {
  const folder = mkdtempSync(join(tmpdir(), "adjoint-"));
  try {
    const outfile = join(folder, "bundle.mjs");
    await build({ entryPoints: ["dist/index.js"], bundle: true, format: "esm", outfile, logLevel: "silent" });
    const [threads, singleThreaded, value] = run(`
      const { threads, singleThreaded } = await init({ ...options, threads: 2 });
      print([threads, singleThreaded, work()]);`, pathToFileURL(outfile).href) as [number, string, number];
    expect([threads, value]).toEqual([1, expected]);
    expect(singleThreaded).toMatch(/^the threads did not start: Cannot find module .*worker\.js/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("where the engine has no shared memory there is one thread, and the reason", () => {
  expect(run("delete globalThis.SharedArrayBuffer; const { threads, singleThreaded } = await init({ ...options, threads: 2 }); print([threads, singleThreaded, work()]);"))
    .toEqual([1, "this engine has no shared memory", expected]);
});
