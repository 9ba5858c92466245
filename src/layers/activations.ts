// Activations as layers. Only PReLU learns something; it has a file of its own.

import { elu, type EluOptions } from "../ops/elu.ts";
import { gelu, type GeluOptions } from "../ops/gelu.ts";
import { hardsigmoid, hardswish } from "../ops/hardswish.ts";
import { hardtanh, type HardtanhOptions, relu6 } from "../ops/hardtanh.ts";
import { leakyRelu, type LeakyReluOptions } from "../ops/leakyRelu.ts";
import { logSoftmax } from "../ops/logSoftmax.ts";
import { mish, softsign } from "../ops/mish.ts";
import { relu } from "../ops/relu.ts";
import { selu } from "../ops/selu.ts";
import { sigmoid } from "../ops/sigmoid.ts";
import { silu } from "../ops/silu.ts";
import { softmax } from "../ops/softmax.ts";
import { softplus, type SoftplusOptions } from "../ops/softplus.ts";
import { tanh } from "../ops/tanh.ts";
import type { Tensor } from "../tensor.ts";
import { Module } from "./module.ts";

/** `relu` as a layer. */
export class ReLU extends Module {
  forward(x: Tensor): Tensor {
    return relu(x);
  }
}

/** `relu6` as a layer. */
export class ReLU6 extends Module {
  forward(x: Tensor): Tensor {
    return relu6(x);
  }
}

/** `selu` as a layer. */
export class SELU extends Module {
  forward(x: Tensor): Tensor {
    return selu(x);
  }
}

/** `silu` as a layer. */
export class SiLU extends Module {
  forward(x: Tensor): Tensor {
    return silu(x);
  }
}

/** `mish` as a layer. */
export class Mish extends Module {
  forward(x: Tensor): Tensor {
    return mish(x);
  }
}

/** `softsign` as a layer. */
export class Softsign extends Module {
  forward(x: Tensor): Tensor {
    return softsign(x);
  }
}

/** `hardswish` as a layer. */
export class Hardswish extends Module {
  forward(x: Tensor): Tensor {
    return hardswish(x);
  }
}

/** `hardsigmoid` as a layer. */
export class Hardsigmoid extends Module {
  forward(x: Tensor): Tensor {
    return hardsigmoid(x);
  }
}

/** `sigmoid` as a layer. */
export class Sigmoid extends Module {
  forward(x: Tensor): Tensor {
    return sigmoid(x);
  }
}

/** `tanh` as a layer. */
export class Tanh extends Module {
  forward(x: Tensor): Tensor {
    return tanh(x);
  }
}

/** `leakyRelu` as a layer. */
export class LeakyReLU extends Module {
  readonly options: Readonly<LeakyReluOptions>;

  constructor(options: LeakyReluOptions = {}) {
    super();
    this.options = options;
  }

  forward(x: Tensor): Tensor {
    return leakyRelu(x, this.options);
  }
}

/** `elu` as a layer. */
export class ELU extends Module {
  readonly options: Readonly<EluOptions>;

  constructor(options: EluOptions = {}) {
    super();
    this.options = options;
  }

  forward(x: Tensor): Tensor {
    return elu(x, this.options);
  }
}

/** `gelu` as a layer. */
export class GELU extends Module {
  readonly options: Readonly<GeluOptions>;

  constructor(options: GeluOptions = {}) {
    super();
    this.options = options;
  }

  forward(x: Tensor): Tensor {
    return gelu(x, this.options);
  }
}

/** `softplus` as a layer. */
export class Softplus extends Module {
  readonly options: Readonly<SoftplusOptions>;

  constructor(options: SoftplusOptions = {}) {
    super();
    this.options = options;
  }

  forward(x: Tensor): Tensor {
    return softplus(x, this.options);
  }
}

/** `hardtanh` as a layer. */
export class Hardtanh extends Module {
  readonly options: Readonly<HardtanhOptions>;

  constructor(options: HardtanhOptions = {}) {
    super();
    this.options = options;
  }

  forward(x: Tensor): Tensor {
    return hardtanh(x, this.options);
  }
}

/** `softmax` as a layer. */
export class Softmax extends Module {
  readonly dim: number;

  constructor(dim: number) {
    super();
    this.dim = dim;
  }

  forward(x: Tensor): Tensor {
    return softmax(x, this.dim);
  }
}

/** `logSoftmax` as a layer. */
export class LogSoftmax extends Module {
  readonly dim: number;

  constructor(dim: number) {
    super();
    this.dim = dim;
  }

  forward(x: Tensor): Tensor {
    return logSoftmax(x, this.dim);
  }
}
