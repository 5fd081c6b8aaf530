/** Files in a real S3 server keep the contract; and what is said when it is away, or takes no key. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted, Stream } from "effect"
import type { Address } from "../../src/files/FileSettings.ts"
import { FileStore } from "../../src/files/FileStore.ts"
import * as S3 from "../../src/files/S3.ts"
import { suite } from "../contract/FileStore.ts"
import { forFile } from "../fixtures/KafkaServer.ts"
import * as S3Server from "../fixtures/S3Server.ts"

const server = forFile(S3Server.make)

suite(
  "versitygw",
  Layer.effect(
    FileStore,
    Effect.suspend(() => S3.make(server().address))
  )
)

const errorAt = (address: Address) =>
  Effect.gen(function* () {
    const store = yield* S3.make(address)
    const hello = Stream.succeed(new TextEncoder().encode("hello"))
    const putting = yield* Effect.flip(store.put("a", "text/plain", hello))
    return { putting, checking: yield* Effect.flip(store.check) }
  }).pipe(Effect.scoped)

describe("S3", () => {
  it.live("says in a sentence that the keys are not accepted, and never which", () =>
    Effect.gen(function* () {
      for (const wrong of [{ accessKey: "nobody" }, { secretKey: Redacted.make("an old secret") }]) {
        const { checking, putting } = yield* errorAt({ ...server().address, ...wrong })
        for (const error of [checking, putting]) {
          assert.strictEqual(error.reason, "denied")
          assert.match(
            error.detail,
            /^The S3 store at 127\.0\.0\.1:\d+ does not accept MINIO_ACCESS_KEY and MINIO_SECRET_KEY/
          )
          assert.notInclude(error.detail, "nobody")
          assert.notInclude(error.detail, "old secret")
        }
      }
    })
  )

  it.live("says that it does not answer, and goes on when it does", () =>
    Effect.gen(function* () {
      const own = yield* S3Server.make
      const store = yield* S3.make(own.address)
      yield* own.kill
      const error = yield* Effect.flip(store.check)
      assert.strictEqual(error.reason, "unreachable")
      assert.isTrue(error.retryable)
      yield* own.start
      yield* store.put("a", "text/plain", Stream.succeed(new TextEncoder().encode("hello")))
      assert.deepStrictEqual(yield* store.list(""), ["a"])
    }).pipe(Effect.scoped)
  )

  it.live("makes the bucket with the first file", () =>
    Effect.gen(function* () {
      const store = yield* S3.make({ ...server().address, bucket: "made-by-us" })
      assert.include(yield* store.check, "is made with the first file")
      yield* store.put("a", "text/plain", Stream.empty)
      assert.include(yield* store.check, "can be read")
      assert.strictEqual(store.urlOf("a/b c"), `${server().url}/made-by-us/a/b%20c`)
    }).pipe(Effect.scoped)
  )
})
