/** First values of folds: each fold gets one of its own, which it may change. */
import { decodeBlock } from "./codec/codec.ts";

/** Another copy of the one record of a block, sharing nothing with those before. */
export function freshCopy(block: Uint8Array): unknown {
  return decodeBlock(block)[0];
}
