import { afterEach, expect, test, vi } from "vitest";
import readme from "../README.md?raw";
import * as adjoint from "../src/index.ts";
import * as data from "../src/data/index.ts";
import * as image from "../src/image/index.ts";
import * as onnx from "../src/onnx/index.ts";
import { onnxOperators } from "../src/onnx/operators/index.ts";
import * as zoo from "../src/zoo/index.ts";
import { checkClose } from "./check.ts";

const entries: Record<string, unknown> = {
  adjoint, "adjoint/data": data, "adjoint/image": image, "adjoint/onnx": onnx, "adjoint/zoo": zoo,
};

afterEach(() => vi.unstubAllGlobals());

/** The code blocks of a language. */
function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, "gs"))].map((match) => match[1]!);
}

/** Runs a program of the README on the sources: its imports become parameters. What it names in `results` is returned. */
async function run(source: string, extra: Record<string, unknown>, results: readonly string[] = []): Promise<Record<string, unknown>> {
  const body = source.replace(/^\s*import \{(.*?)\} from "(.*?)";$/gm, (_, names: string, from: string) => {
    return `const {${names}} = entries["${from.replace("./dist/index.js", "adjoint")}"];`;
  });
  const program = `return (async () => { ${body}\nreturn { ${results.join()} }; })();`;
  return new Function("entries", ...Object.keys(extra), program)(entries, ...Object.values(extra));
}

test("the network of the README learns, and leaves nothing but itself behind", async () => {
  const lines: unknown[] = [];
  await run(blocks("js")[0]!, { console: { log: (line: unknown) => lines.push(line) } });
  const losses = lines.filter((line) => String(line).startsWith("loss")).map((line) => Number(String(line).slice(5)));
  expect(losses.length).toBe(100);
  expect(losses[0]).toBeGreaterThan(2);
  expect(losses.slice(-10).reduce((a, b) => a + b) / 10).toBeLessThan(1);
  expect(String(lines[0])).toMatch(/Total +7,434$/);
  // 6 parameters, and as many velocities.
  expect((lines.at(-1) as adjoint.MemoryReport).tensors).toBe(12);
});

test("the page of the README", async () => {
  const document = { body: { textContent: "" } };
  await run(blocks("html")[0]!.match(/<script type="module">(.*)<\/script>/s)![1]!, { document });
  expect(document.body.textContent).toBe("2 1 -4 -3 0 -7 -16 -11 -22");
});

test("a model from a server, told of as it comes, runs on a picture", async () => {
  const model = new adjoint.Sequential(new adjoint.AdaptiveAvgPool2d(1), new adjoint.Flatten());
  const file = onnx.toOnnx(model, { input: [1, 3, 224, 224] });
  const asked: unknown[] = [];
  vi.stubGlobal("fetch", async (url: unknown) => {
    asked.push(url);
    return new Response(Uint8Array.from(file), { headers: { "content-length": String(file.length) } });
  });
  const lines: unknown[] = [];
  const log = (line: unknown): void => void lines.push(line);
  const picture = { data: new Uint8Array(4 * 300 * 260).fill(255), width: 300, height: 260 };
  const { scores, session } = await run(blocks("js")[1]!, { picture, console: { log } }, ["scores", "session"]);
  expect(asked).toEqual(["model.onnx"]);
  expect(lines).toContain(`${file.length} of ${file.length} bytes`);
  expect(lines.at(-1)).toEqual([{ name: "input", dtype: "float32", shape: [1, 3, 224, 224] }]);
  // White, less ImageNet's mean.
  const expected = [(1 - 0.485) / 0.229, (1 - 0.456) / 0.224, (1 - 0.406) / 0.225];
  expected.forEach((value, c) => expect((scores as Float32Array)[c]).toBeCloseTo(value, 3));
  (session as onnx.Session).dispose();
});

test("a compiled network computes what the model does, tells of itself, and leaves as a file that can be read", async () => {
  const lines: unknown[] = [];
  // A view of the session's memory is worth nothing after that has grown.
  const log = (line: unknown): void => void lines.push(line instanceof Float32Array ? line.slice() : line);
  const { bytes, session, model } = await run(blocks("js")[2]!, { console: { log } }, ["bytes", "session", "model"]);
  const [output, explained, { weights, maps }] = lines as [Float32Array, string, onnx.SessionMemory];
  const squeezeNet = model as zoo.SqueezeNet;
  squeezeNet.eval();
  const expected = adjoint.scope(() => squeezeNet.forward(adjoint.full([1, 3, 224, 224], 0.5)).data());
  // The longest sum: 3 x 3 x 64 products, in the last 3x3 layer.
  checkClose("output", output, expected, 576);
  expect(explained).toContain("adjoint.Conv");
  expect(weights).toBeGreaterThanOrEqual(4 * 1_235_496);
  expect(maps).toBeGreaterThan(4 * 64 * 111 * 111);
  expect(onnx.inspectOnnx(bytes as Uint8Array)).toMatchObject({ parameters: 1_235_496, unsupported: new Map() });
  (session as onnx.Session).dispose();
});

test("the README's number of operators is the number of operators", () => {
  expect(Number(readme.match(/read (\d+) of ONNX's operators/)![1])).toBe(onnxOperators.get("")!.size);
});

test("every network of the zoo is named in the README", () => {
  for (const name of Object.keys(zoo)) expect(readme).toContain(`\`${name}\``);
});
