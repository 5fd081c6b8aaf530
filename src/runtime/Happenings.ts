/** What happens in the process, in order and numbered, for whoever watches; a watcher that lost its connection goes on from its number. */
import { Context, Effect, Layer, PubSub, Stream } from "effect"
import type { Happening } from "../domain/Happening.ts"

export interface Numbered {
  readonly id: number
  readonly happening: Happening
}

/** Happenings kept for watchers that come back; older ones are gone, and a watcher is told by a gap in the numbers. */
const kept = 2_000

export class Happenings extends Context.Service<
  Happenings,
  {
    tell(happening: Happening): Effect.Effect<void>
    /** Nobody who comes back is told what these messages said, nor what was drafted in answer to them. */
    forget(messageIds: ReadonlySet<string>): Effect.Effect<void>
    /** What came after `id` and is still kept, then what comes; without an id only what comes. */
    since(id?: number): Stream.Stream<Numbered>
  }
>()("rtfm/runtime/Happenings") {
  static readonly layer = Layer.effect(
    Happenings,
    Effect.gen(function* () {
      const hub = yield* PubSub.sliding<Numbered>(kept)
      const past: Array<Numbered> = []
      let last = 0

      const tell = (happening: Happening) =>
        Effect.suspend(() => {
          const numbered = { id: ++last, happening }
          past.push(numbered)
          if (past.length > kept) past.shift()
          return Effect.asVoid(PubSub.publish(hub, numbered))
        })

      const forget = (messageIds: ReadonlySet<string>) =>
        Effect.sync(() => {
          for (const [i, { happening, id }] of past.entries()) {
            const said = wordsOf(happening)
            if (said === undefined || !messageIds.has(said.messageId)) continue
            // Numbers stay whole: whoever comes back would take a gap for something missed.
            past[i] = { id, happening: { type: "message.deleted", ...said } }
          }
        })

      const since = (id?: number) =>
        Stream.unwrap(
          Effect.map(PubSub.subscribe(hub), (subscription) => {
            const missed = id === undefined ? [] : past.filter((numbered) => numbered.id > id)
            const seen = missed.at(-1)?.id ?? 0
            return Stream.concat(
              Stream.fromIterable(missed),
              Stream.fromSubscription(subscription).pipe(Stream.filter((numbered) => numbered.id > seen))
            )
          })
        )

      return Happenings.of({ tell, forget, since })
    })
  )
}

/** Whose words a happening has. */
const wordsOf = (happening: Happening): { readonly channelId: string; readonly messageId: string } | undefined => {
  if ("message" in happening) return { channelId: happening.message.channelId, messageId: happening.message.id }
  if (happening.type !== "answer.drafted") return undefined
  return { channelId: happening.channelId, messageId: happening.questionId }
}
