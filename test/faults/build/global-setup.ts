import { buildFaultProduct } from './build.mjs';

/** Once for the whole run: spec files that run side by side must not build into the same folder. */
export default function setup(): Promise<void> {
  return buildFaultProduct();
}
