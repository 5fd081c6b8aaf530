/** `rtfm topics` on the embedded broker and on Kafka. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Queue, Terminal } from "effect"
import { all } from "../../src/domain/Topics.ts"
import * as KafkaServer from "../fixtures/KafkaServer.ts"
import { embedded, lines, onKafka, refusal, run, runAt, type Settings } from "./inProcess.ts"

const bootstrap = KafkaServer.forFile(KafkaServer.bootstrap)

const topics = (settings: Settings, ...args: ReadonlyArray<string>) => run(settings, "topics", ...args)
const refused = (settings: Settings, ...args: ReadonlyArray<string>) => refusal(settings, "topics", ...args)

/** Somebody at a terminal who presses these keys. */
const typing = (...names: ReadonlyArray<string>) => {
  const shown: Array<string> = []
  const terminal = Terminal.make({
    columns: Effect.succeed(80),
    rows: Effect.succeed(24),
    size: Effect.flatMap(Queue.make<Terminal.Size>(), (sizes) =>
      Effect.as(Queue.offer(sizes, { columns: 80, rows: 24 }), sizes)
    ),
    readInput: Effect.gen(function* () {
      const keys = yield* Queue.make<Terminal.UserInput>()
      const plain = { ctrl: false, meta: false, shift: false }
      for (const name of names) yield* Queue.offer(keys, { input: Option.some(name), key: { name, ...plain } })
      return keys
    }),
    readLine: Effect.succeed(""),
    display: (text) => Effect.sync(() => void shown.push(text))
  })
  return { terminal, shown: () => shown.join("") }
}

/** Standard input is a terminal, until the scope closes. */
const atTerminal = Effect.acquireRelease(
  Effect.sync(() => {
    const before = Object.getOwnPropertyDescriptor(process.stdin, "isTTY")
    Object.defineProperty(process.stdin, "isTTY", { value: true, configurable: true })
    return before
  }),
  (before) =>
    Effect.sync(() => {
      if (before === undefined) Reflect.deleteProperty(process.stdin, "isTTY")
      else Object.defineProperty(process.stdin, "isTTY", before)
    })
)

