/** `rtfm topics test`: whether the broker does with records of each topic what it has to; one line each. */
import { Arbitrary, Clock, Console, Effect, type Schema, Stream } from "effect"
import { Command } from "effect/cli"
import { FetchHttpClient } from "effect/http"
import { randomBytes } from "node:crypto"
import * as Registry from "../broker/avro/Registry.ts"
import { Broker, type BrokerError, type OutgoingRecord } from "../broker/Broker.ts"
import * as Prepare from "../broker/Prepare.ts"
import * as Topics from "../domain/Topics.ts"
import { CommandError } from "./CommandError.ts"
import { count, json, printJson } from "./Output.ts"
import * as System from "./System.ts"

interface Kind {
  readonly kind: string
  readonly value: Uint8Array
  /** What is read, when that is not what was written. */
  readonly reads?: string
}

interface Finding {
  readonly topic: string
  readonly ok: boolean
  readonly kinds: ReadonlyArray<string>
  readonly detail: string
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Without halves of characters, which UTF-8 cannot say. */
const wellFormed = (json: string): string =>
  JSON.stringify(JSON.parse(json), (_, value) => (typeof value === "string" ? value.toWellFormed() : value))

/** A value of the topic, as JSON. */
const sampleOf = (topic: Topics.TopicSpec) => {
  if (!("schema" in topic)) return Effect.succeed(JSON.stringify({ text: "A check of rtfm" }))
  const { encode, schema } = topic as Topics.Topic<unknown>
  return Arbitrary.sampleEffect(Arbitrary.schema(schema as Schema.Codec<unknown>), { count: 1, seed: 7 }).pipe(
    Effect.map(([value]) => wellFormed(new TextDecoder().decode(encode(value))))
  )
}

/** What a registry would have of a topic; nothing without one. */
const avroOf = Effect.fnUntraced(function* (topic: Topics.TopicSpec, sample: string) {
  const address = yield* Registry.address
  if (address === undefined || !("schema" in topic)) return []
  // Loads the library only here.
  const Avro = yield* Effect.promise(() => import("../broker/Avro.ts"))
  const [codec] = Avro.codecs(yield* Avro.optionsOf(address, [topic]))
  const registry = yield* Registry.make(address)
  return [{ kind: "avro", value: yield* Avro.encoded(registry, codec!, JSON.parse(sample)), reads: sample }]
})

const kindsOf = Effect.fnUntraced(function* (topic: Topics.TopicSpec) {
  const sample = yield* sampleOf(topic)
  const kinds: ReadonlyArray<Kind> = [
    { kind: "text", value: bytesOf("Käse ☕") },
    { kind: "json", value: bytesOf(sample) },
    { kind: "large", value: bytesOf("again and ".repeat(20_000)) },
    ...(yield* avroOf(topic, sample))
  ]
  return kinds
})

const headers = { check: "rtfm ✓" }
const fail = (detail: string) => Effect.fail(new CommandError({ detail }))

/** Whether what is read of a record is what was written. */
const same = ({ kind, reads, value }: Kind, read: Uint8Array | undefined): boolean => {
  if (read === undefined) return false
  const text = new TextDecoder().decode(read)
  return kind === "avro" ? sameJson(text, reads!) : text === (reads ?? new TextDecoder().decode(value))
}
const sameJson = (a: string, b: string): boolean => {
  const sorted = (text: string) =>
    JSON.stringify(JSON.parse(text), (_, value) =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).toSorted(([x], [y]) => (x < y ? -1 : 1)))
        : value
    )
  try {
    return sorted(a) === sorted(b)
  } catch {
    return false
  }
}

