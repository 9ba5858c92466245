// Small networks that between them have the parts of real ones, with weights as if they were trained.

import {
  add, AvgPool2d, BatchNorm1d, BatchNorm2d, bmm, cat, chunk, Conv1d, Conv2d, Conv3d, ConvTranspose2d, div, Dropout, Dropout2d, Flatten,
  flatten, GELU, GroupNorm, gt, Hardsigmoid, Hardswish, InstanceNorm2d, LayerNorm, LeakyReLU, Linear, LocalResponseNorm, manualSeed,
  MaxPool1d, MaxPool2d, MaxPool3d, mean, Module, mul, permute, PixelShuffle, PixelUnshuffle, PReLU, Random, ReflectionPad2d, ReLU, relu,
  ReLU6, reshape, Sequential, sigmoid, SiLU, Softmax, softmax, stack, std, sub, sum, Tensor, tensor, transpose, Upsample, where,
  ZeroPad2d,
} from "../../src/index.ts";

/** A residual network with a head for classes. */
class Classifier extends Module {
  stem = new Sequential(
    new Conv2d(3, 12, 3, { stride: 2, padding: 1, bias: false }), new BatchNorm2d(12), new ReLU6(),
    new MaxPool2d(3, { stride: 2, padding: 1 }),
  );
  expand = new Sequential(new Conv2d(12, 24, 1), new BatchNorm2d(24), new Hardswish());
  depthwise = new Sequential(new Conv2d(24, 24, 3, { padding: 1, groups: 24, bias: false }), new BatchNorm2d(24), new SiLU());
  project = new Sequential(new Conv2d(24, 12, 1, { bias: false }), new BatchNorm2d(12));
  wider = new Sequential(new Conv2d(12, 16, 3, { padding: 1 }), new LeakyReLU(), new ZeroPad2d([0, 1, 0, 1]), new MaxPool2d(2));
  shortcut = new Sequential(new Conv2d(12, 16, 1, { stride: 2 }), new BatchNorm2d(16));
  head = new Sequential(new Dropout(0.5), new Linear(16, 10), new Softmax(1));
  forward(x: Tensor): Tensor {
    const y = this.stem.forward(x);
    const z = add(y, this.project.forward(this.depthwise.forward(this.expand.forward(y))));
    const last = relu(add(this.wider.forward(z), this.shortcut.forward(z)));
    return this.head.forward(mean(last, [2, 3]));
  }
}

/** Down and up again, with normalisations, borders and samplings of many kinds. */
class EncoderDecoder extends Module {
  down = new Sequential(
    new ReflectionPad2d(2), new Conv2d(2, 8, 5, { stride: 2 }), new InstanceNorm2d(8, { affine: true }), new PReLU({ numParameters: 8 }),
    new Conv2d(8, 16, 3, { padding: 2, dilation: 2, paddingMode: "replicate" }), new GroupNorm(4, 16), new GELU(),
  );
  pools = new Sequential(new AvgPool2d(3, { stride: 2, padding: 1, ceilMode: true }), new LocalResponseNorm(3), new Dropout2d(0.3));
  up = new Sequential(new ConvTranspose2d(16, 8, 4, { stride: 2, padding: 1, groups: 2 }), new BatchNorm2d(8), new ReLU());
  resize = new Upsample({ size: [6, 7], mode: "bilinear" });
  last = new Sequential(
    new Conv2d(24, 8, 1), new PixelShuffle(2), new Conv2d(2, 1, 3, { padding: 1, paddingMode: "circular" }), new PixelUnshuffle(2),
  );
  forward(x: Tensor): Tensor {
    const a = this.down.forward(x);
    const b = this.resize.forward(this.up.forward(this.pools.forward(a)));
    return this.last.forward(cat([a, b], 1));
  }
}

