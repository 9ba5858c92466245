import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { GraphError } from "../../src/graph/operator.ts";
import { memory, type MemoryReport } from "../../src/index.ts";
import { onnxOperators } from "../../src/onnx/operators/index.ts";
import { checkOperators, readOnnx } from "../../src/onnx/read.ts";
import { encodeModel, type ModelSpec, type TensorSpec, type Type, written } from "./encode.ts";
import { counting, ints, runModel } from "./run.ts";

let before: MemoryReport;
beforeEach(() => void (before = memory()));
afterEach(() => expect(memory()).toEqual({ ...before, capacity: expect.any(Number) }));

const read = (spec: ModelSpec, options = {}) => readOnnx(encodeModel(spec), options);

describe("constants", () => {
  const raw: [Type, Uint8Array, number[]][] = [
    ["float32", new Uint8Array(Float32Array.of(1.5, -2).buffer), [1.5, -2]],
    ["float64", new Uint8Array(Float64Array.of(1.5, -2).buffer), [1.5, -2]],
    ["float16", Uint8Array.of(0x00, 0x3e, 0x00, 0xc0), [1.5, -2]],
    ["bfloat16", Uint8Array.of(0xc0, 0x3f, 0x00, 0xc0), [1.5, -2]],
    ["int64", new Uint8Array(BigInt64Array.of(-3n, 2n ** 40n).buffer), [-3, 2 ** 40]],
    ["uint64", new Uint8Array(BigUint64Array.of(3n, 2n ** 52n).buffer), [3, 2 ** 52]],
    ["int32", new Uint8Array(Int32Array.of(-3, 4).buffer), [-3, 4]],
    ["uint32", new Uint8Array(Uint32Array.of(3, 2 ** 32 - 1).buffer), [3, 2 ** 32 - 1]],
    ["int16", new Uint8Array(Int16Array.of(-3, 4).buffer), [-3, 4]],
    ["uint16", new Uint8Array(Uint16Array.of(3, 65535).buffer), [3, 65535]],
    ["int8", new Uint8Array(Int8Array.of(-3, 4).buffer), [-3, 4]],
    ["uint8", Uint8Array.of(3, 255), [3, 255]],
    ["bool", Uint8Array.of(1, 0), [1, 0]],
  ];
  test.each(raw)("%s as raw data", (type, bytes, expected) => {
    const { constants } = read({ initializers: { c: { type, shape: [2], raw: bytes } } });
    expect(constants.get("c")).toMatchObject({ dtype: type, shape: [2] });
    expect(Array.from(constants.get("c")!.data)).toEqual(expected);
  });

  const typed: [Type, number[], number[]][] = [
    ["float64", [1.5, -2], [1.5, -2]], ["float16", [0x3e00, 0xc000], [1.5, -2]], ["bfloat16", [0x3fc0, 0xc000], [1.5, -2]],
    ["int64", [-3, 2 ** 40], [-3, 2 ** 40]], ["uint64", [3, 2 ** 52], [3, 2 ** 52]], ["int32", [-3, 4], [-3, 4]],
      ["uint32", [3, 4e9], [3, 4e9]],
    ["int8", [-3, 4], [-3, 4]], ["uint8", [3, 255], [3, 255]], ["bool", [1, 0], [1, 0]],
  ];
  test.each(typed)("%s in its typed field", (type, data, expected) => {
    expect(Array.from(read({ initializers: { c: { type, shape: [2], data } } }).constants.get("c")!.data)).toEqual(expected);
  });

  test("aligned float32 stays where it lies in the file", () => {
    // A name of some length aligns the numbers.
    const shared = ["c", "cc", "ccc", "cccc"].map((name) => {
      const bytes = encodeModel({ initializers: { [name]: counting([3]) } });
      const { data } = readOnnx(bytes).constants.get(name)!;
      expect([...data]).toEqual([0, 1, 2]);
      return data.buffer === bytes.buffer;
    });
    expect(shared.filter(Boolean)).toHaveLength(1);
  });

  test("nodes of kind Constant, and old files' inputs, are constants", () => {
    const graph = read({
      inputs: { x: { shape: [2] }, w: { shape: [2] } },
      initializers: { w: counting([2]) },
      nodes: [
        { op: "Constant", outputs: ["c"], attributes: { value_floats: { floats: [1, 2] } } },
        { op: "Add", inputs: ["x", "w"], outputs: ["s"] },
        { op: "Add", inputs: ["s", "c"], outputs: ["y"] },
      ],
      outputs: ["y"],
    });
    expect(graph.inputs.map(({ name }) => name)).toEqual(["x"]);
    expect([...graph.constants.keys()]).toEqual(["w", "c"]);
    expect(graph.nodes.map(({ op }) => op)).toEqual(["Add", "Add"]);
  });

  test("in other files, by callback", () => {
    const model: ModelSpec = { initializers: { w: { shape: [2], external: { location: "weights.bin", offset: "4", length: "8" } } } };
    const external = (location: string, offset: number, length: number): Uint8Array => {
      expect([location, offset, length]).toEqual(["weights.bin", 4, 8]);
      return new Uint8Array(Float32Array.of(5, 6).buffer);
    };
    expect([...read(model, { external }).constants.get("w")!.data]).toEqual([5, 6]);
    expect(() => read(model)).toThrow(`initializer "w" lies in the file "weights.bin": give the option external`);
    expect(() => read(model, { external: () => new Uint8Array(4) })).toThrow("needs 8 bytes, it has 4");
  });

  test.each(["/etc/passwd", "../secret", "a/../../b", "C:\\x", "\\\\host\\x", "file:///x",
    ""])("no file outside of the model's folder: %s", (location) => {
    const external = (): Uint8Array => expect.unreachable();
    expect(() => read({ initializers: { w: { shape: [1], external: { location } } } },
      { external })).toThrow("which is not beside the model");
  });
});

