import { dropout1d } from "../ops/dropout1d.ts";
import { checkNumber } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { Module } from "./module.ts";

/** `dropout1d` as a layer: drops whole channels in training, does nothing after `eval()`. */
export class Dropout1d extends Module {
  readonly p: number;

  /**
   * @param p probability of a channel to become 0, default 0.5
   * @throws RangeError if it is none
   */
  constructor(p: number = 0.5) {
    super();
    checkNumber("Dropout1d", "p", p, 0, 1);
    this.p = p;
  }

  forward(x: Tensor): Tensor {
    return dropout1d(x, this.p, { training: this.training });
  }
}