/** Written, read back, and read as a group that answers in one transaction. */
const wayThrough = Effect.fnUntraced(function* (name: string, kinds: ReadonlyArray<Kind>) {
  const broker = yield* Broker
  const records = kinds.map(({ value }): OutgoingRecord => ({ topic: name, key: "key", value, headers, format: "raw" }))
  yield* broker.publish(records)
  const read = Stream.runCollect(broker.read({ topic: name, from: "earliest" }))
  const found = yield* read
  const wrong = kinds.find((kind, i) => !same(kind, found[i]?.value))
  if (wrong !== undefined) return yield* fail(`${wrong.kind} came back changed`)
  if (found.some(({ headers: { check }, key }) => key !== "key" || check !== headers.check))
    return yield* fail("a key or a header came back changed")
  const { commit, take } = yield* broker.subscribe({ topics: [name], group: name })
  const taken = yield* Stream.fromEffectRepeat(take).pipe(
    Stream.flattenIterable,
    Stream.take(kinds.length),
    Stream.runCollect
  )
  yield* commit({ outputs: [{ topic: name, key: "key", value: bytesOf("done"), format: "raw" }], done: taken })
  if ((yield* read).length !== kinds.length + 1) return yield* fail("a transaction is not whole")
}, Effect.scoped)

/** In a topic beside it, made like it and gone afterwards: nobody hears of the check. */
const check = Effect.fnUntraced(function* (spec: Topics.TopicSpec) {
  const broker = yield* Broker
  const started = yield* Clock.currentTimeMillis
  const name = `${spec.name}.check-${randomBytes(4).toString("hex")}`
  const kinds = yield* kindsOf(spec)
  const [beside] = yield* Prepare.wanted([{ ...spec, name, partitions: 1 }])
  const there = (yield* broker.describe([spec.name])).length > 0
  yield* broker.create([beside!])
  yield* wayThrough(name, kinds).pipe(Effect.ensuring(Effect.ignore(broker.remove(name))))
  const seconds = (((yield* Clock.currentTimeMillis) - started) / 1000).toFixed(1)
  const names = [...kinds.map(({ kind }) => kind), "exactly once"]
  const missing = there ? "" : "; the topic itself is missing: rtfm topics create makes it"
  return { topic: spec.name, ok: true, kinds: names, detail: `${names.join(", ")} in ${seconds} s${missing}` }
})

const checkOrSay = (spec: Topics.TopicSpec) =>
  check(spec).pipe(
    Effect.timeoutOrElse({ duration: "60 seconds", orElse: () => fail("no end within 60 s") }),
    Effect.catch((error) =>
      Effect.succeed({ topic: spec.name, ok: false, kinds: [], detail: (error as BrokerError).message })
    )
  )

const line = ({ detail, ok, topic }: Finding, width: number): string =>
  `${ok ? "✓" : "✗"} ${topic.padEnd(width)}  ${detail}`

/** `wanted`: every topic that a start makes sure of. */
export const test = <E, R>(wanted: Effect.Effect<ReadonlyArray<Topics.TopicSpec>, E, R>) =>
  Command.make("test", { json }, ({ json }) =>
    Effect.gen(function* () {
      const topics = (yield* wanted).filter(({ name }) => !name.endsWith(Topics.deadLetterName("")))
      const width = Math.max(...topics.map(({ name }) => name.length))
      // Fails at once, with the broker's own sentence, where nothing can be checked.
      yield* Broker.use((broker) => broker.describe([]))
      const findings = yield* Effect.forEach(
        topics,
        (topic) => Effect.tap(checkOrSay(topic), (found) => (json ? Effect.void : Console.log(line(found, width)))),
        { concurrency: 2 }
      )
      if (json) yield* printJson(findings)
      const wrong = findings.filter(({ ok }) => !ok).length
      if (wrong > 0)
        return yield* new CommandError({ detail: `${count(wrong, "topic")} of ${topics.length} failed.`, shown: json })
    }).pipe(Effect.provide(FetchHttpClient.layer), System.onBroker)
  ).pipe(
    Command.withDescription(
      "Write records of each kind like those of each topic, read them back, and commit; in topics made for it"
    )
  )