describe("graphs", () => {
  test("nodes in any order", () => {
    const graph = read({
      inputs: { x: {} },
      nodes: [{ op: "Neg", inputs: ["b"], outputs: ["y"] }, { op: "Exp", inputs: ["a"], outputs: ["b"] },
        { op: "Abs", inputs: ["x"], outputs: ["a"] }],
      outputs: ["y"],
    });
    expect(graph.nodes.map(({ op }) => op)).toEqual(["Abs", "Exp", "Neg"]);
  });

  test("functions are replaced by their nodes, with attributes handed on", () => {
    const { y, z } = runModel({
      inputs: { x: { shape: [2] } },
      functions: [
        { name: "Leak", domain: "own", inputs: ["a"], outputs: ["b"], nodes: [
          { op: "LeakyRelu", inputs: ["a"], outputs: ["t"], attributes: { alpha: { reference: "slope", type: 1 } } },
          { op: "Twice", domain: "own", inputs: ["t"], outputs: ["b"] },
        ] },
        { name: "Twice", domain: "own", inputs: ["a"], outputs: ["b"], nodes: [{ op: "Add", inputs: ["a", "a"], outputs: ["b"] }] },
      ],
      nodes: [
        { op: "Leak", domain: "own", inputs: ["x"], outputs: ["y"], attributes: { slope: { float: 0.25 } } },
        { op: "Leak", domain: "own", inputs: ["y"], outputs: ["z"] },
      ],
      outputs: ["y", "z"],
    }, { x: { shape: [2], data: [-4, 3] } });
    expect(y!.data).toEqual([-2, 6]);
    // Without the attribute the operator's own default holds.
    expect(z!.data[0]).toBeCloseTo(-0.04);
  });

  const branches = (c: number): number[] => runModel({
    inputs: { x: { shape: [2] } },
    initializers: { c: { type: "bool", shape: [], data: [c] }, k: { shape: [], data: [10] } },
    nodes: [
      { op: "Abs", inputs: ["x"], outputs: ["a"] },
      { op: "If", inputs: ["c"], outputs: ["y"], attributes: {
        then_branch: { graph: { nodes: [{ op: "Add", inputs: ["a", "k"], outputs: ["p"] }], outputs: ["p"] } },
        else_branch: { graph: { initializers: { l: { shape: [], data: [3] } }, nodes: [{ op: "Mul", inputs: ["x", "l"], outputs: ["q"] }],
          outputs: ["q"] } },
      } },
    ],
    outputs: ["y"],
  }, { x: { shape: [2], data: [-1, 2] } })["y"]!.data;

  test("If reads the graph around it", () => {
    expect(branches(1)).toEqual([11, 12]);
    expect(branches(0)).toEqual([-3, 6]);
  });

  test("Loop carries values on and collects others", () => {
    const { last, all } = runModel({
      inputs: { x: { shape: [2] } },
      initializers: { n: { type: "int64", shape: [], data: [3] }, step: { shape: [], data: [1] } },
      nodes: [{ op: "Loop", inputs: ["n", "", "x"], outputs: ["last", "all"], attributes: { body: { graph: {
        inputs: { i: { type: "int64", shape: [] }, going: { type: "bool", shape: [] }, v: { shape: [2] } },
        nodes: [{ op: "Add", inputs: ["v", "step"], outputs: ["w"] }, { op: "Identity", inputs: ["going"], outputs: ["again"] },
          { op: "Neg", inputs: ["w"], outputs: ["m"] }],
        outputs: ["again", "w", "m"],
      } } } }],
      outputs: ["last", "all"],
    }, { x: { shape: [2], data: [0, 10] } });
    expect(last!.data).toEqual([3, 13]);
    expect(all).toEqual({ shape: [3, 2], data: [-1, -11, -2, -12, -3, -13] });
  });
});

