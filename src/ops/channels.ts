// A vector per channel, added to every position, and its adjoint. Channels are axis 1 of maps and the last axis of matrices;
// in storage they are innermost either way.

import { kernels } from "../runtime/kernels.ts";
import type { Shape } from "../shape.ts";
import { empty, type Layout, type Tensor } from "../tensor.ts";
import { record, withLayout } from "../tape.ts";

/** y[c] = sum of x over all positions: [N, C, ...] or [N, C] to [C]. The adjoint of adding a bias. */
export function channelSum(x: Tensor): Tensor {
  if (x.shape.length > 2) x = withLayout(x, "channelsLast");
  const c = x.shape[1]!;
  const y = empty([c]);
  kernels().sumRows(x.size / Math.max(c, 1), c, x.ptr, y.ptr);
  return record(y, [x, (dy) => channelBroadcast(dy, x.shape, x.layout)]);
}

/** y[n, c, ...] = x[c]: the adjoint of `channelSum`. */
export function channelBroadcast(x: Tensor, shape: Shape, layout: Layout): Tensor {
  const y = empty(shape, layout);
  kernels().repeatRow(y.size / Math.max(x.size, 1), x.size, x.ptr, y.ptr);
  return record(y, [x, channelSum]);
}
