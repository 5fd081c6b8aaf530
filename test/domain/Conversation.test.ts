/** Windows of chat: seats are given once, whatever the log does. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import type { ChatEvent, ChatMessage } from "../../src/domain/ChatMessage.ts"
import {
  follow,
  isEvidence,
  laneOf,
  lanesIn,
  type Memory,
  messageIdsIn,
  placeOf,
  type Remembered,
  windowOf,
  windowSize
} from "../../src/domain/Conversation.ts"

const message = (id: string, text: string, more: Partial<ChatMessage> = {}): ChatMessage => ({
  id,
  serverId: "s",
  channelId: "c",
  author: { id: "u", name: "Ada", bot: false },
  text,
  mentionsBot: false,
  url: "",
  createdAt: 0,
  editedAt: 0,
  ...more
})

/** What a store keeps after some batches of events. */
interface Kept {
  readonly messages: Map<string, Remembered>
  readonly taken: Map<string, number>
  readonly texts: Map<string, string>
}

const nothing = (): Kept => ({ messages: new Map(), taken: new Map(), texts: new Map() })

const keep = (kept: Kept, events: ReadonlyArray<ChatEvent>): Kept => {
  const followed = follow(kept, events)
  const texts = new Map([...kept.texts, ...[...followed.said].map(([id, said]) => [id, said?.text ?? ""] as const)])
  return {
    messages: new Map([...kept.messages, ...followed.messages]),
    taken: new Map([...kept.taken, ...followed.taken]),
    texts: new Map([...texts].filter(([, text]) => text !== ""))
  }
}

const steps = Schema.Array(
  Schema.Struct({
    type: Schema.Literals(["created", "created", "edited", "deleted"]),
    id: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 30 })),
    at: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 9 })),
    thread: Schema.Boolean
  })
).check(Schema.isMaxLength(60))

/** The time of an edit is part of its text, so a text shows which edit it is. A message stays where it was said. */
const eventsFrom = (made: typeof steps.Type): ReadonlyArray<ChatEvent> =>
  made.map((step) => {
    const id = `m${step.id}`
    if (step.type === "deleted")
      return { type: "deleted", serverId: "s", channelId: "c", messageIds: [id], at: step.at }
    const editedAt = step.type === "created" ? 0 : step.at
    const place = step.id % 3 === 0 ? { threadId: "t" } : {}
    return { type: step.type, message: message(id, `${id} at ${editedAt}`, { ...place, editedAt }) }
  })

describe("follow", () => {
  it.prop("seats of a lane are 0, 1, 2 … without gaps or doubles, so a window has at most 8", [steps], ([made]) => {
    const { messages, taken } = keep(nothing(), eventsFrom(made))
    const seats = Map.groupBy(
      [...messages.values()].filter((one) => one.seat !== null),
      (one) => one.lane!
    )
    for (const [lane, seated] of seats) {
      const sorted = seated.map((one) => one.seat!).sort((a, b) => a - b)
      assert.deepStrictEqual(
        sorted,
        sorted.map((_, i) => i)
      )
      assert.strictEqual(taken.get(lane), sorted.length)
      for (const window of Map.groupBy(sorted, windowOf).values()) assert.isAtMost(window.length, windowSize)
    }
  })

  it.prop(
    "batches make no difference",
    [steps, Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 9 }))],
    ([made, size]) => {
      const events = eventsFrom(made)
      let kept = nothing()
      for (let at = 0; at < events.length; at += size) kept = keep(kept, events.slice(at, at + size))
      assert.deepStrictEqual(kept, keep(nothing(), events))
    }
  )

  it.prop(
    "what was applied may come again, from any point on, and changes nothing",
    [steps, Schema.Finite],
    ([made, from]) => {
      const events = eventsFrom(made)
      const once = keep(nothing(), events)
      const twice = keep(once, events.slice(Math.trunc(Math.abs(from)) % (events.length + 1)))
      assert.deepStrictEqual(twice, once)
    }
  )

  it.prop("a deleted message has no text, and any other says its newest edit", [steps], ([made]) => {
    const events = eventsFrom(made)
    const { texts } = keep(nothing(), events)
    for (const id of messageIdsIn(events)) {
      const own = events.filter((event) => messageIdsIn([event])[0] === id)
      const gone = own.some((event) => event.type === "deleted")
      const newest = Math.max(...own.map((event) => ("message" in event ? event.message.editedAt : 0)))
      assert.strictEqual(texts.get(id), gone ? undefined : `${id} at ${newest}`)
    }
  })

  it("a late message gets the next seat and moves nobody", () => {
    const say = (id: string): ChatEvent => ({ type: "created", message: message(id, id, { createdAt: Number(id) }) })
    const { messages } = keep(keep(nothing(), ["1", "3", "4"].map(say)), ["2", "1"].map(say))
    assert.deepStrictEqual(
      [...messages].map(([id, one]) => [id, one.seat]),
      [
        ["1", 0],
        ["3", 1],
        ["4", 2],
        ["2", 3]
      ]
    )
  })

  it("programs are not remembered; questions and empty messages keep a seat and say nothing", () => {
    const bot = { id: "b", name: "bot", bot: true }
    const events = [
      message("1", "I am a program", { author: bot }),
      message("2", "!rtfm why?"),
      message("3", "@rtfm why?", { mentionsBot: true }),
      message("4", " \n"),
      message("5", "because")
    ].map((message): ChatEvent => ({ type: "created", message }))
    const { messages, texts } = keep(nothing(), events)
    assert.deepStrictEqual([...messages.keys()], ["2", "3", "4", "5"])
    assert.deepStrictEqual([...texts], [["5", "because"]])
    assert.isTrue(isEvidence(message("6", "why not use rtfm@example.org")))
  })
})

it("a lane is a channel or one of its threads", () => {
  const lanes = [message("1", ""), message("2", "", { threadId: "t" }), message("3", "", { channelId: "d" })]
  assert.deepStrictEqual(lanes.map(laneOf), ["s/c", "s/c/t", "s/d"])
  assert.deepStrictEqual(lanesIn(lanes.map((message) => ({ type: "created", message }))), ["s/c", "s/c/t", "s/d"])
  assert.deepStrictEqual([windowOf(7), placeOf(7), windowOf(8), placeOf(8)], [0, 7, 1, 0])
  const empty: Memory = { messages: new Map(), taken: new Map() }
  assert.deepStrictEqual(follow(empty, []), { ...empty, said: new Map() })
})
