/**
 * What zstd files hold, decoded piece by piece.
 *
 *     piece ─► ZstdFrames (io/zstd_frames.ts) ─► parts of one frame ─► its decoder ─► unpacked pieces
 *
 * The stream that Node's zlib offers for this stops at the end of the first frame, takes a frame that
 * is cut off for a whole one, and throws where nobody can catch it once the second piece of a file is
 * damaged (seen in Deno 2.9.6). What is below that stream throws where it is called. It belongs to no
 * public interface: so its shape is checked before it is used.
 */
import { assert } from "../core/errors.ts";
import { ZstdFrames } from "../io/zstd_frames.ts";

/** The inside of a `ZstdDecompress` of Node's zlib. */
type Decoder = Readonly<{
  _handle: Readonly<{
    writeSync(
      flush: number,
      input: Uint8Array,
      inputAt: number,
      inputBytes: number,
      output: Uint8Array,
      outputAt: number,
      outputBytes: number,
    ): void;
  }>;
  /** After a call: how much room is left in the output, how much is left of the input. */
  _writeState: Uint32Array;
  close(): void;
}>;

const UNPACKED_PIECE_BYTES = 256 * 1024;
const NO_FLUSH = 0;

/**
 * The unpacked bytes of all frames. `create` makes a decoder of one frame. Rejects where the data is
 * damaged or ends too early.
 */
export async function* unzstd(
  pieces: AsyncIterable<Uint8Array>,
  create: () => unknown,
): AsyncIterable<Uint8Array> {
  const frames = new ZstdFrames();
  const output = new Uint8Array(UNPACKED_PIECE_BYTES);
  let decoder: Decoder | undefined;
  try {
    for await (const piece of pieces) {
      for (const { bytes, last } of frames.parts(piece)) {
        decoder ??= checked(create());
        yield* decoded(decoder, bytes, output);
        if (!last) continue;
        decoder.close();
        decoder = undefined;
      }
    }
    frames.finish();
  } finally {
    decoder?.close();
  }
}

function* decoded(decoder: Decoder, input: Uint8Array, output: Uint8Array): Generator<Uint8Array> {
  for (let at = 0;;) {
    decoder._handle.writeSync(NO_FLUSH, input, at, input.length - at, output, 0, output.length);
    const [room, left] = decoder._writeState as unknown as [number, number];
    at = input.length - left;
    if (room < output.length) yield output.subarray(0, output.length - room);
    // Where there is room left, everything has been given that could be made of the input.
    if (room === 0) continue;
    if (left > 0) throw new Error("a frame ends before its last block");
    return;
  }
}

function checked(decoder: unknown): Decoder {
  const { _handle, _writeState } = decoder as Partial<Decoder>;
  assert(
    typeof _handle?.writeSync === "function" && _writeState instanceof Uint32Array,
    "the decoder of zstd is not the one of Deno 2.9",
  );
  return decoder as Decoder;
}
