/** Files of messages on their way into the store: looked at, counted and hashed as they pass, and remembered. */
import { Effect, Metric, Pull, Schema, Stream } from "effect"
import { createHash } from "node:crypto"
import { joined } from "./Bytes.ts"
import { fileTypes, mostMegabytes } from "./FileSettings.ts"
import { FileStore } from "./FileStore.ts"
import { headSize, typeOf } from "./FileType.ts"
import { Kept, type KeptFile } from "./Kept.ts"

/** A file as the platform tells of it. */
export interface Arriving {
  readonly serverId: string
  readonly channelId: string
  readonly threadId: string | null
  readonly messageId: string
  readonly authorId: string
  readonly fileId: string
  readonly name: string
  /** Bytes, as the platform counts them. */
  readonly size: number
}

/** Less or more came than the platform said there is. */
export class TornError extends Schema.TaggedError<TornError>()("TornError", { detail: Schema.String }) {
  override get message() {
    return this.detail
  }
}

export type Outcome =
  | { readonly type: "kept"; readonly file: KeptFile }
  /** It is none that is kept; why, as the end of "it is not kept: …". */
  | { readonly type: "left"; readonly why: string }

const filesTotal = Metric.counter("rtfm_files_total", {
  description: "Files of messages, by what became of them",
  incremental: true
})
const bytesTotal = Metric.counter("rtfm_files_bytes_total", {
  description: "Bytes of files that were put into the store",
  incremental: true
})

const longestName = 120

/** A name that no path, shell or store takes for anything else; its ending stays. */
export const safeName = (name: string): string => {
  const plain = name
    .normalize("NFC")
    .replaceAll(/[^\p{L}\p{N}._-]+/gu, "_")
    .replace(/^[._-]+/, "")
  const cut = plain.length <= longestName ? plain : `${plain.slice(0, longestName - 20)}${plain.slice(-20)}`
  return cut.toWellFormed() || "file"
}

/** Where a file is in the store; of files with one name on one message, the later have their ids before it. */
export const keyOf = (file: Arriving, others: ReadonlyArray<Pick<Arriving, "fileId" | "name">>): string => {
  const name = safeName(file.name)
  const first = others.find((other) => safeName(other.name) === name)
  const own = first === undefined || first.fileId === file.fileId ? name : `${file.fileId}-${name}`
  return [file.serverId, file.channelId, file.messageId, own].join("/")
}

/** The first bytes of some content, and all of it; good within the scope. */
const peek = Effect.fnUntraced(function* <E>(content: Stream.Stream<Uint8Array, E>) {
  const pull = yield* Stream.toPull(content)
  const next = pull.pipe(Pull.catchDone(() => Effect.undefined))
  const pieces: Array<Uint8Array> = []
  let size = 0
  while (size < headSize) {
    const more = yield* next
    if (more === undefined) break
    pieces.push(...more)
    size = pieces.reduce((sum, piece) => sum + piece.length, 0)
  }
  const head = Stream.fromIterable(pieces)
  const all: Stream.Stream<Uint8Array, E> =
    size < headSize ? head : Stream.concat(head, Stream.fromPull(Effect.succeed(pull)))
  return { head: joined(pieces).subarray(0, headSize), all }
})

/** The same content, which fails unless it is as long as it should be. */
const measured = <E>(content: Stream.Stream<Uint8Array, E>, size: number, seen: (piece: Uint8Array) => void) =>
  Stream.suspend(() => {
    let passed = 0
    const torn = () => new TornError({ detail: `A file has ${size} bytes, and ${passed} of them came` })
    return content.pipe(
      Stream.mapEffect((piece): Effect.Effect<Uint8Array, TornError> => {
        passed += piece.length
        seen(piece)
        return passed > size ? Effect.fail(torn()) : Effect.succeed(piece)
      }),
      Stream.concat(Stream.suspend(() => (passed === size ? Stream.empty : Stream.fail(torn()))))
    )
  })

export const make = Effect.gen(function* () {
  const store = yield* FileStore
  const kept = yield* Kept
  const megabytes = yield* mostMegabytes.config
  const types = yield* fileTypes.config

  const left = (why: string) =>
    Effect.as(Metric.update(Metric.withAttributes(filesTotal, { outcome: "left" }), 1), {
      type: "left",
      why
    } satisfies Outcome)

  /** Streams it to the store; nothing is there under its key until all of it is. */
  const take = Effect.fnUntraced(function* <E>(
    file: Arriving,
    key: string,
    type: string,
    content: Stream.Stream<Uint8Array, E>
  ) {
    const { authorId, channelId, fileId, messageId, name, serverId, size, threadId } = file
    const place = { messageId, fileId, serverId, channelId, threadId, authorId }
    const row: KeptFile = { ...place, name, key, url: store.urlOf(key), type, size, sha256: null }
    // Known before it is there, so that a deletion finds it whatever happens on the way.
    yield* kept.put(row)
    const hash = createHash("sha256")
    yield* store.put(
      key,
      type,
      measured(content, size, (piece) => hash.update(piece))
    )
    const whole = { ...row, sha256: hash.digest("hex") }
    yield* kept.put(whole)
    yield* Metric.update(Metric.withAttributes(filesTotal, { outcome: "kept" }), 1)
    yield* Metric.update(bytesTotal, size)
    return { type: "kept", file: whole } satisfies Outcome
  })

  return {
    /** Whether it may be kept, before anything of it is fetched; otherwise why not. */
    tooLarge: ({ size }: Pick<Arriving, "size">): string | undefined =>
      size > megabytes * 1_000_000 ? `it is larger than ${megabytes} MB (FILE_MAX_MB)` : undefined,
    /** Puts it under the key; what is in the store already under its id is not put there again. */
    keep: Effect.fn("Archive.keep")(function* <E>(file: Arriving, key: string, content: Stream.Stream<Uint8Array, E>) {
      const { all, head } = yield* peek(content)
      const type = yield* typeOf(head)
      if (!types.some((wanted) => type.startsWith(wanted)))
        return yield* left(`it is ${type}, which is none of FILE_TYPES`)
      return yield* take(file, key, type, all)
    }, Effect.scoped),
    left
  }
})

export type Archive = Effect.Success<typeof make>
