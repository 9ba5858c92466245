import { Conv2d } from "../layers/conv2d.ts";
import { Module } from "../layers/module.ts";
import { mul } from "../ops/mul.ts";
import { mean } from "../ops/sum.ts";
import { scope } from "../scope.ts";
import type { Tensor } from "../tensor.ts";

type Elementwise = (x: Tensor) => Tensor;

/**
 * Weighs the channels by a small network that sees their means: y = x gate(fc2(activation(fc1(mean x)))).
 *
 * Source: Hu et al., "Squeeze-and-excitation networks", 2017.
 */
export class SqueezeExcitation extends Module {
  fc1: Conv2d;
  fc2: Conv2d;
  readonly #activation: Elementwise;
  readonly #gate: Elementwise;

  constructor(channels: number, squeezed: number, activation: Elementwise, gate: Elementwise) {
    super();
    this.fc1 = new Conv2d(channels, squeezed, 1);
    this.fc2 = new Conv2d(squeezed, channels, 1);
    this.#activation = activation;
    this.#gate = gate;
  }

  forward(x: Tensor): Tensor {
    return scope(() => {
      const squeezed = this.#activation(this.fc1.forward(mean(x, [2, 3], { keepdim: true })));
      return mul(x, this.#gate(this.fc2.forward(squeezed)));
    });
  }
}
