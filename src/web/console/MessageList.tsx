/** The messages of a channel: follows the newest while the reader is there, loads older ones on the way up. */
import { useSignal } from "@preact/signals"
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks"
import type { LocalMessage } from "../../domain/Happening.ts"
import { EmptyChannel } from "./EmptyChannel.tsx"
import { focusMessage, logId } from "./Focus.ts"
import { Icon } from "./Icon.tsx"
import { MessageRow } from "./MessageRow.tsx"
import type { Room } from "./Room.ts"
import { route } from "./Route.ts"
import { channel, sought } from "./state.ts"
import { texts } from "./texts.ts"
import type { Messages } from "./Timeline.ts"
import { dayName, sameDay } from "./Times.ts"
import { offsetOf, type Range, rangeOf } from "./Window.ts"
import { Working } from "./Working.tsx"

/** Nearer to the end than this counts as at the end, in pixels. */
const nearEnd = 48
/** Older messages are read when the reader comes this near to the first, in pixels. */
const nearStart = 800
/** A pause after which a person's next message gets its head again. */
const pause = 5 * 60_000

export const MessageList = ({ room }: { readonly room: Room }) => {
  const scroller = useRef<HTMLDivElement>(null)
  const messages = room.messages.value
  const phase = room.phase.value
  const below = useUnseen(room, scroller, messages)
  useOlder(room, scroller, messages)
  useLinkedMessage(room)
  const settled = useSettled(room)

  if (phase === "failed" && messages.length === 0) return <Failed room={room} />
  const isEmpty = phase === "ready" && messages.length === 0
  return (
    <div class="log-frame">
      <div class="scroll" ref={scroller} tabIndex={0} role="region" aria-label={texts.chat.messages}>
        <Start room={room} isEmpty={isEmpty} />
        <div
          id={logId}
          class="log"
          role="log"
          aria-live={settled ? "polite" : "off"}
          aria-label={texts.chat.log(channel.value?.name ?? "")}
          aria-busy={phase !== "ready" || room.loadingOlder.value}
        >
          <Rows room={room} scroller={scroller} messages={messages} />
        </div>
        {isEmpty && <EmptyChannel channelId={room.channelId} />}
        <Working channelId={room.channelId} />
      </div>
      {below.value.away && (
        <button type="button" class="button to-newest" onClick={() => toEnd(scroller.current)}>
          <Icon name="down" />
          {below.value.count > 0 ? texts.chat.newBelow(below.value.count) : texts.chat.toNewest}
        </button>
      )}
    </div>
  )
}

interface RowsProps {
  readonly room: Room
  readonly scroller: { readonly current: HTMLDivElement | null }
  readonly messages: Messages
}

const Rows = ({ room, scroller, messages }: RowsProps) => {
  const byId = useMemo(() => new Map(messages.map((message) => [message.id, message])), [messages])
  const { list, range } = useRange(room, scroller, messages)
  return (
    <div ref={list}>
      <div style={{ height: `${range.before}px` }} />
      {messages.slice(range.from, range.to).map((message, at) => {
        const index = range.from + at
        const before = messages[index - 1]
        return (
          <div key={message.id} class="item" data-item={message.id}>
            {startsDay(before, message) && <Day at={message.createdAt} />}
            <MessageRow
              message={message}
              replied={message.replyTo === undefined ? undefined : byId.get(message.replyTo)}
              showsReply={showsReply(before, message)}
              goesOn={goesOn(before, message)}
              followed={goesOn(message, messages[index + 1])}
              newest={index === messages.length - 1}
            />
          </div>
        )
      })}
      <div style={{ height: `${range.after}px` }} />
    </div>
  )
}

/** Pixels of a row that was never on the page. */
const guessed = 66
/** The reader moves so far, in pixels, before other rows come on the page. */
const stride = 400

/** Heights of messages that are gone are kept up to so many. */
const forgotten = 1_000

const known = (heights: ReadonlyMap<string, number>, messages: Messages): Map<string, number> =>
  new Map(messages.flatMap(({ id }) => (heights.has(id) ? [[id, heights.get(id)!] as const] : [])))

