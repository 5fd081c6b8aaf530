/** What the page shows: the server's state as far as it was read, and what the person is about to do with it. */
import { batch, computed, effect, signal } from "@preact/signals"
import type { Answer } from "../../domain/Answer.ts"
import type { Happening, LocalChannel, LocalMessage } from "../../domain/Happening.ts"
import * as api from "./api.ts"
import { me } from "./Kept.ts"
import { Room } from "./Room.ts"
import { route } from "./Route.ts"
import { texts } from "./texts.ts"

export const channels = signal<ReadonlyArray<LocalChannel>>([])
export const status = signal<api.Status | undefined>(undefined)
/** Goes up when an event was published, or something was done about one. */
export const eventsVersion = signal(0)
/** Goes up when documentation was added, changed or removed. */
export const documentsVersion = signal(0)

export type Connection =
  | { readonly state: "connecting" | "live" }
  | { readonly state: "lost"; readonly nextTryAt: number }
export const connection = signal<Connection>({ state: "connecting" })

/** The message that is answered by the next one. */
export const replyingTo = signal<LocalMessage | undefined>(undefined)
export const editing = signal<string | undefined>(undefined)
export const removing = signal<string | undefined>(undefined)
export const drawerOpen = signal(false)
export const keysOpen = signal(false)
/** What the panel beside the view follows: a message, question, document or a record by its place. */
export const followed = signal<string | undefined>(undefined)
/** Goes up when what is followed went on. */
export const followedVersion = signal(0)
/** A message that is to be shown and gone to, wherever in its channel it stands. */
export const sought = signal<string | undefined>(undefined)
/** The message a reaction is being chosen for. */
export const reacting = signal<string | undefined>(undefined)
/** A quote whose source was opened from here, to be marked there. */
export const quoted = signal<{ readonly address: string; readonly quote: string } | undefined>(undefined)
/** Why something the person did has failed, by channel. */
export const failures = signal<Readonly<Record<string, string>>>({})

/** Where one comes back to from another view. */
const lastChannel = signal<string | undefined>(undefined)
export const channelId = computed(
  () => (route.value.view === "chat" ? route.value.channelId : undefined) ?? lastChannel.value
)
export const channel = computed(() => channels.value.find(({ id }) => id === channelId.value))

/** Threads by the message they hang from. */
export const threads = computed(
  () => new Map(channels.value.flatMap((one) => (one.thread ? [[one.thread.messageId, one] as const] : [])))
)

/** As the rail lists them: each channel, then its threads. */
export const listed = computed(() =>
  channels.value
    .filter(({ thread }) => !thread)
    .flatMap((one) => [one, ...channels.value.filter(({ thread }) => thread?.parentId === one.id)])
)

const rooms = new Map<string, Room>()

export const roomOf = (id: string): Room => {
  const room = rooms.get(id) ?? new Room(id)
  rooms.set(id, room)
  return room
}

/** New messages in channels that are not shown. */
export const unread = signal<ReadonlyMap<string, number>>(new Map())

/** Questions without an answer, with their channel; `typing` tells of other people's. */
const waiting = signal<ReadonlyMap<string, string>>(new Map())
const typing = signal<ReadonlySet<string>>(new Set())

export const isWorking = (id: string): boolean => typing.value.has(id) || [...waiting.value.values()].includes(id)

/** What is proven of answers that are still being written, by their question. */
export const written = signal<ReadonlyMap<string, string>>(new Map())

const forgetWritten = (question: string): void => {
  if (written.peek().has(question)) written.value = new Map([...written.peek()].filter(([id]) => id !== question))
}

const longestWait = 60_000
const typingLasts = 15_000
/** Between "answered" and the answer's message. */
const saying = 2_000
const typingTimers = new Map<string, ReturnType<typeof setTimeout>>()

export const waitFor = (question: string, inChannel: string): void => {
  waiting.value = new Map(waiting.value).set(question, inChannel)
  setTimeout(() => stopWaiting(question), longestWait)
}

export const stopWaiting = (question: string): void => {
  if (!waiting.peek().has(question)) return
  waiting.value = new Map([...waiting.peek()].filter(([id]) => id !== question))
}

const setTyping = (id: string, lasts: number): void => {
  clearTimeout(typingTimers.get(id))
  if (lasts === 0) typing.value = new Set([...typing.peek()].filter((other) => other !== id))
  else
    typingTimers.set(
      id,
      setTimeout(() => setTyping(id, 0), lasts)
    )
}

/** Applies what happened, in order. */
export const happened = (happenings: ReadonlyArray<Happening>): void =>
  batch(() => {
    for (const [id, own] of Map.groupBy(happenings.filter(isAboutMessages), channelOf)) rooms.get(id)?.take(own)
    happenings.forEach(note)
  })

type AboutMessages = Extract<Happening, { readonly type: `message.${string}` }>

const isAboutMessages = (happening: Happening): happening is AboutMessages => happening.type.startsWith("message.")

const channelOf = (happening: AboutMessages): string =>
  "message" in happening ? happening.message.channelId : happening.channelId

