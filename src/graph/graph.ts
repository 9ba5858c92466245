// The one intermediate form: a list of nodes between named values, in ONNX's vocabulary. A model of layers is traced into it, an
// ONNX file is read into it; passes rewrite it, `Session` plans and runs it, and `toOnnx` writes it out again. Operators keep
// ONNX's names and meaning; the fused ones that passes make belong to the domain "adjoint".
//
// Source: ONNX, Open Neural Network Exchange Intermediate Representation, onnx.ai/onnx/repo-docs/IR.html.

/** Kinds of element by ONNX's names. Floats of every width are computed in float32; integers are exact up to 2^53. */
export type ElementType =
  | "float32" | "float16" | "bfloat16" | "float64" | "int8" | "int16" | "int32" | "int64" | "uint8" | "uint16" | "uint32" | "uint64" | "bool" | "string";

/** Numbers that a graph holds: weights, shapes, indices. Floats lie in a `Float32Array`, all other kinds in a `Float64Array`. */
export interface Constant {
  readonly dtype: ElementType;
  readonly shape: readonly number[];
  /** In row-major order. */
  readonly data: Float32Array | Float64Array;
}

/** What a node's attribute may be. */
export type Attribute = number | string | readonly number[] | readonly string[] | Constant | Graph;

/** One operation. */
export interface GraphNode {
  readonly op: string;
  /** "" for ONNX's own operators, "adjoint" for those that passes make. */
  readonly domain: string;
  /** For messages and profiles; need not be unique. */
  readonly name: string;
  /** Names of values; "" where an optional input is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
}

/** What is known of an input or output before the graph runs. */
export interface ValueInfo {
  readonly name: string;
  readonly dtype: ElementType;
  /** A number where the length is fixed, a name where it is free; undefined where even the rank is unknown. */
  readonly shape: readonly (number | string)[] | undefined;
}

/** A graph in topological order: every value is made before it is used, and made once. */
export interface Graph {
  readonly name: string;
  /** Version of ONNX's own operator set that the nodes follow. */
  readonly opset: number;
  readonly nodes: readonly GraphNode[];
  /** Without those that `constants` give. */
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly constants: ReadonlyMap<string, Constant>;
}
