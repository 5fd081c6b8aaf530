/** What records that other programs write mean: who is to hear which words. */
import { Option, Result, Schema } from "effect"

/** Something another program wants said. */
export interface Wish {
  /** `null`: where announcements go. */
  readonly channelId: string | null
  readonly text: string
  /** The message it answers. */
  readonly replyTo?: string
  /** Given by the program: the same id twice is said once. */
  readonly id?: string
}

/** Five messages of Discord, which takes 2,000 characters in one. */
export const longestText = 5 * 2000

const Id = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200))
const Absent = Schema.optionalKey(Schema.NullOr(Id))
const MaybeText = Schema.optionalKey(Schema.Unknown)

const Echo = Schema.Struct({ type: Schema.Literal("echo"), channelId: Id, text: Schema.String, id: Absent })
const Announcement = Schema.Struct({ text: MaybeText, content: MaybeText, message: MaybeText })
const Response = Schema.Struct({ channelId: Absent, text: Schema.String, replyTo: Absent, id: Absent })

const asEcho = Schema.decodeUnknownOption(Echo)
const asAnnouncement = Schema.decodeUnknownOption(Announcement)
const asResponse = Schema.decodeUnknownResult(Response)

/** The JSON object that a text is, if it is one. */
const objectIn = (text: string): object | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Refuses what has no words, and what is longer than people would read. */
const sayable = (wish: Wish): Result.Result<Wish, string> => {
  if (wish.text.trim() === "") return Result.fail("There is no text to say")
  if (wish.text.length <= longestText) return Result.succeed(wish)
  return Result.fail(`The text has ${wish.text.length} characters, and five messages take ${longestText}`)
}

/** Fenced with more backticks than it has itself, so that it ends where it ends. */
const codeBlock = (text: string, language: string): string => {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length))
  const fence = "`".repeat(longest + 1)
  return `${fence}${language}\n${text.trim()}\n${fence}`
}

const announcementIn = (text: string): string => {
  const object = objectIn(text)
  const fields = Option.getOrUndefined(asAnnouncement(object))
  const words = [fields?.text, fields?.content, fields?.message].filter((field) => typeof field === "string")
  if (text.trim() === "") return ""
  return words.find((word) => word.trim() !== "") ?? words[0] ?? codeBlock(text, object === undefined ? "" : "json")
}

/** A record of the commands' topic: an echo is answered where it says, all else is announced. A failure is a sentence. */
export const fromCommand = (text: string): Result.Result<Wish, string> =>
  sayable(
    Option.match(asEcho(objectIn(text)), {
      onNone: () => ({ channelId: null, text: announcementIn(text) }),
      onSome: ({ channelId, id, text }) => ({ channelId, text, ...(typeof id === "string" && { id }) })
    })
  )

const noChannel = "It names no channel: expected `channelId` in JSON, or the channel's id as the record's key"

const fromFields = (fields: typeof Response.Type, key: string | null): Result.Result<Wish, string> => {
  const channelId = fields.channelId ?? key
  if (channelId === null) return Result.fail(noChannel)
  return sayable({
    channelId,
    text: fields.text,
    ...(typeof fields.replyTo === "string" && { replyTo: fields.replyTo }),
    ...(typeof fields.id === "string" && { id: fields.id })
  })
}

/**
 * A record of the responses' topic: JSON with `text` says it in its `channelId`, or in that of the key; any other text
 * is said in the channel of the key. A failure is a sentence.
 */
export const fromResponse = (text: string, key: string | null): Result.Result<Wish, string> => {
  const object = objectIn(text)
  if (object !== undefined && ("text" in object || "channelId" in object)) {
    const fields = Result.mapError(asResponse(object), ({ message }) => message.replaceAll(/\s+/g, " "))
    return Result.flatMap(fields, (fields) => fromFields(fields, key))
  }
  return key === null ? Result.fail(noChannel) : sayable({ channelId: key, text })
}

/**
 * The id of what is said, the same however often the record comes: the program's own, or the record's place and time.
 * The time tells a record from one that had its place before the topic was made anew.
 */
export const sayingId = (
  { id }: Wish,
  record: {
    readonly topic: string
    readonly partition: number
    readonly offset: number
    /** Milliseconds since the epoch. */
    readonly timestamp: number
  }
): string => (id === undefined ? `said-${placeOf(record)}` : `said-by-id-${id}`)

const placeOf = ({ offset, partition, timestamp, topic }: Parameters<typeof sayingId>[1]): string =>
  [topic, partition, offset, timestamp.toString(36)].join("-")