describe("lists of tensors", () => {
  const at = (value: number): TensorSpec => ({ type: "int64", shape: [], data: [value] });
  test("parts of one that was split", () => {
    const { even, last, own, thin } = runModel({
      inputs: { x: { shape: [2, 5] } }, initializers: { one: at(1), end: at(-1), two: at(2), sizes: { type: "int64", shape: [2], data: [4, 1] } },
      nodes: [
        { op: "SplitToSequence", inputs: ["x", "two"], outputs: ["pairs"], attributes: { axis: 1 } },
        { op: "SequenceAt", inputs: ["pairs", "one"], outputs: ["even"] },
        { op: "SequenceAt", inputs: ["pairs", "end"], outputs: ["last"] },
        { op: "SplitToSequence", inputs: ["x", "sizes"], outputs: ["parts"], attributes: { axis: 1 } },
        { op: "SequenceAt", inputs: ["parts", "one"], outputs: ["own"] },
        { op: "SplitToSequence", inputs: ["x"], outputs: ["rows"], attributes: { axis: 0, keepdims: 0 } },
        { op: "SequenceAt", inputs: ["rows", "one"], outputs: ["thin"] },
      ],
      outputs: ["even", "last", "own", "thin"],
    }, { x: counting([2, 5]) });
    expect(even).toEqual({ shape: [2, 2], data: [2, 3, 7, 8] });
    expect(last).toEqual({ shape: [2, 1], data: [4, 9] });
    expect(own).toEqual({ shape: [2, 1], data: [4, 9] });
    expect(thin).toEqual({ shape: [5], data: [5, 6, 7, 8, 9] });
  });

  test("values put together", () => {
    const { stacked, joined, first } = runModel({
      inputs: { x: { shape: [2] }, z: { shape: [2] } }, initializers: { start: at(0), before: at(-1) },
      nodes: [
        { op: "SequenceEmpty", inputs: [], outputs: ["empty"] },
        { op: "SequenceInsert", inputs: ["empty", "x"], outputs: ["l"] },
        { op: "SequenceInsert", inputs: ["l", "z", "start"], outputs: ["m"] },
        { op: "ConcatFromSequence", inputs: ["m"], outputs: ["stacked"], attributes: { axis: -1, new_axis: 1 } },
        { op: "SequenceConstruct", inputs: ["x", "z", "x"], outputs: ["three"] },
        { op: "ConcatFromSequence", inputs: ["three"], outputs: ["joined"], attributes: { axis: 0 } },
        { op: "SequenceAt", inputs: ["m", "before"], outputs: ["first"] },
      ],
      outputs: ["stacked", "joined", "first"],
    }, { x: { shape: [2], data: [1, 2] }, z: { shape: [2], data: [3, 4] } });
    expect(stacked).toEqual({ shape: [2, 2], data: [3, 1, 4, 2] });
    expect(joined).toEqual({ shape: [6], data: [1, 2, 3, 4, 1, 2] });
    expect(first!.data).toEqual([1, 2]);
  });

  test("one that is handed out is refused, as is an element that is not there", () => {
    const handedOut: ModelSpec = {
      inputs: { x: { shape: [2] } }, nodes: [{ op: "SequenceConstruct", name: "s", inputs: ["x"], outputs: ["y"] }], outputs: ["y"],
    };
    expect(() => runModel(handedOut)).toThrow('not supported: SequenceConstruct ("s")');
    expect(() => runModel({
      inputs: { x: { shape: [2] } }, initializers: { two: at(2) },
      nodes: [
        { op: "SplitToSequence", inputs: ["x"], outputs: ["l"] },
        { op: "SequenceAt", name: "a", inputs: ["l", "two"], outputs: ["y"] },
      ],
      outputs: ["y"],
    }, { x: counting([2]) })).toThrow('SequenceAt "a": element 2 does not exist in a list of 2');
  });
});