const note = (happening: Happening): void => {
  switch (happening.type) {
    case "message.created":
      return noteMessage(happening.message)
    case "message.deleted":
      if (replyingTo.peek()?.id === happening.messageId) replyingTo.value = undefined
      return stopWaiting(happening.messageId)
    case "channel.created":
      return addChannel(happening.channel)
    case "typing":
      typing.value = new Set(typing.peek()).add(happening.channelId)
      return setTyping(happening.channelId, typingLasts)
    case "answer.drafted":
      written.value = new Map(written.peek()).set(happening.questionId, happening.text)
      return
    case "question.answered":
      setTimeout(() => forgetWritten(happening.questionId), saying)
      setTimeout(() => stopWaiting(happening.questionId), saying)
      return setTyping(happening.channelId, saying)
    case "message.edited":
    case "message.judged":
    case "message.reacted":
      return
    case "way.changed":
      if (happening.id === followed.peek()) noteFollowed()
      return
    case "event.changed":
      return noteEvent()
    case "documents.changed":
      documentsVersion.value++
      return refreshStatus()
    case "status.changed":
      return refreshStatus()
  }
}

const noteMessage = (message: LocalMessage): void => {
  if (message.answer) {
    setTyping(message.channelId, 0)
    if (message.replyTo !== undefined) {
      stopWaiting(message.replyTo)
      forgetWritten(message.replyTo)
    }
  }
  const shown = route.peek().view === "chat" && channelId.peek() === message.channelId
  if (shown || message.author.id === me.peek().id) return
  unread.value = new Map(unread.peek()).set(message.channelId, (unread.peek().get(message.channelId) ?? 0) + 1)
}

export const addChannel = (added: LocalChannel): void => {
  if (!channels.peek().some(({ id }) => id === added.id)) channels.value = [...channels.peek(), added]
}

const followedRest = 120
let followedTimer: ReturnType<typeof setTimeout> | undefined

/** Many changes are drawn once. */
const noteFollowed = (): void => {
  followedTimer ??= setTimeout(() => {
    followedTimer = undefined
    followedVersion.value++
  }, followedRest)
}

let eventTimer: ReturnType<typeof setTimeout> | undefined

const noteEvent = (): void => {
  eventTimer ??= setTimeout(() => {
    eventTimer = undefined
    eventsVersion.value++
  }, followedRest)
}

const statusRest = 400
let statusTimer: ReturnType<typeof setTimeout> | undefined

/** Asks for the status again, soon: many changes are one request. */
export const refreshStatus = (): void => {
  statusTimer ??= setTimeout(() => {
    statusTimer = undefined
    void readStatus()
  }, statusRest)
}

const readStatus = async (): Promise<void> => {
  const read = await api.status().catch(() => undefined)
  if (read === undefined) return
  const before = status.peek()
  status.value = read
  if (before !== undefined && before.startedAt !== read.startedAt) await readAll()
}

/** For a server that is there and does not serve. */
const readAgainAfter = 3_000

/** Reads everything anew; what is shown stays until it is there. */
export const readAll = async (): Promise<void> => {
  batch(() => rooms.forEach((room) => room.forget()))
  const [listed, current] = await Promise.all([
    api.channels().catch(() => undefined),
    api.status().catch(() => undefined)
  ])
  batch(() => {
    if (listed) channels.value = listed
    if (current) status.value = current
    documentsVersion.value++
  })
  if (!listed && connection.peek().state === "live") setTimeout(readAll, readAgainAfter)
}

/** After a break that was bridged, unless the process is another one, nothing is missing but the figures. */
export const resumed = (): void => {
  const shown = channelId.peek()
  const incomplete = channels.peek().length === 0 || (shown !== undefined && roomOf(shown).phase.peek() === "failed")
  if (incomplete) void readAll()
  else void readStatus()
}

effect(() => {
  const shown = route.value
  if (shown.view === "chat") lastChannel.value = shown.channelId ?? lastChannel.value ?? channels.value[0]?.id
})

effect(() => {
  const id = channelId.value
  if (id === undefined || route.value.view !== "chat") return
  if (unread.peek().has(id)) unread.value = new Map([...unread.peek()].filter(([other]) => other !== id))
  if (roomOf(id).phase.value === "new" && connection.value.state === "live") void roomOf(id).load()
})

effect(() => {
  void channelId.value
  batch(() => {
    replyingTo.value = undefined
    editing.value = undefined
    removing.value = undefined
    reacting.value = undefined
    drawerOpen.value = false
  })
})

effect(() => {
  const news = [...unread.value.values()].reduce((sum, count) => sum + count, 0)
  const view = route.value.view
  const place = view === "chat" ? channel.value && `#${channel.value.name}` : texts.rail[view]
  document.title = `${news > 0 ? `(${news}) ` : ""}${place ? `${place} · ` : ""}${texts.bot}`
})

export type AnswerLook = "model" | "quoted" | "closest" | "refused"

export const lookOf = (answer: Answer): AnswerLook => (answer.refused ? "refused" : answer.mode)
