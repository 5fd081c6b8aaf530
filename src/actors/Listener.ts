/** chat → discord-messages, bot-queries, COMMANDS_TOPIC. What was heard is confirmed once it is in the log; a message that asks the bot is a question, too. */
import { Deferred, Effect, Metric, Stream } from "effect"
import { Broker, type OutgoingRecord } from "../broker/Broker.ts"
import { record } from "../broker/Records.ts"
import { type Batch, Chat, type Echo, type Heard } from "../chat/Chat.ts"
import { standalone } from "../domain/FollowUp.ts"
import * as Topics from "../domain/Topics.ts"
import { Embedder } from "../model/Embedder.ts"
import { Rush } from "../runtime/Rush.ts"
import * as Commander from "./Commander.ts"
import * as Supervise from "./Supervise.ts"

const heardTotal = Metric.counter("rtfm_listener_events_total", {
  description: "Events heard in the chat and written to the log",
  incremental: true
})

/** Heard at once, so many are a rush. */
const many = 200

const json = new TextEncoder()
const echoRecord = (topic: string, echo: Echo): OutgoingRecord => ({
  topic,
  key: echo.channelId,
  value: json.encode(JSON.stringify({ type: "echo", ...echo }))
})

const recordsOf = (commandsTopic: string, { echo, event, query }: Heard): ReadonlyArray<OutgoingRecord> => [
  ...(event === undefined ? [] : [record(Topics.messages, event)]),
  ...(query === undefined ? [] : [record(Topics.queries, query)]),
  ...(echo === undefined ? [] : [echoRecord(commandsTopic, echo)])
]

export const actor = Effect.gen(function* () {
  const chat = yield* Chat
  const broker = yield* Broker
  const embedder = yield* Embedder
  const { commands } = yield* Commander.topics
  const rush = yield* Rush
  const vitals = Supervise.vitals()
  const stop = yield* Deferred.make<void>()

  /**
   * The vectors of questions are made while their records go through the log: embedders keep those of the last hundreds,
   * and the Answerer finds them there. One that fails is asked for by the Answerer again.
   */
  const prepare = Effect.fnUntraced(function* (heard: ReadonlyArray<Heard>) {
    const questions = heard.flatMap(({ query }) => (query === undefined ? [] : [standalone(query.text, query.context)]))
    if (questions.length > 0) {
      yield* Effect.forkChild(Effect.ignore(embedder.embedQueries(questions)), { startImmediately: true })
    }
  })

  const write = Effect.fnUntraced(function* ({ confirm, heard }: Batch) {
    if (heard.length >= many) yield* rush.felt
    yield* prepare(heard)
    yield* broker.publish(heard.flatMap((each) => recordsOf(commands.name, each)))
    yield* confirm
    vitals.handled += heard.length
    vitals.failedStarts = 0
    yield* Metric.update(heardTotal, heard.length)
  })

  return {
    name: "listener",
    route: "chat → discord-messages, bot-queries",
    group: null,
    vitals,
    run: chat.heard.pipe(Stream.interruptWhen(Deferred.await(stop)), Stream.runForEach(write)),
    drain: Effect.asVoid(Deferred.succeed(stop, undefined))
  } satisfies Supervise.Actor
})
