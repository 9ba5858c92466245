// Arithmetic, comparisons and conditions, with broadcasting: floats by operations, integers and known conditions on the host.

import { type Call, GraphError } from "../../graph/operator.ts";
import type { ElementType } from "../../graph/graph.ts";
import { isFloat, Value } from "../../graph/value.ts";
import { add } from "../../ops/add.ts";
import { clamp } from "../../ops/clamp.ts";
import { eq, ge, gt, le, lt, ne } from "../../ops/comparisons.ts";
import { div } from "../../ops/div.ts";
import type { Operand } from "../../ops/elementwise.ts";
import { abs, ceil, exp, floor, log, neg, reciprocal, round, sign, sqrt } from "../../ops/functions.ts";
import { maximum, minimum } from "../../ops/maximum.ts";
import { mul } from "../../ops/mul.ts";
import { pow } from "../../ops/pow.ts";
import { sub } from "../../ops/sub.ts";
import { where } from "../../ops/where.ts";
import { erf } from "./erf.ts";
import { cos, sin } from "./trigonometry.ts";
import { full, type Tensor } from "../../tensor.ts";
import { type Family, float, floats, input, int, scalar } from "./arguments.ts";
import { reshaped } from "./moving.ts";
import { combined, made, onDevice } from "./numbers.ts";

type Operator = (call: Call) => Value;

/** A function of one tensor; of integers, where `host` is given. */
function unary(device: (x: Tensor) => Tensor, host?: (x: number) => number): Operator {
  return (call) => {
    const x = host ? input(call, 0) : floats(call, 0);
    if (isFloat(x.dtype) || !host) return Value.of(device(x.tensor()), x.dtype);
    const data = x.numbers();
    return made(x.dtype, x.shape, (i) => host(data[i]!));
  };
}

/** A function that only the host has: what it reads must be known, or a run computes it as it comes. */
function onHost(f: (x: number) => number): Operator {
  return (call) => {
    const x = floats(call, 0), data = x.numbers();
    return made(x.dtype, x.shape, (i) => f(data[i]!));
  };
}

/** A function that the host computes better where it knows x: positions, most often, which are the same in every run. */
function periodic(device: (x: Tensor) => Tensor, host: (x: number) => number): Operator {
  return (call) => {
    const x = floats(call, 0);
    return x.constant ? onHost(host)(call) : Value.of(device(x.tensor()), x.dtype);
  };
}

type Two = (a: Tensor, b: Tensor) => Tensor;

function checkKinds({ node }: Call, a: Value, b: Value): void {
  if (isFloat(a.dtype) !== isFloat(b.dtype)) {
    throw new GraphError(`its inputs must be of one kind, they are ${a.dtype} and ${b.dtype}`, node);
  }
}

/** Both operands. Before version 7 the axes of b may stand anywhere in a. */
function operands(call: Call): [a: Value, b: Value] {
  const a = input(call, 0), b = input(call, 1), axis = int(call, "axis", -1);
  if (call.opset >= 7 || axis < 0) return [a, b];
  const behind = a.shape.length - axis - b.shape.length;
  return [a, behind > 0 ? reshaped(b, [...b.shape, ...new Array<number>(behind).fill(1)]) : b];
}

/** a (op) b. */
function binary(device: Two, host: (a: number, b: number) => number): Operator {
  return (call) => {
    const [a, b] = operands(call);
    checkKinds(call, a, b);
    return isFloat(a.dtype) ? Value.of(device(a.tensor(), b.tensor()), a.dtype) : combined(a.dtype, [a, b], host);
  };
}

/** a (op) b (op) c ... */
function variadic(device: Two, host: (a: number, b: number) => number): Operator {
  return (call) => {
    const [first, ...rest] = call.inputs.map((_, i) => input(call, i));
    if (!first) throw new GraphError("it has no inputs", call.node);
    for (const value of rest) checkKinds(call, first, value);
    if (rest.length === 0) return first;
    if (!isFloat(first.dtype)) return combined(first.dtype, [first, ...rest], (...elements) => elements.reduce((x, y) => host(x, y)));
    return Value.of(rest.reduce((y, value) => device(y, value.tensor()), first.tensor()), first.dtype);
  };
}

function comparison(device: Two, host: (a: number, b: number) => boolean): Operator {
  return (call) => {
    const [a, b] = operands(call);
    checkKinds(call, a, b);
    if (!isFloat(a.dtype)) return combined("bool", [a, b], (x, y) => Number(host(x, y)));
    return Value.of(device(a.tensor(), b.tensor()), "bool");
  };
}

/** Conditions: numbers where all are known, tensors of 0 and 1 otherwise. */
function condition(device: Two, host: (a: number, b: number) => number): Operator {
  return (call) => {
    const [a, b] = operands(call);
    return onDevice(a) || onDevice(b) ? Value.of(device(a.tensor(), b.tensor()), "bool") : combined("bool", [a, b], host);
  };
}

function negation(call: Call): Value {
  const x = input(call, 0);
  if (onDevice(x)) return Value.of(sub(1, x.tensor()), "bool");
  const data = x.numbers();
  return made("bool", x.shape, (i) => Number(!data[i]));
}

function choice(call: Call): Value {
  const [c, a, b] = [input(call, 0), input(call, 1), input(call, 2)];
  checkKinds(call, a, b);
  if (!isFloat(a.dtype)) return combined(a.dtype, [c, a, b], (x, y, z) => (x ? y : z));
  return Value.of(where(c.tensor(), a.tensor(), b.tensor()), a.dtype);
}

