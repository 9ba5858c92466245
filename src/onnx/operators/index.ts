// All operators that are read, by domain and name.

import type { Operator, Operators } from "../../graph/operator.ts";
import { activations } from "./activations.ts";
import { controlFlow } from "./control.ts";
import { convolutions } from "./conv.ts";
import { detections } from "./detection.ts";
import { arithmetic } from "./elementwise.ts";
import { fusedOperators } from "./fused.ts";
import { products } from "./matrix.ts";
import { normalisations } from "./normalisation.ts";
import { poolings } from "./pool.ts";
import { recurrences } from "./recurrent.ts";
import { reductions } from "./reduction.ts";
import { resizing } from "./resize.ts";
import { samplings } from "./sampling.ts";
import { selections } from "./selection.ts";
import { sequences } from "./sequence.ts";
import { shapes } from "./shape.ts";

const families = [
  activations, arithmetic, convolutions, detections, normalisations, poolings, products, recurrences, reductions, resizing, samplings,
  selections, shapes,
];
const own = new Map<string, Operator>(families.flatMap((family) => Object.entries(family)));

/** ONNX's operators, and in the domain "adjoint" those that reading and passes make of them. */
export const onnxOperators: Operators = new Map([
  ["", own],
  ["adjoint", new Map(Object.entries({ ...fusedOperators(own), ...sequences }))],
]);

for (const [name, operator] of Object.entries(controlFlow(onnxOperators))) own.set(name, operator);
