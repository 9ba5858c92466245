import { dropout } from "../ops/dropout.ts";
import { checkNumber } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { Module } from "./module.ts";

/** `dropout` as a layer: drops in training, does nothing after `eval()`. */
export class Dropout extends Module {
  readonly p: number;

  /**
   * @param p probability of an element to become 0, default 0.5
   * @throws RangeError if it is none
   */
  constructor(p: number = 0.5) {
    super();
    checkNumber("Dropout", "p", p, 0, 1);
    this.p = p;
  }

  forward(x: Tensor): Tensor {
    return dropout(x, this.p, { training: this.training });
  }
}