/** Positions that look at each other, as in transformers. */
class Attention extends Module {
  embed = new Conv2d(3, 8, 4, { stride: 4 });
  before = new LayerNorm(8);
  queries = new Linear(8, 24);
  project = new Linear(8, 8);
  after = new LayerNorm(8);
  head = new Linear(8, 5);
  forward(x: Tensor): Tensor {
    const tokens = permute(flatten(this.embed.forward(x), 2), [0, 2, 1]);
    const [q, k, v] = chunk(this.queries.forward(this.before.forward(tokens)), 3, 2) as [Tensor, Tensor, Tensor];
    const weights = softmax(div(bmm(q, transpose(k, 1, 2)), Math.sqrt(8)), 2);
    const y = add(tokens, this.project.forward(bmm(weights, v)));
    return this.head.forward(mean(this.after.forward(y), 1));
  }
}

/** Channels that change places and gate each other, and statistics of them. */
class Gates extends Module {
  first = new Conv2d(4, 12, 3, { padding: 1 });
  squeeze = new Sequential(new Conv2d(6, 2, 1), new ReLU(), new Conv2d(2, 6, 1), new Hardsigmoid());
  scale = tensor([0.5, 2, 1, 1, 0.25, 4], [1, 6, 1, 1]);
  mask = tensor([1, 0, 1, 1, 0, 1], [6, 1, 1]);
  forward(x: Tensor): Tensor {
    const shuffled = this.first.forward(x), [n, c, h, w] = shuffled.shape as [number, number, number, number];
    const y = reshape(permute(reshape(shuffled, [n, 3, c / 3, h, w]), [0, 2, 1, 3, 4]), [n, c, h, w]);
    const [a, b] = chunk(y, 2, 1) as [Tensor, Tensor];
    const gated = mul(a, this.squeeze.forward(mean(a, [2, 3], { keepdim: true })));
    const centred = div(sub(b, mean(b, [2, 3], { keepdim: true })), add(std(b, [2, 3], { keepdim: true }), 1));
    const chosen = where(this.mask, mul(gated, this.scale), where(gt(centred, 0), centred, sigmoid(centred)));
    return sum(stack([chosen, centred], 1), [3, 4]);
  }
}

/** Sound: one axis. */
class Wave extends Module {
  body = new Sequential(
    new Conv1d(1, 8, 9, { stride: 4, padding: 4 }), new BatchNorm1d(8), new ReLU(), new MaxPool1d(4),
    new Conv1d(8, 8, 3, { dilation: 2 }), new Flatten(), new Linear(80, 4),
  );
  forward(x: Tensor): Tensor {
    return this.body.forward(x);
  }
}

/** Volumes: three axes. */
class Volume extends Module {
  body = new Sequential(
    new Conv3d(1, 4, 3, { padding: 1 }), new ReLU(), new MaxPool3d(2), new Conv3d(4, 6, [1, 3, 3]), new Flatten(), new Linear(36, 3),
  );
  forward(x: Tensor): Tensor {
    return this.body.forward(x);
  }
}

/** Networks and the shape of an input, without the batch. */
export const networks: Readonly<Record<string, readonly [make: () => Module, input: readonly number[]]>> = {
  classifier: [() => new Classifier(), [3, 37, 34]],
  encoderDecoder: [() => new EncoderDecoder(), [2, 12, 14]],
  attention: [() => new Attention(), [3, 12, 16]],
  gates: [() => new Gates(), [4, 7, 9]],
  wave: [() => new Wave(), [1, 224]],
  volume: [() => new Volume(), [1, 6, 8, 6]],
};

/** Makes a network with running statistics, factors and offsets that are not those of the start. */
export function trained(make: () => Module): Module {
  manualSeed(7);
  const model = make(), random = new Random(8);
  for (const [name, x] of model.stateDict()) {
    if (x.dtype !== "float32" || x.shape.length !== 1 || /\bnum_batches/.test(name)) continue;
    // Variances and factors stay positive, and so away from where a normalisation would hide or blow up everything.
    const positive = /(running_var|weight)$/.test(name);
    x.view().set(Float32Array.from({ length: x.size }, () => (positive ? 0.5 + random.uniform() : random.uniform() - 0.5)));
  }
  return model;
}

/** The longest sums of all layers: roundings of layers in a row add like those of one sum. */
export function termsOf(model: Module): number {
  return model.parameters().reduce((terms, { shape, size }) => terms + (shape.length > 1 ? size / shape[0]! : 0), 0);
}
