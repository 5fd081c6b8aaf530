/** `rtfm consume` as a member of a group, and with a program for each record. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import * as KafkaServer from "../fixtures/KafkaServer.ts"
import { embedded, lines, onKafka, refusal, run, runBoth, type Settings } from "./inProcess.ts"

const bootstrap = KafkaServer.forFile(KafkaServer.bootstrap)

const produce = (settings: Settings, ...messages: ReadonlyArray<string>) =>
  run(settings, "produce", ...messages, "--topic", "things", "--key", "k")
const consume = (settings: Settings, ...args: ReadonlyArray<string>) =>
  run(settings, "consume", "--topic", "things", ...args)
const values = (settings: Settings, ...args: ReadonlyArray<string>) =>
  Effect.map(consume(settings, "--text", ...args), lines)

for (const [name, installation] of [
  ["the embedded broker", embedded],
  ["Kafka", Effect.suspend(() => onKafka(bootstrap()))]
] as const) {
  describe(`rtfm consume on ${name}`, () => {
    it.live("shows each record once to a group, as many as wanted", () =>
      Effect.gen(function* () {
        const settings = yield* installation
        yield* run(settings, "topics", "create", "things")
        yield* produce(settings, "one", "two", "three")
        assert.deepStrictEqual(yield* values(settings, "--group", "g", "--count", "2"), ["one", "two"])
        assert.deepStrictEqual(yield* values(settings, "--group", "g"), ["three"])
        assert.deepStrictEqual(yield* values(settings, "--group", "g"), [])
        assert.deepStrictEqual(yield* values(settings, "--group", "other", "--filter", "t"), ["two", "three"])
        const shown = lines(yield* consume(settings, "--json")).map((line) => JSON.parse(line))
        assert.deepStrictEqual(
          shown.map(({ key, lag, offset }) => [key, lag, offset]),
          [
            ["k", 2, 0],
            ["k", 1, 1],
            ["k", 0, 2]
          ]
        )
      })
    )

    it.live("lets a program's exit code decide what becomes of a record", () =>
      Effect.gen(function* () {
        const settings = yield* installation
        yield* run(settings, "topics", "create", "things")
        yield* produce(settings, "fine", "wrong", "later")
        const seen = join(settings.DATA_DIR, "seen")
        const script = [
          "read -r text",
          'case "$text" in',
          "wrong) echo no such thing >&2; exit 65;;",
          `later) if [ ! -e ${seen} ]; then touch ${seen}; exit 1; fi;;`,
          "esac",
          'echo "$text $RTFM_KEY $RTFM_TOPIC/$RTFM_OFFSET"'
        ].join("\n")
        assert.deepStrictEqual(lines(yield* consume(settings, "--group", "g", "--exec", script)), [
          "fine k things/0",
          "later k things/2"
        ])
        assert.isTrue(existsSync(seen))
        assert.deepStrictEqual(yield* values(settings, "--group", "g"), [])
        const [letter, ...more] = JSON.parse(yield* run(settings, "dlq", "list", "--topic", "things", "--json"))
        assert.deepStrictEqual(more, [])
        assert.deepInclude(letter, { value: "wrong", reason: "rejected", actor: "g", attempts: 1, key: "k" })
        assert.match(letter.error, /ended with 65: no such thing$/)
      })
    )
  })
}

describe("rtfm consume", () => {
  it.live("gives a program the value as it is, whether it reads it or not", () =>
    Effect.gen(function* () {
      const settings = yield* embedded
      yield* run(settings, "topics", "create", "things")
      const large = "x".repeat(900_000)
      yield* produce(settings, large)
      assert.deepStrictEqual(yield* values(settings, "--group", "deaf", "--exec", "true"), [])
      const file = join(settings.DATA_DIR, "copy")
      yield* consume(settings, "--group", "copy", "--exec", `cat > ${file}`)
      assert.strictEqual(readFileSync(file, "utf8"), large)
      assert.deepStrictEqual(yield* values(settings, "--group", "deaf"), [])
    })
  )

  it.live("says which flags go together", () =>
    Effect.gen(function* () {
      const settings = yield* embedded
      assert.include(yield* refusal(settings, "consume", "--exec", "true"), "--exec needs --group")
      assert.include(
        yield* refusal(settings, "consume", "--group", "g", "--from", "latest"),
        "expected --group or --from"
      )
      assert.include(yield* refusal(settings, "consume", "--json", "--text"), "--json or --text")
      assert.include(yield* refusal(settings, "consume", "--topic", "nowhere"), "There is no topic nowhere")
    })
  )
})

describe("rtfm produce on Kafka", () => {
  it.live("waits for as many acknowledgements as asked for", () =>
    Effect.gen(function* () {
      const settings = yield* onKafka(bootstrap())
      yield* run(settings, "topics", "create", "things", "--partitions", "1")
      const sent = (...args: ReadonlyArray<string>) => run(settings, "produce", "x", "--topic", "things", ...args)
      assert.strictEqual(yield* sent("--acks", "1"), "things 0 0")
      assert.strictEqual(yield* sent("--acks", "0"), "things 0 ?")
      assert.strictEqual(yield* sent("--acks", "all", "--retries", "5"), "things 0 2")
      const { err, out } = yield* runBoth(
        settings,
        "produce",
        "x",
        "--topic",
        "things",
        "--count",
        "700",
        "--rate",
        "5000"
      )
      assert.lengthOf(lines(out), 700)
      assert.match(err, /^700 records to things in [\d.]+ s, [\d,]+ a second$/)
    })
  )
})