const useRange = (room: Room, scroller: RowsProps["scroller"], messages: Messages) => {
  const list = useRef<HTMLDivElement>(null)
  const heights = useRef(new Map<string, number>())
  const sight = useRef({ top: 0, height: 1_000 })
  const first = useRef<string | undefined>(undefined)
  const moved = useSignal(0)
  void moved.value

  const heightOf = (index: number): number => heights.current.get(messages[index]!.id) ?? guessed
  // What was read from the past stands above: the reader is so much further down.
  if (first.current !== messages[0]?.id) {
    const added = messages.findIndex(({ id }) => id === first.current)
    if (added > 0) sight.current.top += offsetOf(added, heightOf)
    first.current = messages[0]?.id
  }
  const range = rangeOf(messages.length, heightOf, sight.current, room.following)

  // Rows that come in above with another height than was guessed must not move what the reader looks at.
  const drawn = useRef(range)
  const kept =
    drawn.current.from === range.from || room.following ? undefined : firstInView(scroller.current, range, messages)
  useLayoutEffect(() => {
    drawn.current = range
    for (const item of list.current?.querySelectorAll<HTMLElement>("[data-item]") ?? [])
      heights.current.set(item.dataset["item"]!, item.offsetHeight)
    if (heights.current.size > 2 * messages.length + forgotten) heights.current = known(heights.current, messages)
    if (kept?.row.isConnected && scroller.current)
      scroller.current.scrollTop += kept.row.getBoundingClientRect().top - kept.top
  })

  useEffect(() => {
    const element = scroller.current
    if (!element) return undefined
    const look = () => {
      const { clientHeight: height, scrollTop: top } = element
      if (Math.abs(top - sight.current.top) < stride && height === sight.current.height) return
      sight.current = { top, height }
      moved.value++
    }
    look()
    element.addEventListener("scroll", look, { passive: true })
    return () => element.removeEventListener("scroll", look)
  }, [room])

  const wanted = sought.value
  useEffect(() => {
    const index = wanted === undefined ? -1 : messages.findIndex(({ id }) => id === wanted)
    if (wanted === undefined || index < 0 || !scroller.current) return
    room.following = false
    const { clientHeight: height } = scroller.current
    sight.current = { top: Math.max(0, offsetOf(index, heightOf) - height / 2), height }
    sought.value = undefined
    moved.value++
    requestAnimationFrame(() => focusMessage(wanted))
  }, [wanted])

  return { list, range }
}

type Neighbour = LocalMessage | undefined

const startsDay = (before: Neighbour, message: LocalMessage): boolean =>
  before === undefined || !sameDay(before.createdAt, message.createdAt)

/** A reply to the message right above needs no line that says so. */
const showsReply = (before: Neighbour, message: LocalMessage): boolean =>
  message.replyTo !== undefined && message.replyTo !== before?.id

const goesOn = (before: Neighbour, message: Neighbour): boolean =>
  before !== undefined &&
  message !== undefined &&
  before.author.id === message.author.id &&
  message.answer === undefined &&
  before.answer === undefined &&
  message.createdAt - before.createdAt < pause &&
  !showsReply(before, message) &&
  !startsDay(before, message)

const Day = ({ at }: { readonly at: number }) => (
  <div class="day" role="separator">
    {dayName(at)}
  </div>
)

/** What stands above the first message that is shown. */
const Start = ({ room, isEmpty }: { readonly room: Room; readonly isEmpty: boolean }) => {
  if (room.phase.value === "loading" || room.phase.value === "new") return <p class="start">{texts.chat.loading}</p>
  if (isEmpty) return null
  if (room.hasOlder.value) return <p class="start">{texts.chat.older}</p>
  return <p class="start">{texts.chat.beginning(channel.value?.name ?? "")}</p>
}

const Failed = ({ room }: { readonly room: Room }) => (
  <div class="log-frame">
    <div class="nothing">
      <p>{texts.chat.failed}</p>
      <button type="button" class="button" onClick={() => room.load()}>
        {texts.chat.tryAgain}
      </button>
    </div>
  </div>
)

const isAtEnd = (scroller: HTMLElement): boolean =>
  scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < nearEnd

const toEnd = (scroller: HTMLElement | null): void => {
  if (scroller) scroller.scrollTop = scroller.scrollHeight
}

