/** What a file is, by its first bytes and never by its name. */
import { Effect } from "effect"

/** Bytes of a file that tell what it is. */
export const headSize = 4_100

/** The end of the head may stand in the middle of a character. */
const isText = (head: Uint8Array): boolean => {
  if (head.includes(0)) return false
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(head, { stream: true })
    return true
  } catch {
    return false
  }
}

/** A media type: `text/plain` for any text without a mark of its own, `application/octet-stream` for what nobody knows. */
export const typeOf = (head: Uint8Array): Effect.Effect<string> =>
  Effect.gen(function* () {
    const { fileTypeFromBuffer } = yield* Effect.promise(() => import("file-type"))
    const known = yield* Effect.orElseSucceed(
      Effect.tryPromise(() => fileTypeFromBuffer(head)),
      () => undefined
    )
    return known?.mime ?? (isText(head) ? "text/plain" : "application/octet-stream")
  })
