/** Indexes of vectors over HTTP. */
import { Clock, Duration, Effect, Result, Stream } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Broker, type BrokerError } from "../broker/Broker.ts"
import { Chat } from "../chat/Chat.ts"
import { defaultChannelId } from "../chat/LocalChat.ts"
import { type Audience, maySee } from "../domain/Audience.ts"
import { standalone } from "../domain/FollowUp.ts"
import * as Topics from "../domain/Topics.ts"
import { type Index, Indexes, type IndexesError, type Probe } from "../knowledge/Indexes.ts"
import { Passages, type PassagesError } from "../knowledge/Passages.ts"
import { type Past, replay, type Replayed } from "../knowledge/Replay.ts"
import { Retrievers } from "../knowledge/RetrieverLive.ts"
import { Api, type IndexInfo } from "./Api.ts"
import { type Forbidden, Invalid, type NotFound, ofBroker, ofChat, ofPassages, Unavailable } from "./Problem.ts"

/** Questions asked again at most, the newest. */
const mostReplayed = 500

type Info = typeof IndexInfo.Type
type Answer<A, E = never> = Effect.Effect<A, E | Invalid | Unavailable>

const noNext = new Invalid({ detail: "No index is being built: rtfm reindex begins one" })

const ofIndexes = ({ detail, reason }: IndexesError): Effect.Effect<never, Invalid | Unavailable> =>
  Effect.fail(reason === "refused" ? new Invalid({ detail }) : new Unavailable({ detail }))

export const layer = HttpApiBuilder.group(
  Api,
  "indexes",
  Effect.fnUntraced(function* (handlers) {
    const indexes = yield* Indexes
    const passages = yield* Passages
    const retrievers = yield* Retrievers
    const broker = yield* Broker
    const chat = yield* Chat

    const toInfo = Effect.fnUntraced(function* ({ name, paused, role, since, verdict }: Index) {
      const { passages: all } = yield* passages.counts
      const vectors = all - (yield* passages.countUnembedded(name))
      return { name, role, since, passages: all, vectors, paused, verdict }
    })
    const list: Effect.Effect<ReadonlyArray<Info>, PassagesError> = Effect.flatMap(indexes.all, (all) =>
      Effect.forEach(all, toInfo)
    )
    const actions = {
      pause: indexes.pause(true),
      resume: indexes.pause(false),
      cancel: indexes.cancel,
      promote: indexes.promote,
      rollback: indexes.rollback
    }

    /** People would be answered from a part of what is known; one that was measured was whole then. */
    const unfinished = Effect.gen(function* () {
      const next = yield* indexes.next
      if (next === undefined || next.verdict !== null) return
      const { passages: all, vectors } = yield* toInfo(next)
      if (vectors === all) return
      const detail = `${next.name} is still being built: it has ${vectors} of ${all} vectors, and can answer once it has all`
      return yield* new Invalid({ detail })
    }).pipe(Effect.catchTag("PassagesError", ofPassages))

    const steer = (action: keyof typeof actions): Effect.Effect<Index, IndexesError | Invalid | Unavailable> =>
      action === "promote" ? Effect.andThen(unfinished, actions.promote) : actions[action]

    /** Only what an audience may see: a question tells what is talked about where it was asked. */
    const askedSince = (time: number, audience: Audience): Effect.Effect<ReadonlyArray<Past>, BrokerError> =>
      broker.read({ topic: Topics.queries.name, from: { time }, follow: false }).pipe(
        Stream.map(({ value }) => Topics.queries.decode(value)),
        Stream.filter(Result.isSuccess),
        Stream.map(({ success }) => success),
        Stream.filter((query) => query.private !== true && maySee(audience, query)),
        Stream.map(({ context, text }): Past => ({ question: text, asked: standalone(text, context) })),
        Stream.takeRight(mostReplayed),
        Stream.runCollect
      )

    const listed: Answer<ReadonlyArray<Info>> = Effect.catchTag(list, "PassagesError", ofPassages)

    const begin = (questions: ReadonlyArray<Probe> | null): Answer<ReadonlyArray<Info>> =>
      indexes.begin(questions).pipe(Effect.catchTag("IndexesError", ofIndexes), Effect.andThen(listed))

    const steered = (action: keyof typeof actions): Answer<ReadonlyArray<Info>> =>
      steer(action).pipe(Effect.catchTag("IndexesError", ofIndexes), Effect.andThen(listed))

    const replaySince = Effect.fnUntraced(
      function* (since: number | undefined) {
        const next = yield* indexes.next
        if (next === undefined) return yield* noNext
        const now = yield* Clock.currentTimeMillis
        // As every caller of the API: what is in closed channels is shown to nobody here.
        const audience = yield* chat.audience(defaultChannelId)
        const questions = yield* askedSince(since ?? now - Duration.toMillis(Duration.days(1)), audience)
        const live = yield* indexes.live
        return yield* replay(retrievers, questions, audience, { live, next })
      },
      Effect.catchTags({ BrokerError: ofBroker, ChatError: ofChat, PassagesError: ofPassages })
    )
    const replayed = (since: number | undefined): Answer<Replayed, NotFound | Forbidden> => replaySince(since)

    return handlers.handleAll({
      indexes: () => listed,
      reindex: ({ payload }) => begin(payload.questions ?? null),
      steerIndex: ({ params }) => steered(params.action),
      replay: ({ query }) => replayed(query.since)
    })
  })
)