for (const [name, installation] of [
  ["the embedded broker", embedded],
  ["Kafka", Effect.suspend(() => onKafka(bootstrap()))]
] as const) {
  describe(`rtfm topics on ${name}`, () => {
    it.live("shows what is missing, makes it, and then finds all as wanted", () =>
      Effect.gen(function* () {
        const settings = yield* installation
        assert.include(yield* topics(settings, "list"), "There are no topics")
        const before = lines(yield* topics(settings, "plan"))
        assert.lengthOf(before, all.length)
        for (const line of before) assert.match(line, /^\+ \S+: missing, --apply creates it, with 3 partitions, kept /)
        assert.include(yield* topics(settings, "list"), "There are no topics")
        for (const line of lines(yield* topics(settings, "plan", "--apply"))) assert.match(line, /^\+ \S+: created, /)
        for (const line of lines(yield* topics(settings, "plan"))) assert.match(line, /^= /)
        for (const line of lines(yield* topics(settings, "create"))) assert.match(line, /: is there already$/)
        assert.lengthOf(lines(yield* topics(settings, "list")), all.length + 1)
      })
    )

    it.live("changes what loses nothing, and what loses records only when somebody insists", () =>
      Effect.gen(function* () {
        const settings = yield* installation
        yield* topics(settings, "create", "bot-queries", "--partitions", "1", "--retention", "12h")
        yield* topics(settings, "create", "bot-responses", "--partitions", "6", "--retention", "forever")
        const entries = (text: string) => lines(text).filter((line) => line.startsWith("~"))
        const queries = ["partitions: 3 wanted, 1 there", "retention: 1d wanted, 12h there"]
        const [six, forever] = ["partitions: 3 wanted, 6 there", "retention: 1d wanted, for ever there"]
        const insist = "left as it is unless --shorten: older records would be deleted"
        const responses = [`~ bot-responses: ${six}; left as it is`, `~ bot-responses: ${forever}; ${insist}`]
        assert.deepStrictEqual(entries(yield* topics(settings, "plan")), [
          ...queries.map((difference) => `~ bot-queries: ${difference}; --apply changes it`),
          ...responses
        ])
        assert.deepStrictEqual(entries(yield* topics(settings, "plan", "--apply")), [
          ...queries.map((difference) => `~ bot-queries: ${difference}; changed`),
          ...responses
        ])
        assert.deepStrictEqual(entries(yield* topics(settings, "plan")), responses)
        yield* topics(settings, "plan", "--apply", "--shorten")
        assert.deepStrictEqual(entries(yield* topics(settings, "plan")), [`~ bot-responses: ${six}; left as it is`])
      })
    )

    it.live("tests each topic with records of each kind, and leaves nothing behind", () =>
      Effect.gen(function* () {
        const settings = yield* installation
        yield* topics(settings, "create", "bot-queries")
        const checked = lines(yield* topics(settings, "test"))
        const tested = all.filter((topic) => !topic.name.endsWith(".dlq"))
        assert.lengthOf(checked, tested.length)
        for (const line of checked) assert.match(line, /^✓ \S+ +text, json, large, exactly once in [\d.]+ s/)
        assert.lengthOf(
          checked.filter((line) => line.includes("is missing")),
          tested.length - 1
        )
        assert.match(yield* topics(settings, "list"), /^TOPIC.*\nbot-queries [^\n]*$/)
      })
    )

    it.live("deletes what it is told to, when that is meant", () =>
      Effect.gen(function* () {
        const settings = yield* installation
        assert.strictEqual(yield* topics(settings, "create", "a", "b"), "a: created\nb: created")
        assert.include(yield* refused(settings, "delete", "a"), "Nothing is deleted without --yes")
        assert.include(yield* refused(settings, "delete", "a", "nowhere", "--yes"), "There is no topic nowhere")
        assert.match(yield* topics(settings, "describe", "a"), /^a: kept 7 d/)
        assert.strictEqual(yield* topics(settings, "delete", "a", "--yes"), "a: deleted")
        assert.include(yield* refused(settings, "describe", "a"), "There is no topic a; there are b.")
      })
    )

    it.live("asks somebody at a terminal before it deletes", () =>
      Effect.gen(function* () {
        const settings = yield* installation
        yield* topics(settings, "create", "a", "b")
        yield* run(settings, "produce", "one", "two", "--topic", "a")
        yield* atTerminal
        const no = typing("n")
        const refusal = Effect.flip(runAt(no.terminal, settings, "topics", "delete", "a", "b"))
        assert.strictEqual(((yield* refusal) as Error).message, "Nothing was deleted.")
        // At Kafka the end of a transaction takes an offset, too.
        assert.match(no.shown(), /Delete a \([1-9] records\), b \(0 records\) for good\?/)
        assert.match(yield* topics(settings, "describe", "a"), /^a: kept/)
        const { out } = yield* runAt(typing("y").terminal, settings, "topics", "delete", "a", "b")
        assert.strictEqual(out, "a: deleted\nb: deleted")
        assert.include(yield* refused(settings, "describe", "a"), "There is no topic a")
      })
    )
  })
}

describe("rtfm topics on Kafka", () => {
  it.live("creates topics as asked, and describes them with their leaders", () =>
    Effect.gen(function* () {
      const settings = yield* onKafka(bootstrap())
      const wishes = ["--partitions", "2", "--retention", "30d", "--compression", "gzip", "--cleanup", "compact,delete"]
      yield* topics(settings, "create", "sensors", ...wishes)
      const text = yield* topics(settings, "describe", "sensors")
      assert.match(text, /^sensors: kept 30 d, cleanup compact,delete, compression gzip, 1 copy\n/)
      assert.match(text, /\n +1 +0 +0 +0 {2}\S+:\d+\n/)
      const copies = { ...settings, KAFKA_REPLICATION_FACTOR: "3" }
      assert.include(yield* refused(copies, "create", "other"), "INVALID_REPLICATION_FACTOR")
      yield* topics(settings, "plan", "--apply")
      const differences = lines(yield* topics(copies, "plan"))
      assert.strictEqual(differences[0], "~ discord-messages: replicas: 3 wanted, 1 there; left as it is")
    })
  )
})
