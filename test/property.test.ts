// Thousands of random calls: the result is right, or a typed error names what is wrong. Never a trap, never a NaN from nowhere,
// never a leak.

import { expect, test } from "vitest";
import { Random } from "../src/index.ts";
import { title } from "./check.ts";
import { arithmeticProperties } from "./properties/arithmetic.ts";
import { convolutionProperties } from "./properties/convolution.ts";
import { movementProperties } from "./properties/movement.ts";
import { normProperties } from "./properties/norms.ts";
import { poolingProperties } from "./properties/pooling.ts";
import { checkDraw, type Property } from "./properties/property.ts";
import { resamplingProperties } from "./properties/resampling.ts";

const properties: Property[] = [
  ...convolutionProperties, ...poolingProperties, ...resamplingProperties, ...normProperties, ...movementProperties,
  ...arithmeticProperties,
];

const SEED = 3;
const DRAWS = 250;

for (const property of properties) {
  test(`${property.spec.name}: ${DRAWS} random calls`, () => {
    const random = new Random(SEED);
    let valid = 0;
    for (let i = 0; i < DRAWS; i++) {
      const draw = property.draw(random);
      if (draw.valid) valid++;
      try {
        checkDraw(property, draw, i);
      } catch (error) {
        throw new Error(`call ${i}, ${title(draw)}: ${(error as Error).message}`);
      }
    }
    // Both kinds are tried, and often.
    expect(Math.min(valid, DRAWS - valid)).toBeGreaterThan(DRAWS / 10);
  });
}
