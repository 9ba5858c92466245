// The command line as it is built: models and pictures are made here, the commands run as processes.

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { deflateSync } from "node:zlib";
import { encode as encodeJpeg } from "jpeg-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AdaptiveAvgPool2d, Conv2d, Flatten, manualSeed, ReLU, Sequential } from "../src/index.ts";
import { toOnnx } from "../src/onnx/index.ts";
import { encodeModel, type NodeSpec } from "./onnx/encode.ts";

const folder = mkdtempSync(join(tmpdir(), "adjoint-cli-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  out: string;
  err: string;
  code: number;
}

function adjoint(...args: string[]): Promise<Ended> {
  return new Promise((done) => {
    execFile(process.execPath, [resolve("dist/cli/adjoint.js"), ...args], { cwd: folder }, (error, out, err) => {
      done({ out, err, code: !error ? 0 : typeof error.code === "number" ? error.code : -1 });
    });
  });
}

/** What the model "same.onnx" got of a picture, 0 to 255. */
async function pixels(picture: string, ...args: string[]): Promise<{ shape: number[]; values: number[] }> {
  const { out, err } = await adjoint("run", "same.onnx", "--input", picture, "--raw", "--json", ...args);
  expect(err).toBe("");
  const { shape, values } = JSON.parse(out).outputs.y;
  return { shape, values: values.map(Math.round) };
}

const file = (name: string, bytes: Uint8Array | string): void => writeFileSync(join(folder, name), bytes);
const identity: NodeSpec = { op: "Identity", inputs: ["x"], outputs: ["y"] };

beforeAll(() => {
  manualSeed(1);
  const colours = new Sequential(new AdaptiveAvgPool2d(1), new Flatten());
  file("colours.onnx", toOnnx(colours, { input: ["batch", 3, 4, 4] }));
  file("net.onnx", toOnnx(new Sequential(new Conv2d(3, 4, 3), new ReLU(), colours), { input: ["batch", 3, 8, 8] }));
  file("same.onnx", encodeModel({ inputs: { x: { shape: ["n", 3, "h", "w"] } }, outputs: ["y"], nodes: [identity] }));
  file("grey.onnx", encodeModel({ inputs: { x: { shape: [1, 1, 1, 2] } }, outputs: ["y"], nodes: [identity] }));
  file("bytes.onnx", encodeModel({ inputs: { x: { type: "uint8", shape: [1, 1, 2, 3] } }, outputs: ["y"], nodes: [identity] }));
  file("last.onnx", encodeModel({ inputs: { x: { type: "uint8", shape: ["n", "h", "w", 3] } }, outputs: ["y"], nodes: [identity] }));
  file("two.onnx", encodeModel({ inputs: { x: { shape: [1, 3, 2, 2] }, b: { shape: [2] } }, outputs: ["y"], nodes: [identity] }));
  const strange: NodeSpec[] = [
    { op: "Frobnicate", name: "one", inputs: ["x"], outputs: ["a"] }, { op: "Relu", inputs: ["a"], outputs: ["b"] },
    { op: "Frobnicate", name: "two", inputs: ["b"], outputs: ["c"] }, { op: "Twist", domain: "my.own", inputs: ["c"], outputs: ["y"] },
  ];
  file("strange.onnx", encodeModel({ inputs: { x: { shape: [1, 3, 2, 2] } }, outputs: ["y"], nodes: strange }));
  // Red is strongest, then green.
  file("red.png", png({ width: 5, height: 3, type: 2, rows: Array.from({ length: 3 }, () => repeat(5, [200, 100, 50])) }));
  file("pair.png", png({ width: 2, height: 1, type: 2, rows: [[10, 20, 30, 40, 50, 60]] }));
});

describe("run", () => {
  test("classes of several pictures, best first, by their labels", async () => {
    file("labels.txt", "rouge\nvert\nbleu\n");
    file("blue.png", png({ width: 1, height: 1, type: 2, rows: [[0, 10, 255]] }));
    const how = ["--labels", "labels.txt", "--top", "2", "--mean", "0", "--std", "0.1"];
    const { out, err, code } = await adjoint("run", "colours.onnx", "--input", "red.png", "--input", "blue.png", ...how);
    expect([err, code]).toEqual(["", 0]);
    // Softmax of 2 (200, 100, 50) / 51.
    const lines = [
      "red.png  (ms, the first run)", "   97.8 %  rouge", "    1.9 %  vert",
      "blue.png  (ms)", "  100.0 %  bleu", "    0.0 %  vert",
    ];
    expect(out.replace(/[\d.]+ ms/g, "ms").trimEnd().split("\n")).toEqual(lines);
  });

  test("pixels are normalised as ImageNet's unless something else is asked for", async () => {
    const { out } = await adjoint("run", "same.onnx", "--input", "pair.png", "--json");
    const { values } = JSON.parse(out).outputs.y;
    const mean = [0.485, 0.456, 0.406], std = [0.229, 0.224, 0.225];
    const expected = [[10, 40], [20, 50], [30, 60]].flatMap((plane, c) => plane.map((v) => (v / 255 - mean[c]!) / std[c]!));
    for (const [i, value] of expected.entries()) expect(values[i]).toBeCloseTo(value, 5);
    expect(await pixels("pair.png", "--bgr", "--mean", "1,2,3")).toEqual({ shape: [1, 3, 1, 2], values: [29, 59, 18, 48, 7, 37] });
  });

  test("the picture is stretched, or its middle cut out", async () => {
    file("wide.png", png({ width: 4, height: 2, type: 0, rows: [[0, 80, 120, 200], [0, 80, 120, 200]] }));
    expect((await pixels("wide.png", "--size", "2,2")).values.slice(0, 4)).toEqual([40, 160, 40, 160]);
    expect((await pixels("wide.png", "--size", "2,2", "--crop")).values.slice(0, 4)).toEqual([80, 120, 80, 120]);
  });

  test("grey models get luma, models of integers bytes, channels-last models pixel after pixel", async () => {
    const grey = JSON.parse((await adjoint("run", "grey.onnx", "--input", "pair.png", "--json")).out).outputs.y.values;
    for (const [i, value] of [18.15, 48.15].entries()) expect(grey[i] * 255).toBeCloseTo(value, 3);
    const bytes = await adjoint("run", "bytes.onnx", "--input", "red.png", "--json");
    expect(JSON.parse(bytes.out).outputs.y.values).toEqual(repeat(6, [124]));
    const last = await adjoint("run", "last.onnx", "--input", "pair.png", "--json");
    expect(JSON.parse(last.out).outputs.y).toEqual({ shape: [1, 1, 2, 3], values: [10, 20, 30, 40, 50, 60] });
  });
});

test("weights in files beside the model are read; those elsewhere, or that are cut off, are not", async () => {
  const model = (location: string): Uint8Array => encodeModel({
    inputs: { x: { shape: [1, 3, 1, 2] } }, outputs: ["y"], nodes: [{ op: "Add", inputs: ["x", "w"], outputs: ["y"] }],
    initializers: { w: { shape: [2], external: { location, offset: "4", length: "8" } } },
  });
  file("weights.bin", new Uint8Array(Float32Array.of(0, 100, 200).buffer));
  file("cut.bin", new Uint8Array(8));
  for (const [name, location] of [["beside", "weights.bin"], ["above", "../weights.bin"], ["lost", "lost.bin"], ["short", "cut.bin"]]) {
    file(`${name}.onnx`, model(location!));
  }
  const { out } = await adjoint("run", "beside.onnx", "--input", "pair.png", "--raw", "--json");
  expect(JSON.parse(out).outputs.y.values).toEqual([110, 240, 120, 250, 130, 260]);
  const reasons = {
    above: /"\.\.\/weights\.bin", which is not beside the model/, lost: /no such file.*lost\.bin/, short: /cut\.bin ends before 4 \+ 8/,
  };
  for (const [name, reason] of Object.entries(reasons)) {
    const { err, code } = await adjoint("run", `${name}.onnx`, "--input", "pair.png");
    expect([err, code]).toEqual([expect.stringMatching(reason), 1]);
  }
});

describe("pictures", () => {
  // One file for each kind of pixel: what is written, and what red, green and blue are then.
  const kinds: Record<string, { picture: PngSpec; planes: number[][] }> = {
    "1-bit grey": {
      picture: { width: 3, height: 2, type: 0, depth: 1, rows: [[0b10100000], [0b01000000]] },
      planes: repeat(3, [[255, 0, 255, 0, 255, 0]]),
    },
    "2-bit grey": {
      picture: { width: 5, height: 1, type: 0, depth: 2, rows: [[0b00011011, 0b11000000]] },
      planes: repeat(3, [[0, 85, 170, 255, 255]]),
    },
    "16-bit grey": {
      picture: { width: 2, height: 1, type: 0, depth: 16, rows: [[0x80, 0x80, 0xff, 0xff]] },
      planes: repeat(3, [[128, 255]]),
    },
    "grey with alpha": { picture: { width: 2, height: 1, type: 4, rows: [[7, 0, 9, 255]] }, planes: repeat(3, [[7, 9]]) },
    "16-bit colours": { picture: { width: 1, height: 1, type: 2, depth: 16, rows: [[1, 1, 2, 2, 3, 3]] }, planes: [[1], [2], [3]] },
    "colours with alpha": {
      picture: { width: 1, height: 2, type: 6, rows: [[1, 2, 3, 0], [4, 5, 6, 128]] },
      planes: [[1, 4], [2, 5], [3, 6]],
    },
    "4-bit palette": {
      picture: { width: 3, height: 2, type: 3, depth: 4, palette: [1, 2, 3, 4, 5, 6, 7, 8, 9], rows: [[0x01, 0x20], [0x22, 0x10]] },
      planes: [[1, 4, 7, 7, 7, 4], [2, 5, 8, 8, 8, 5], [3, 6, 9, 9, 9, 6]],
    },
    "palette with transparency": {
      picture: { width: 2, height: 1, type: 3, palette: [1, 2, 3, 4, 5, 6], alpha: [0], rows: [[1, 0]] },
      planes: [[4, 1], [5, 2], [6, 3]],
    },
  };
  test.for(Object.entries(kinds))("PNG: %s", async ([name, { picture, planes }]) => {
    file(`${name}.png`, png(picture));
    expect(await pixels(`${name}.png`)).toEqual({ shape: [1, 3, picture.height, picture.width], values: planes.flat() });
  });

  test("JPEG: baseline, and upright where Exif says how the camera was held", async () => {
    // Four quarters: 20, 90 above, 160, 230 below.
    const data = Uint8Array.from({ length: 16 * 16 * 4 }, (_, i) => 20 + ((i >> 2) % 16 < 8 ? 0 : 70) + (i >> 6 < 8 ? 0 : 140));
    const bytes = encodeJpeg({ data, width: 16, height: 16 }, 100).data;
    // Exif 2.3, tag Orientation: where the first row and the first column are to be seen.
    const quarters = [
      [20, 90, 160, 230], [90, 20, 230, 160], [230, 160, 90, 20], [160, 230, 20, 90],
      [20, 160, 90, 230], [160, 20, 230, 90], [230, 90, 160, 20], [90, 230, 20, 160],
    ];
    file("held0.jpg", bytes);
    quarters.forEach((_, i) => file(`held${i + 1}.jpg`, withOrientation(bytes, i + 1)));
    const pictures = [quarters[0]!, ...quarters].flatMap((_, i) => ["--input", `held${i}.jpg`]);
    const lines = (await adjoint("run", "same.onnx", ...pictures, "--raw", "--json")).out.trim().split("\n");
    expect(lines.length).toBe(9);
    for (const [i, line] of lines.entries()) {
      const { values } = JSON.parse(line).outputs.y;
      const corners = [0, 15, 240, 255].map((at) => 70 * Math.round((values[at] - 20) / 70) + 20);
      expect(corners, `orientation ${i}`).toEqual(quarters[Math.max(0, i - 1)]);
    }
    file("wide.jpg", withOrientation(encodeJpeg({ data, width: 32, height: 8 }, 100).data, 6));
    expect((await pixels("wide.jpg")).shape).toEqual([1, 3, 32, 8]);
  });

  test("JPEG: progressive, grey", async () => {
    file("progressive.jpg", Buffer.from(progressive, "base64"));
    const { shape, values } = await pixels("progressive.jpg");
    expect(shape).toEqual([1, 3, 8, 8]);
    expect(values.every((value) => Math.abs(value - 90) < 4)).toBe(true);
  });
});

test("inspect tells inputs, operators and parameters, and with --nodes what runs after the passes", async () => {
  const { out, code } = await adjoint("inspect", "net.onnx", "--nodes");
  expect(code).toBe(0);
  expect(out).toMatch(/^input +input {2}float32 \[batch, 3, 8, 8\]$/m);
  expect(out).toMatch(/^parameters +112$/m);
  expect(out).toMatch(/^operators .*Conv 1/m);
  expect(out).toMatch(/^not supported +none$/m);
  expect(out).toMatch(/^adjoint\.Conv .*\[1, 4, 6, 6\].*activation=clamp/m);
});

test("bench times every node", async () => {
  const { out, code } = await adjoint("bench", "net.onnx", "--runs", "2", "--batch", "3", "--build", "scalar");
  expect(code).toBe(0);
  expect(out).toMatch(/^input \[3, 3, 8, 8\]; build scalar, 1 thread$/m);
  expect(out).toMatch(/^first run [\d.]+ ms, then median [\d.]+ ms, fastest [\d.]+ ms of 2$/m);
  expect(out).toMatch(/^Conv +\S+ +\[3, 4, 6, 6\] +[\d.]+ +[\d.]+ % +[\d.]+$/m);
});

describe("what is wrong is told in one line, with the file's name, and the exit code is 1", () => {
  test.for<[string[], RegExp]>([
    [["run", "net.onnx"], /at least one picture/],
    [["run", "missing.onnx", "--input", "red.png"], /missing\.onnx: there is no such file/],
    [["run", "net.onnx", "--input", "missing.png"], /missing\.png: there is no such file/],
    [["run", "net.onnx", "--input", "red.png", "--labels", "missing.txt"], /missing\.txt: there is no such file/],
    [["run", ".", "--input", "red.png"], /this is a folder/],
    [["run", "red.png", "--input", "red.png"], /red\.png: the file is no ONNX model/],
    [["run", "net.onnx", "--input", "net.onnx"], /net\.onnx: pictures must be PNG or JPEG/],
    [["run", "net.onnx", "--input", "red.png", "--mean", "1,2"], /--mean has 2 numbers, the model reads 3 channels/],
    [["run", "net.onnx", "--input", "red.png", "--top", "0"], /--top must be a positive integer, got "0"/],
    [["run", "net.onnx", "red.png"], /pictures go behind --input/],
    [["run", "two.onnx", "--input", "red.png"], /one input.*x \[1, 3, 2, 2\], b \[2\]/],
    [["run", "strange.onnx", "--input", "red.png"], /strange\.onnx: .*Frobnicate \("one", "two"\), my\.own\.Twist \("y"\)$/],
    [["bench", "same.onnx"], /"x" \[n, 3, h, w\] leaves axis 2 free: give --size H,W/],
    [["bench", "net.onnx", "--labels", "x"], /Unknown option '--labels' \(adjoint --help\)/],
    [["bench", "net.onnx", "--build", "best"], /build must be one of/],
    [["inspect"], /inspect takes one model/],
    [["paint"], /no command "paint"/],
  ])("%s", async ([args, message]) => {
    const { out, err, code } = await adjoint(...args);
    expect([out, code]).toEqual(["", 1]);
    expect(err).toMatch(/^adjoint: [^\n]+\n$/);
    expect(err.trimEnd()).toMatch(message);
  });

  test("a broken picture", async () => {
    file("cut.png", png({ width: 5, height: 1, type: 2, rows: [repeat(5, [1, 2, 3])] }).subarray(0, 50));
    const { err, code } = await adjoint("run", "net.onnx", "--input", "cut.png");
    expect(err).toMatch(/^adjoint: cut\.png cannot be decoded/);
    expect(code).toBe(1);
  });

  test("inspect lists what is not supported, and has not failed", async () => {
    const { out, code } = await adjoint("inspect", "strange.onnx");
    expect(code).toBe(0);
    expect(out).toMatch(/^not supported +Frobnicate \(one, two\), my\.own\.Twist \(y\)$/m);
  });
});

test("help", async () => {
  const help = { out: expect.stringContaining("adjoint bench MODEL"), err: "", code: 0 };
  for (const args of [[], ["--help"], ["run", "--help"]]) expect(await adjoint(...args)).toEqual(help);
});

// 8 x 8 pixels of 90, as libjpeg writes them.
const progressive =
  "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4UG1RV19iZ2hnPk1xeXBkeFxlZ2P/wgALCAAI"
  + "AAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAABP/aAAgBAQAAAAEv/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABBQJ//8QAFBABAAAAAAAAAAAAAAAAAAAAAP/a"
  + "AAgBAQAGPwJ//8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPyF//9oACAEBAAAAEP8A/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPxB//9k=";

interface PngSpec {
  width: number;
  height: number;
  /** 0 grey, 2 colours, 3 palette, 4 grey with alpha, 6 colours with alpha. */
  type: number;
  depth?: number;
  palette?: readonly number[];
  alpha?: readonly number[];
  rows: readonly (readonly number[])[];
}

function png({ width, height, type, depth = 8, palette, alpha, rows }: PngSpec): Buffer {
  const size = Buffer.alloc(8);
  size.writeUInt32BE(width, 0);
  size.writeUInt32BE(height, 4);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]),
    chunk("IHDR", [...size, depth, type, 0, 0, 0]),
    ...(palette ? [chunk("PLTE", palette)] : []),
    ...(alpha ? [chunk("tRNS", alpha)] : []),
    chunk("IDAT", [...deflateSync(Uint8Array.from(rows.flatMap((row) => [0, ...row])))]),
    chunk("IEND", []),
  ]);
}

function chunk(type: string, data: readonly number[]): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), Uint8Array.from(data)]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length, 0);
  ends.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** A JPEG file with Exif's tag of the camera's orientation. */
function withOrientation(jpeg: Buffer, orientation: number): Buffer {
  const tiff = [0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0];
  const segment = [...Buffer.from("Exif\0\0", "latin1"), ...tiff];
  return Buffer.concat([jpeg.subarray(0, 2), Uint8Array.from([0xff, 0xe1, 0, segment.length + 2, ...segment]), jpeg.subarray(2)]);
}

function repeat<T>(times: number, values: readonly T[]): T[] {
  return Array.from({ length: times }, () => values).flat();
}
