/** Messages stay in order, each once and in its newest form. */
import { describe, expect, it } from "vitest"
import type { Happening, LocalMessage } from "../../../src/domain/Happening.ts"
import { apply, withRead } from "../../../src/web/console/Timeline.ts"

const message = (id: string, createdAt: number, more: Partial<LocalMessage> = {}): LocalMessage => ({
  id,
  channelId: "local:general",
  author: { id: "ana", name: "Ana", bot: false },
  text: id,
  createdAt,
  editedAt: createdAt,
  ...more
})

const created = (said: LocalMessage): Happening => ({ type: "message.created", message: said })
const edited = (said: LocalMessage): Happening => ({ type: "message.edited", message: said })
const deleted = (messageId: string): Happening => ({ type: "message.deleted", channelId: "local:general", messageId })

const [a, b, c] = [message("a", 1), message("b", 2), message("c", 3)]

describe("apply", () => {
  it("adds, changes and removes", () => {
    const changed = message("b", 2, { text: "new", editedAt: 9 })
    expect(apply([a, b], [created(c), edited(changed), deleted("a")])).toEqual([changed, c])
  })

  it("changes nothing when it is applied again", () => {
    const happenings = [created(c), edited(message("a", 1, { text: "new", editedAt: 5 })), deleted("b")]
    const once = apply([a, b], happenings)
    expect(apply(once, happenings)).toBe(once)
  })

  it("gives the same array back when nothing concerns it, so that nothing is drawn again", () => {
    const messages = [a, b]
    expect(apply(messages, [])).toBe(messages)
    expect(apply(messages, [created(message("a", 1)), deleted("zzz"), { type: "status.changed" }])).toBe(messages)
  })

  it("keeps the newer of two forms, whichever comes first", () => {
    const newer = message("a", 1, { text: "newer", editedAt: 7 })
    expect(apply([newer], [edited(message("a", 1, { text: "older", editedAt: 5 }))])).toEqual([newer])
    expect(apply([], [created(newer), edited(a)])).toEqual([newer])
  })

  it("does not show what was created and deleted in one go, nor an edit of what it never saw", () => {
    expect(apply([a], [created(b), deleted("b"), edited(c)])).toEqual([a])
  })

  it("puts a message that comes late in its place", () => {
    expect(apply([a, c], [created(b)])).toEqual([a, b, c])
  })
})

describe("withRead", () => {
  it("adds older messages before, each once", () => {
    expect(withRead([b, c], [a, b])).toEqual([a, b, c])
  })

  it("puts what was read before what is there, also within one millisecond", () => {
    const [first, second] = [message("first", 5), message("second", 5)]
    expect(withRead([second], [first])).toEqual([first, second])
    expect(apply([first], [created(second)])).toEqual([first, second])
  })

  it("keeps an edit that is newer than what was read", () => {
    const newer = message("b", 2, { text: "newer", editedAt: 7 })
    expect(withRead([newer], [a, b])).toEqual([a, newer])
  })
})
