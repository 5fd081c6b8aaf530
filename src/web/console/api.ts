/** The HTTP API as the page calls it; its types are those of the server's schemas. */
import { signal } from "@preact/signals"
import type { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import type { maxQuestionLength } from "../../domain/Question.ts"
import type { LocalChannel, LocalMessage, Reaction } from "../../domain/Happening.ts"
import type { Verdict } from "../../domain/Feedback.ts"
import type {
  AnsweredQuestion,
  Complaint as ComplaintSchema,
  DeadLetterInfo,
  EventKindInfo,
  History as HistorySchema,
  IngestReport as IngestReportSchema,
  KnowledgeApi,
  PendingQuestion,
  PublishedEvent,
  RecentEvent as RecentEventSchema,
  RedriveReport,
  SettingInfo,
  SourceInfo,
  SourceState as SourceStateSchema,
  Status as StatusSchema,
  TopicInfo,
  WayInfo
} from "../Api.ts"
import { type Me, token } from "./Kept.ts"
import { texts } from "./texts.ts"

export type Status = typeof StatusSchema.Type
export type Source = typeof SourceInfo.Type
export type Way = typeof WayInfo.Type
export type Topic = typeof TopicInfo.Type
export type DeadLetter = typeof DeadLetterInfo.Type
export type History = typeof HistorySchema.Type
export type Setting = typeof SettingInfo.Type
export type Complaint = typeof ComplaintSchema.Type
export type SourceState = typeof SourceStateSchema.Type
export type EventKind = typeof EventKindInfo.Type
export type RecentEvent = typeof RecentEventSchema.Type
export type IngestReport = typeof IngestReportSchema.Type
export type Asked = typeof AnsweredQuestion.Type | typeof PendingQuestion.Type
export type DocumentText = HttpApiEndpoint.SuccessWithIdentifier<
  HttpApiGroup.Endpoints<typeof KnowledgeApi>,
  "document"
>

/** Most characters of a message. */
export const longest: typeof maxQuestionLength = 4000

/** Why a call failed, as the end of a sentence. */
export class Problem extends Error {
  override readonly name = "Problem"
  /** Of the answer; 0 when there was none. */
  readonly status: number
  /** What is wrong with what was sent, by where it stands in it: `customer.name`. */
  readonly errors: ReadonlyMap<string, string>
  constructor(status: number, detail: string, errors: ReadonlyMap<string, string> = new Map()) {
    super(detail)
    this.status = status
    this.errors = errors
  }
}

export const asProblem = (error: unknown): Problem => (error instanceof Problem ? error : new Problem(0, String(error)))

/** The server wants a token and has none, or a wrong one. */
export const locked = signal(false)

export const authorization = (): Record<string, string> =>
  token.value === undefined ? {} : { authorization: `Bearer ${token.value}` }

interface Call {
  readonly method?: "POST" | "PATCH" | "DELETE"
  readonly query?: Readonly<Record<string, string | undefined>>
  readonly body?: unknown
  /** The same key is the same message, however often it is sent. */
  readonly idempotencyKey?: string
}

const call = async <A>(path: string, options: Call = {}): Promise<A> => {
  const response = await send(path, options).catch(() => {
    throw new Problem(0, texts.problem.unreachable)
  })
  if (response.status === 401) {
    locked.value = true
    throw new Problem(401, texts.problem.unauthorized)
  }
  if (!response.ok) throw await problemOf(response)
  return (response.status === 204 ? undefined : await response.json()) as A
}

const send = (path: string, { method, query, body, idempotencyKey }: Call): Promise<Response> => {
  const pairs = Object.entries(query ?? {}).filter((pair): pair is [string, string] => pair[1] !== undefined)
  const search = pairs.length === 0 ? "" : `?${new URLSearchParams(pairs)}`
  return fetch(`/api${path}${search}`, {
    method: method ?? "GET",
    headers: {
      accept: "application/json",
      ...authorization(),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey })
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) })
  })
}

interface ProblemBody {
  readonly detail?: string
  readonly errors?: ReadonlyArray<{ readonly path: string; readonly message: string }>
}

const problemOf = async (response: Response): Promise<Problem> => {
  const body = (await response.json().catch(() => null)) as ProblemBody | null
  const detail = body?.detail === undefined || body.detail === "" ? texts.problem.unknown(response.status) : body.detail
  const errors = (body?.errors ?? []).map(({ message, path }) => [path.replace(/^body\./, ""), message] as const)
  return new Problem(response.status, detail, new Map(errors))
}

const messagesOf = (channelId: string) => `/channels/${encodeURIComponent(channelId)}/messages`

export const channels = () => call<ReadonlyArray<LocalChannel>>("/channels")