/** Stays at the end while the reader is there; otherwise counts what came since. */
const useUnseen = (room: Room, scroller: { readonly current: HTMLDivElement | null }, messages: Messages) => {
  const below = useSignal({ away: false, count: 0 })
  const seen = useRef<string | undefined>(undefined)
  const last = useRef({ top: 0, height: 0 })

  /** Rows that get their height while they come into view move the end away; only the reader goes up by more than that. */
  const onScroll = () => {
    if (!scroller.current) return
    const { scrollTop: top, scrollHeight: height } = scroller.current
    const shrunk = Math.max(0, last.current.height - height)
    const left = last.current.top - top > shrunk + 1
    last.current = { top, height }
    if (isAtEnd(scroller.current)) room.following = true
    else if (left) room.following = false
    look()
  }

  const look = () => {
    if (!scroller.current) return
    if (room.following) seen.current = room.messages.peek().at(-1)?.id
    const from = room.messages.peek().findIndex(({ id }) => id === seen.current)
    const count = room.following || from < 0 ? 0 : room.messages.peek().length - 1 - from
    if (below.peek().away === room.following || below.peek().count !== count)
      below.value = { away: !room.following, count }
  }

  useLayoutEffect(() => {
    if (room.following) toEnd(scroller.current)
    look()
  }, [messages])

  useEffect(() => {
    const element = scroller.current
    if (!element) return
    // Opening a citation at the end must not move what the reader looks at.
    const afterPress = () =>
      requestAnimationFrame(() => {
        room.following = isAtEnd(element)
        look()
      })
    const follow = new ResizeObserver(() => {
      if (room.following) toEnd(element)
      look()
    })
    follow.observe(element)
    for (const child of element.children) follow.observe(child)
    element.addEventListener("scroll", onScroll, { passive: true })
    element.addEventListener("click", afterPress, { capture: true })
    return () => {
      follow.disconnect()
      element.removeEventListener("scroll", onScroll)
      element.removeEventListener("click", afterPress, { capture: true })
    }
  }, [room, messages.length === 0])

  return below
}

/** Reads older messages before the reader reaches the first, and keeps what is looked at in its place. */
const useOlder = (room: Room, scroller: { readonly current: HTMLDivElement | null }, messages: Messages): void => {
  const first = messages[0]?.id
  const shown = useRef(first)
  // Drawn, but not yet on the page: here the rows are where the reader sees them.
  const seen = shown.current === first || room.following ? undefined : firstInView(scroller.current)

  useLayoutEffect(() => {
    shown.current = first
    if (seen?.row.isConnected && scroller.current)
      scroller.current.scrollTop += seen.row.getBoundingClientRect().top - seen.top
  }, [first])

  useEffect(() => {
    const element = scroller.current
    if (!element || first === undefined) return
    const look = () => {
      if (element.scrollTop < nearStart && room.hasOlder.peek()) void room.loadOlder()
    }
    look()
    element.addEventListener("scroll", look, { passive: true })
    return () => element.removeEventListener("scroll", look)
  }, [room, first])
}

/** What was read from the past is not news: screen readers hear only what comes after it. */
const useSettled = (room: Room): boolean => {
  const settled = useSignal(false)
  const reading = room.phase.value !== "ready" || room.loadingOlder.value
  useEffect(() => {
    settled.value = false
    if (reading) return undefined
    const timer = setTimeout(() => (settled.value = true), 500)
    return () => clearTimeout(timer)
  }, [reading])
  return settled.value
}

/** Of those that stay on the page, where it is known which do. */
const firstInView = (scroller: HTMLElement | null, range?: Range, messages?: Messages) => {
  const top = scroller?.getBoundingClientRect().top ?? 0
  const stay = range && messages && new Set(messages.slice(range.from, range.to).map(({ id }) => id))
  const rows = scroller?.querySelectorAll<HTMLElement>("[data-message]") ?? []
  const row = [...rows].find(
    (row) => row.getBoundingClientRect().bottom > top && (stay?.has(row.dataset["message"]!) ?? true)
  )
  return row && { row, top: row.getBoundingClientRect().top }
}

/** Goes to the message the address names, once it is there. */
const useLinkedMessage = (room: Room): void => {
  const shown = route.value
  const wanted = shown.view === "chat" ? shown.messageId : undefined
  const ready = room.phase.value === "ready"
  useEffect(() => {
    if (ready && wanted !== undefined && !focusMessage(wanted)) sought.value = wanted
  }, [wanted, ready])
}