describe("refused", () => {
  const bad: [string, () => unknown, string][] = [
    ["no bytes at all", () => readOnnx("model" as never), "readOnnx: bytes must be a Uint8Array or an ArrayBuffer"],
    ["an empty file", () => readOnnx(new Uint8Array(0)), "the file holds no graph"],
    ["text", () => readOnnx(new TextEncoder().encode("<!DOCTYPE html><html></html>")), "the file is no ONNX model, or cut off"],
    ["a file cut off", () => readOnnx(encodeModel({ initializers: { w: counting([8]) } }).subarray(0, -20)), "cut off"],
    ["a length beyond the file", () => readOnnx(Uint8Array.of(0x3a, 0xff, 0xff, 0xff, 0xff, 0x0f)), "cut off"],
    ["a huge shape", () => read({ initializers: { w: { shape: [2 ** 40, 2 ** 40], data: [1] } } }),
      'initializer "w" has the shape [1099511627776, 1099511627776]'],
    ["too few numbers", () => read({ initializers: { w: { shape: [1000, 1000], data: [1] } } }), "needs 4000000 bytes, it has 4"],
    ["a negative length", () => read({ initializers: { w: { shape: [-1], data: [1] } } }), "which no tensor can have"],
    ["texts", () => read({ inputs: { x: { type: "string" } } }), 'input "x" is of type string, which is not supported'],
    ["texts that are read", () => read({ initializers: { s: { type: "string", shape: [0] } },
      nodes: [{ op: "Identity", inputs: ["s"], outputs: ["y"] }] }),
      'initializer "s" is of type string'],
    ["a missing input", () => read({ nodes: [{ op: "Relu", name: "r", inputs: ["x"], outputs: ["y"] }], outputs: ["y"] }),
      'Relu "r": input "x" is made by no node'],
    ["a missing output", () => read({ outputs: ["y"] }), '"y" is made by no node'],
    ["one name made twice", () => read({ inputs: { x: {} }, nodes: [{ op: "Abs", inputs: ["x"], outputs: ["y"] },
      { op: "Neg", name: "n", inputs: ["x"], outputs: ["y"] }] }),
      'Neg "n": output "y" is made a second time'],
    ["a cycle", () => read({ inputs: { x: {} }, nodes: [{ op: "Add", name: "a", inputs: ["x", "c"], outputs: ["b"] },
      { op: "Neg", inputs: ["b"], outputs: ["c"] }] }),
      'Add "a": its inputs depend on its own outputs'],
    ["a function that calls itself", () => read({
      inputs: { x: {} }, nodes: [{ op: "F", domain: "own", inputs: ["x"], outputs: ["y"] }],
      functions: [{ name: "F", domain: "own", inputs: ["a"], outputs: ["b"],
        nodes: [{ op: "F", domain: "own", inputs: ["a"], outputs: ["b"] }] }],
    }), "functions call each other more than 32 levels deep"],
    ["functions that multiply", () => read({
      inputs: { x: {} }, nodes: [{ op: "F0", domain: "own", inputs: ["x"], outputs: ["y"] }],
      functions: Array.from({ length: 20 }, (_, i) => ({
        name: `F${i}`, domain: "own", inputs: ["a"], outputs: ["b"],
        nodes: Array.from({ length: 10 }, (_, k) => ({ op: i < 19 ? `F${i + 1}` : "Abs", domain: i < 19 ? "own" : "", inputs: ["a"],
          outputs: [`t${k}`] })),
      })),
    }), "more than 65536 nodes"],
    ["a function that calls itself inside of a graph", () => read({
      inputs: { x: {} }, nodes: [{ op: "F", domain: "own", inputs: ["x"], outputs: ["y"] }],
      functions: [{ name: "F", domain: "own", inputs: ["a"], outputs: ["b"],
        nodes: [{ op: "If", inputs: ["a"], outputs: ["b"], attributes: {
        then_branch: { graph: { nodes: [{ op: "F", domain: "own", inputs: ["a"], outputs: ["c"] }], outputs: ["c"] } },
      } }] }],
    }), "graphs are nested more than 32 levels deep"],
    ["an attribute of the wrong kind", () => runModel({
      inputs: { x: { shape: [1, 1, 3, 3] } }, initializers: { w: counting([1, 1, 3, 3]) },
      nodes: [{ op: "Conv", name: "c", inputs: ["x", "w"], outputs: ["y"], attributes: { strides: "two" } }], outputs: ["y"],
    }, { x: counting([1, 1, 3, 3]) }), 'Conv "c": attribute "strides" must be a list of integers, got "two"'],
    ["an output that an operator does not have", () => runModel({
      inputs: { x: { shape: [1] } }, nodes: [{ op: "Abs", inputs: ["x"], outputs: ["y", "z"] }], outputs: ["z"],
    }, { x: counting([1]) }), 'Abs: output "z" is more than the operator has'],
  ];
  test.each(bad)("%s", (_, attempt, message) => {
    expect(attempt).toThrow(message);
    try {
      attempt();
    } catch (error) {
      expect(error).toBeInstanceOf(message.startsWith("readOnnx") ? TypeError : GraphError);
    }
  });

  test("all operators that are not supported, at once", () => {
    const graph = read({
      inputs: { x: {} },
      nodes: [
        { op: "Relu", inputs: ["x"], outputs: ["r"] },
        ...["a", "b", "c", "d"].map((name) => ({ op: "Frobnicate", name, inputs: ["r"], outputs: [name] })),
        { op: "Relu", domain: "com.example", name: "e", inputs: ["r"], outputs: ["e"] },
      ],
    });
    expect(() => checkOperators(graph, onnxOperators)).toThrow(
      'the model needs operators that are not supported: Frobnicate ("a", "b", "c" and 1 more), com.example.Relu ("e")',
    );
  });

  test("graphs nested without end", () => {
    let bytes: Uint8Array = Uint8Array.of();
    // A graph with a node with an attribute that is a graph ...
    for (let level = 0; level < 200; level++) {
      const inner = bytes;
      bytes = written((pbf) => pbf.writeMessage(1, (_, node) => node.writeMessage(5,
        (__, attribute) => attribute.writeBytesField(6, inner), null), null));
    }
    expect(() => readOnnx(written((pbf) => pbf.writeBytesField(7, bytes)))).toThrow("nested more than 32 levels deep");
  });

  test("names that objects have", () => {
    const { __proto__: polluted } = runModel({
      inputs: { constructor: { shape: [1] } },
      nodes: [{ op: "Neg", inputs: ["constructor"], outputs: ["toString"] }, { op: "Neg", inputs: ["toString"], outputs: ["valueOf"] }],
      outputs: ["valueOf"],
    }, { constructor: { shape: [1], data: [3] } });
    expect(polluted).toBe(Object.prototype);
  });

  test("more numbers than can be", () => {
    const huge = (op: string, constants: Parameters<typeof runModel>[0]["initializers"] = {}): unknown => runModel({
      initializers: constants, nodes: [{ op, name: "huge", inputs: Object.keys(constants), outputs: ["y"] }], outputs: ["y"],
    });
    expect(() => huge("ConstantOfShape", { s: ints(2 ** 20, 2 ** 20) })).toThrow('ConstantOfShape "huge"');
    expect(() => huge("Range", { a: { type: "int64", shape: [], data: [0] }, b: { type: "int64", shape: [], data: [2 ** 50] },
      c: { type: "int64", shape: [], data: [1] } }))
      .toThrow('Range "huge": 1125899906842624 numbers of type int64 are more than');
    expect(() => huge("Tile", { x: ints(1, 2), r: ints(2 ** 40) })).toThrow('Tile "huge"');
    expect(() => huge("Expand", { x: ints(1), s: ints(2 ** 29, 2 ** 29) })).toThrow('Expand "huge"');
  });
});