export const createChannel = (name: string) => call<LocalChannel>("/channels", { method: "POST", body: { name } })

/** The newest messages before one, or of all; oldest first. */
export const messages = (channelId: string, limit: number, before?: string) =>
  call<ReadonlyArray<LocalMessage>>(messagesOf(channelId), { query: { limit: String(limit), before } })

export const post = (
  channelId: string,
  message: { readonly text: string; readonly author: Me; readonly replyTo?: string },
  idempotencyKey: string
) => call<LocalMessage>(messagesOf(channelId), { method: "POST", body: message, idempotencyKey })

export const edit = (message: LocalMessage, text: string) =>
  call<LocalMessage>(`${messagesOf(message.channelId)}/${encodeURIComponent(message.id)}`, {
    method: "PATCH",
    body: { text, authorId: message.author.id }
  })

export const remove = (message: LocalMessage) =>
  call<void>(`${messagesOf(message.channelId)}/${encodeURIComponent(message.id)}`, {
    method: "DELETE",
    query: { authorId: message.author.id }
  })

/** Comes back at once: the answer is a message like any other, and the stream brings it. */
export const ask = (
  question: { readonly text: string; readonly channelId: string; readonly author: Me },
  idempotencyKey: string
) => call<Asked>("/questions", { method: "POST", query: { wait: "0" }, body: question, idempotencyKey })

export const status = () => call<Status>("/status")

export const documents = () => call<ReadonlyArray<Source>>("/documents")

export const document = (id: string) => call<DocumentText>(`/documents/${encodeURIComponent(id)}`)

export const react = (message: LocalMessage, emoji: string, author: Me, on: boolean) =>
  call<ReadonlyArray<Reaction>>(`${messagesOf(message.channelId)}/${encodeURIComponent(message.id)}/reactions`, {
    method: "POST",
    body: { emoji, author, on }
  })

export const openThread = (message: LocalMessage) =>
  call<LocalChannel>(`${messagesOf(message.channelId)}/${encodeURIComponent(message.id)}/thread`, { method: "POST" })

/** `null` takes back what was given. */
export const judge = (answerId: string, author: Me, verdict: Verdict | null, reason?: string) =>
  call<void>("/feedback", {
    method: "POST",
    body: { answerId, author, verdict, ...(reason === undefined ? {} : { reason }) }
  })

export const way = (id: string) => call<Way>(`/ways/${encodeURIComponent(id)}`)

/** What a model is given with a question, or would be. */
export const prompt = (id: string) =>
  call<{ readonly instructions: string; readonly data: string }>(`/ways/${encodeURIComponent(id)}/prompt`)

export const topics = () => call<ReadonlyArray<Topic>>("/topics")

export const history = () => call<History>("/history")

export const settings = () => call<ReadonlyArray<Setting>>("/settings")

export const complaints = () => call<ReadonlyArray<Complaint>>("/complaints")

export const deadLetters = () => call<ReadonlyArray<DeadLetter>>("/dead-letters", { query: { limit: "100" } })

/** Also one that would only fail again: somebody looked at it and said so. */
export const sendBack = ({ offset, partition, topic }: DeadLetter) =>
  call<typeof RedriveReport.Type>("/dead-letters/redrive", {
    method: "POST",
    body: { topic, positions: [{ partition, offset }], force: true }
  })

export const ingest = (body: {
  readonly source: string
  readonly documents: ReadonlyArray<{ readonly path: string; readonly text?: string; readonly bytes?: string }>
  readonly removeMissing: boolean
}) => call<IngestReport>("/documents", { method: "POST", body })

export const sources = () => call<ReadonlyArray<SourceState>>("/sources")

/** Begins to read a website. */
export const addSource = (address: string) => call<unknown>("/sources", { method: "POST", body: { address } })

/** Begins to read a source again. */
export const refreshSource = (source: string) =>
  call<unknown>(`/sources/${encodeURIComponent(source)}/refresh`, { method: "POST" })

export const removeSource = (source: string) =>
  call<IngestReport>(`/sources/${encodeURIComponent(source)}`, { method: "DELETE" })

export const eventKinds = () => call<ReadonlyArray<EventKind>>("/event-kinds")

/** The newest first. */
export const recentEvents = () => call<ReadonlyArray<RecentEvent>>("/recent-events")

export const recentEvent = (id: string) => call<RecentEvent>(`/recent-events/${encodeURIComponent(id)}`)

export const publish = (type: string, data: unknown, idempotencyKey: string) =>
  call<typeof PublishedEvent.Type>(`/events/${encodeURIComponent(type)}`, {
    method: "POST",
    body: data,
    idempotencyKey
  })