/** A known single number, which operations take as it is. */
function operand(value: Value): Operand {
  return value.constant && value.shape.length === 0 && !value.held ? value.numbers()[0]! : value.tensor();
}

function power(call: Call): Value {
  const a = input(call, 0), b = input(call, 1);
  if (isFloat(a.dtype)) return Value.of(pow(a.tensor(), operand(b)), a.dtype);
  return combined(a.dtype, [a, b], (x, y) => Math.trunc(x ** y));
}

function modulo(call: Call): Value {
  const a = input(call, 0), b = input(call, 1);
  // Of the sign of the dividend, as in C, or of the divisor, as in Python.
  const likeC = int(call, "fmod", 0) !== 0;
  return combined(a.dtype, [a, b], (x, y) => (likeC ? x % y : x - y * Math.floor(x / y)));
}

function clip(call: Call): Value {
  const x = input(call, 0);
  const limit = (index: number, name: string): number | Value | undefined => {
    const value = call.inputs[index];
    if (!value) return call.node.attributes.has(name) ? float(call, name, 0) : undefined;
    return value.constant ? scalar(call, index) : value;
  };
  const least = limit(1, "min"), most = limit(2, "max");
  if (!isFloat(x.dtype)) {
    const data = x.numbers();
    const number = (bound: number | Value | undefined, open: number): number => {
      return bound instanceof Value ? bound.numbers()[0]! : bound ?? open;
    };
    const from = number(least, -Infinity), to = number(most, Infinity);
    return made(x.dtype, x.shape, (i) => Math.min(Math.max(data[i]!, from), to));
  }
  if (least instanceof Value || most instanceof Value) {
    const operandOf = (bound: number | Value): Operand => (bound instanceof Value ? bound.tensor() : bound);
    const above = least === undefined ? x.tensor() : maximum(x.tensor(), operandOf(least));
    return Value.of(most === undefined ? above : minimum(above, operandOf(most)), x.dtype);
  }
  return least === undefined && most === undefined ? x : Value.of(clamp(x.tensor(), least, most), x.dtype);
}

function meanOf(call: Call): Value {
  const total = sumOf(call);
  return call.inputs.length === 1 ? total : Value.of(div(total.tensor(), call.inputs.length), total.dtype);
}

const sumOf = variadic(add, (a, b) => a + b);

function isInfinite(call: Call): Value {
  const x = floats(call, 0).tensor();
  const [positive, negative] = [int(call, "detect_positive", 1) !== 0, int(call, "detect_negative", 1) !== 0];
  if (positive && negative) return Value.of(eq(abs(x), Infinity), "bool");
  if (!positive && !negative) return Value.of(full(x.shape, 0), "bool");
  return Value.of(eq(x, positive ? Infinity : -Infinity), "bool");
}

function isNan(call: Call): Value {
  const x = floats(call, 0).tensor();
  return Value.of(ne(x, x), "bool");
}

/** Whole bits of 32-bit integers and narrower ones. */
function bitwise(f: (a: number, b: number) => number): Operator {
  return (call) => {
    const a = input(call, 0), b = input(call, 1);
    const wide: ElementType[] = ["int64", "uint64"];
    for (const value of [a, b]) {
      if (isFloat(value.dtype) || wide.includes(value.dtype)) {
        throw new GraphError(`it is supported for up to 32 bits, not for ${value.dtype}`, call.node);
      }
    }
    return combined(a.dtype, [a, b], f);
  };
}

export const arithmetic: Family = {
  Abs: unary(abs, Math.abs),
  Add: binary(add, (a, b) => a + b),
  And: condition(mul, (a, b) => Number(a && b)),
  BitwiseAnd: bitwise((a, b) => a & b),
  BitwiseOr: bitwise((a, b) => a | b),
  BitwiseXor: bitwise((a, b) => a ^ b),
  Ceil: unary(ceil),
  Clip: clip,
  Div: binary(div, (a, b) => Math.trunc(a / b)),
  Equal: comparison(eq, (a, b) => a === b),
  Erf: unary(erf),
  Exp: unary(exp),
  Floor: unary(floor),
  Greater: comparison(gt, (a, b) => a > b),
  GreaterOrEqual: comparison(ge, (a, b) => a >= b),
  IsInf: isInfinite,
  IsNaN: isNan,
  Less: comparison(lt, (a, b) => a < b),
  LessOrEqual: comparison(le, (a, b) => a <= b),
  Log: unary(log),
  Max: variadic(maximum, Math.max),
  Mean: meanOf,
  Min: variadic(minimum, Math.min),
  Mod: modulo,
  Mul: binary(mul, (a, b) => a * b),
  Neg: unary(neg, (x) => -x),
  Not: negation,
  Or: condition(maximum, (a, b) => Number(a || b)),
  Pow: power,
  Reciprocal: unary(reciprocal),
  Round: unary(round),
  Sign: unary(sign, Math.sign),
  Sqrt: unary(sqrt),
  Sub: binary(sub, (a, b) => a - b),
  Sum: sumOf,
  Where: choice,
  Xor: condition(ne, (a, b) => Number(a !== b)),
  Sin: periodic(sin, Math.sin),
  Cos: periodic(cos, Math.cos),
  Tan: onHost(Math.tan),
  Asin: onHost(Math.asin),
  Acos: onHost(Math.acos),
  Atan: onHost(Math.atan),
  Sinh: onHost(Math.sinh),
  Cosh: onHost(Math.cosh),
  Asinh: onHost(Math.asinh),
  Acosh: onHost(Math.acosh),
  Atanh: onHost(Math.atanh),
};
