/** The API as the page sees it, in memory: real shapes, a real server, and levers for a test. */
import { once } from "node:events"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import type { Answer, Citation } from "../../../src/domain/Answer.ts"
import type { Happening, LocalChannel, LocalMessage } from "../../../src/domain/Happening.ts"
import type {
  Complaint,
  DeadLetterInfo,
  SourceInfo,
  SourceState,
  Status,
  TopicInfo,
  WayInfo
} from "../../../src/web/Api.ts"
import { bundle, type Page } from "./bundle.ts"

type Section = { readonly id: string; readonly title: string; readonly text: string; readonly url: string }
export interface FakeDocument {
  readonly id: string
  readonly title: string
  readonly path: string
  readonly sections: ReadonlyArray<Section>
}

/** Stricter than the server's own: markup from text is an error, not a danger. */
const headers = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  "x-content-type-options": "nosniff",
  "cache-control": "no-store"
}

const bot = { id: "rtfm", name: "rtfm", bot: true }
const second = 1_000

export const documents: ReadonlyArray<FakeDocument> = [
  {
    id: "docs/ingest.md",
    title: "Add documentation",
    path: "docs/ingest.md",
    sections: [
      section(
        "docs/ingest.md",
        0,
        "Add documentation",
        "A source is a folder, a website or a repository. It is read once, and again when you say so.",
        "add-documentation"
      ),
      section(
        "docs/ingest.md",
        1,
        "Add documentation › A folder",
        "Run `rtfm ingest` with the folder:\n\n```sh\nrtfm ingest ./docs\n```\n\nEvery Markdown file below the folder is split into passages at its headings, and a passage can be found as soon as it has been read. Hidden files and files named in `.gitignore` are left out.",
        "a-folder"
      ),
      section(
        "docs/ingest.md",
        2,
        "Add documentation › Running it again",
        "A second run reads only what changed:\n\n- files that did not change are **not read again**,\n- passages of files that are gone leave the index.\n\n| file | second run |\n|---|---|\n| unchanged | no work |\n| changed | its changed sections |\n| removed | leaves the index |",
        "running-it-again"
      )
    ]
  },
  {
    id: "docs/messages.md",
    title: "What happens to messages",
    path: "docs/messages.md",
    sections: [
      section(
        "docs/messages.md",
        0,
        "What happens to messages",
        "Messages are evidence too: what people said answers questions.",
        "what-happens-to-messages"
      ),
      section(
        "docs/messages.md",
        1,
        "What happens to messages › Delete and edit",
        "Delete means delete. A deleted message leaves the text index at once and its vector within a minute; cached answers that quote it are dropped. An edited message changes in the same way.",
        "delete-and-edit"
      )
    ]
  }
]

function section(documentId: string, ordinal: number, title: string, text: string, slug: string): Section {
  return {
    id: `${documentId}#${ordinal}`,
    title,
    text,
    url: `/#/documents/${encodeURIComponent(documentId)}/${slug}`
  }
}

const timing = { queuedMs: 2, retrieveMs: 31, writeMs: 7 }

const cite = (n: number, document: number, ordinal: number, quote: string): Citation => {
  const { id, title, text, url } = documents[document]!.sections[ordinal]!
  return { n, quote, title, url, passageId: id, passage: text }
}

const inFolder = (n: number) =>
  cite(
    n,
    0,
    1,
    "Every Markdown file below the folder is split into passages at its headings, and a passage can be found as soon as it has been read."
  )
const again = (n: number) => cite(n, 0, 2, "passages of files that are gone leave the index")
const deleted = (n: number) =>
  cite(n, 1, 1, "A deleted message leaves the text index at once and its vector within a minute")

export const written: Answer = {
  text: "Run `rtfm ingest` with the folder. Every Markdown file below it becomes passages, and each can be found as soon as it is read.[1]\n\n```sh\nrtfm ingest ./docs\n```\n\nRun it again at any time: only files that changed are read, and what is gone leaves the index.[2]",
  refused: false,
  mode: "model",
  citations: [inFolder(1), again(2)],
  timing: { queuedMs: 2, retrieveMs: 31, writeMs: 1340 }
}

export const closest: Answer = {
  text: "The closest passages",
  refused: false,
  mode: "closest",
  citations: [inFolder(1), again(2), deleted(3)],
  timing
}

export const refused: Answer = {
  text: "Nothing that was read speaks of this, so I will not guess.",
  refused: true,
  mode: "closest",
  citations: [],
  timing
}

/** What the fake answers, first match first. */
const answers: ReadonlyArray<readonly [RegExp, Answer]> = [
  [/mongolia|uptime|weather/i, refused],
  [/\bmodel\b/i, written],
  [/outage/i, { ...written, mode: "quoted" }],
  [/./s, closest]
]

export class FakeApi {
  url = ""
  /** Asks for it on every call. */
  token: string | undefined
  /** Answers wait while this is held. */
  hold: Promise<void> | undefined
  /** Lists of messages wait while this is held. */
  holdReads: Promise<void> | undefined
  /** Messages are taken, and the connection ends before that is said. */
  losesAnswers = false
  status: typeof Status.Type = calm(Date.now() - 11_520 * second)

  private readonly page: Page
  private server: Server | undefined
  private port = 0
  private readonly channels: Array<LocalChannel> = []
  private readonly messages: Array<LocalMessage> = []
  private readonly keys = new Map<string, LocalMessage>()
  private readonly watchers = new Set<ServerResponse>()
  private readonly past: Array<{ readonly id: number; readonly happening: Happening }> = []
  private lastId = 0
  private reading = false
  private readBegan = () => {}

  private constructor(page: Page) {
    this.page = page
    for (const name of ["general", "help", "announcements"])
      this.channels.push({ id: `local:${name}`, name, createdAt: Date.now() - 86_400 * second })
  }

  static async start(): Promise<FakeApi> {
    const fake = new FakeApi(await bundle())
    await fake.listen()
    return fake
  }

  /** On the port it had before, if it had one. */
  async listen(): Promise<void> {
    this.server = createServer((request, response) => {
      this.handle(request, response).catch((error: unknown) => problem(response, 500, String(error)))
    })
    this.server.listen(this.port, "127.0.0.1")
    await once(this.server, "listening")
    this.port = (this.server.address() as AddressInfo).port
    this.url = `http://127.0.0.1:${this.port}`
  }

  /** Ends every connection; what was said stays. */
  async stop(): Promise<void> {
    this.watchers.clear()
    this.server?.closeAllConnections()
    await new Promise((resolve) => this.server?.close(resolve))
  }

  /** Nobody hears of what is done meanwhile. */
  silently(run: () => void): void {
    const watchers = [...this.watchers]
    this.watchers.clear()
    run()
    for (const watcher of watchers) this.watchers.add(watcher)
  }

  /** Tells every watcher that it missed too much. */
  reset(): void {
    for (const watcher of this.watchers) watcher.write('event: reset\ndata: {"type":"reset"}\n\n')
  }

  tell(happening: Happening): void {
    const numbered = { id: ++this.lastId, happening }
    this.past.push(numbered)
    for (const watcher of this.watchers) write(watcher, numbered)
  }

  /** Says something as somebody, without the API. */
  say(said: Omit<LocalMessage, "id" | "createdAt" | "editedAt"> & { readonly at?: number }): LocalMessage {
    const { at = Date.now(), ...message } = said
    const created = { ...message, id: `m${this.messages.length + 1}`, createdAt: at, editedAt: at }
    this.messages.push(created)
    this.tell({ type: "message.created", message: created })
    return created
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", this.url)
    const parts = url.pathname.split("/").slice(1).map(decodeURIComponent)
    if (parts[0] !== "api") return this.serve(parts[0]!, response)
    if (this.token !== undefined && request.headers.authorization !== `Bearer ${this.token}`)
      return problem(response, 401, "Expected the token in the Authorization header.")
    if (parts[1] === "events") return this.watch(request, response)
    const body = await bodyOf(request)
    const key = request.headers["idempotency-key"] as string | undefined
    switch ([`${request.method} ${parts[1]}`, ...parts.slice(3).filter((_, index) => index % 2 === 0)].join("/")) {
      case "GET channels":
        return json(response, this.channels)
      case "POST channels":
        return this.createChannel(body["name"], response)
      case "GET channels/messages":
        return this.read(parts[2]!, url.searchParams, response)
      case "POST channels/messages":
        return this.posted(this.post(parts[2]!, body, key), response)
      case "PATCH channels/messages":
        return this.edit(parts[4]!, body, response)
      case "DELETE channels/messages":
        return this.remove(parts[4]!, url.searchParams.get("authorId"), response)
      case "POST questions":
        return this.ask(body, key, response)
      case "POST channels/messages/thread":
        return this.openThread(parts[4]!, response)
      case "POST channels/messages/reactions":
        return this.react(parts[4]!, body, response)
      case "POST feedback":
        return this.judge(body, response)
      case "GET ways":
        return this.way(parts[2]!, response)
      case "GET topics":
        return json(response, this.topics)
      case "GET history":
        return json(response, { everyMs: 20_000, until: Date.now(), topics: {}, actors: {} })
      case "GET settings":
        return json(response, [
          { name: "PORT", description: "Port of the page", value: "7836", isSet: false, secret: false },
          { name: "API_TOKEN", description: "Secret of the API", value: null, isSet: true, secret: true }
        ])
      case "GET complaints":
        return json(response, this.complaints)
      case "GET dead-letters":
        return json(response, this.deadLetters)
      case "POST dead-letters":
        return this.redrive(body, response)
      case "GET sources":
        return json(response, this.sources)
      case "POST documents":
        return this.ingest(body, response)
      case "GET status":
        return json(response, this.status)
      case "GET documents":
        return parts.length === 2 ? json(response, sources()) : this.document(parts[2]!, response)
      default:
        return problem(response, 404, "There is nothing here.")
    }
  }

  private serve(name: string, response: ServerResponse): void {
    const files: Record<string, readonly [string, string]> = {
      "": ["text/html", this.page.html],
      "app.css": ["text/css", this.page.css],
      "app.js": ["text/javascript", this.page.js]
    }
    const file = files[name]
    if (!file) return problem(response, 404, "There is nothing here.")
    response.writeHead(200, { ...headers, "content-type": `${file[0]}; charset=utf-8` }).end(file[1])
  }

  private watch(request: IncomingMessage, response: ServerResponse): void {
    response.writeHead(200, { ...headers, "content-type": "text/event-stream", connection: "close" })
    response.write(": open\n\n")
    const last = request.headers["last-event-id"]
    if (last !== undefined) for (const numbered of this.past) if (numbered.id > Number(last)) write(response, numbered)
    this.watchers.add(response)
    response.on("close", () => this.watchers.delete(response))
  }

  private createChannel(name: unknown, response: ServerResponse): void {
    if (typeof name !== "string" || !/^[\p{L}\p{N}]/u.test(name)) return problem(response, 422, "Expected a name.")
    const channel = { id: `local:${name}`, name, createdAt: Date.now() }
    this.channels.push(channel)
    this.tell({ type: "channel.created", channel })
    json(response, channel)
  }

  /** Resolves when somebody waits for a list of messages. */
  readWaits(): Promise<void> {
    return this.reading ? Promise.resolve() : new Promise((resolve) => (this.readBegan = resolve))
  }

  /** What is there when it is asked for, sent when it may be. */
  private async read(channelId: string, query: URLSearchParams, response: ServerResponse): Promise<void> {
    const messages = this.newest(channelId, query)
    this.reading = true
    this.readBegan()
    await this.holdReads
    this.reading = false
    json(response, messages)
  }

  private newest(channelId: string, query: URLSearchParams): ReadonlyArray<LocalMessage> {
    const all = this.messages.filter((message) => message.channelId === channelId)
    const before = query.get("before")
    const end = before === null ? all.length : all.findIndex(({ id }) => id === before)
    return all.slice(Math.max(0, end - Number(query.get("limit") ?? 50)), end)
  }

  private post(channelId: string, body: Body, key: string | undefined, asks = false): LocalMessage {
    const before = key === undefined ? undefined : this.keys.get(key)
    if (before) return before
    const author = body["author"] as { readonly id: string; readonly name: string }
    const text = body["text"] as string
    const replyTo = body["replyTo"] as string | undefined
    const message = this.say({
      channelId,
      author: { ...author, bot: false },
      text,
      ...(replyTo === undefined ? {} : { replyTo })
    })
    if (key !== undefined) this.keys.set(key, message)
    if (asks || /^!rtfm\b|@rtfm\b/i.test(text)) void this.answer(message)
    return message
  }

  private posted(message: LocalMessage, response: ServerResponse): void {
    if (this.losesAnswers) response.destroy()
    else json(response, message)
  }

  private async answer(question: LocalMessage): Promise<void> {
    this.tell({ type: "typing", channelId: question.channelId })
    await this.hold
    const answer = answers.find(([asked]) => asked.test(question.text))![1]
    const { channelId } = question
    this.say({ channelId, author: bot, text: answer.text, replyTo: question.id, answer })
    this.tell({ type: "question.answered", questionId: question.id, channelId, refused: answer.refused })
  }

  private ask(body: Body, key: string | undefined, response: ServerResponse): void {
    const channelId = body["channelId"] as string
    const question = this.post(channelId, body, key, true)
    json(response, { id: question.id, question: question.text, channelId, state: "pending" }, 202)
  }

  private edit(id: string, body: Body, response: ServerResponse): void {
    const at = this.messages.findIndex((message) => message.id === id)
    const before = this.messages[at]
    if (!before) return problem(response, 404, "There is no message with this id.")
    if (before.author.id !== body["authorId"]) return problem(response, 403, "Only the author may edit a message.")
    const message = { ...before, text: body["text"] as string, editedAt: Date.now() }
    this.messages[at] = message
    this.tell({ type: "message.edited", message })
    json(response, message)
  }

  private remove(id: string, authorId: string | null, response: ServerResponse): void {
    const at = this.messages.findIndex((message) => message.id === id)
    const before = this.messages[at]
    if (!before) return problem(response, 404, "There is no message with this id.")
    if (before.author.id !== authorId) return problem(response, 403, "Only the author may delete a message.")
    this.messages.splice(at, 1)
    this.tell({ type: "message.deleted", channelId: before.channelId, messageId: id })
    response.writeHead(204, headers).end()
  }

  private openThread(messageId: string, response: ServerResponse): void {
    const root = this.messages.find(({ id }) => id === messageId)!
    const id = `${root.channelId}.${messageId}`
    const known = this.channels.find((channel) => channel.id === id)
    const thread = { parentId: root.channelId, messageId }
    const channel = known ?? { id, name: root.text.slice(0, 60), createdAt: Date.now(), thread }
    if (!known) {
      this.channels.push(channel)
      this.tell({ type: "channel.created", channel })
    }
    json(response, channel)
  }

  private change(id: string, more: Partial<LocalMessage>): LocalMessage {
    const at = this.messages.findIndex((message) => message.id === id)
    return (this.messages[at] = { ...this.messages[at]!, ...more })
  }

  private react(messageId: string, body: Body, response: ServerResponse): void {
    const author = body["author"] as { readonly id: string; readonly name: string }
    const emoji = body["emoji"] as string
    const before = this.messages.find(({ id }) => id === messageId)!.reactions ?? []
    const others = before.find((each) => each.emoji === emoji)?.by.filter(({ id }) => id !== author.id) ?? []
    const by = body["on"] === true ? [...others, author] : others
    const reactions = [...before.filter((each) => each.emoji !== emoji), ...(by.length > 0 ? [{ emoji, by }] : [])]
    const { channelId } = this.change(messageId, { reactions })
    this.tell({ type: "message.reacted", channelId, messageId, reactions })
    json(response, reactions)
  }

  /** Reasons people gave, newest last. */
  readonly reasons: Array<string> = []

  private judge(body: Body, response: ServerResponse): void {
    const messageId = body["answerId"] as string
    const { id: by } = body["author"] as { readonly id: string }
    const verdict = body["verdict"] as "helpful" | "unhelpful" | null
    if (typeof body["reason"] === "string") this.reasons.push(body["reason"])
    const others = (this.messages.find(({ id }) => id === messageId)!.opinions ?? []).filter((one) => one.by !== by)
    const opinions = verdict === null ? others : [...others, { by, verdict }]
    const { channelId } = this.change(messageId, { opinions })
    this.tell({ type: "message.judged", channelId, messageId, opinions })
    response.writeHead(204, headers).end()
  }

  /** What the next ways are, by their id; others are not known. */
  readonly ways = new Map<string, typeof WayInfo.Type>()

  private way(id: string, response: ServerResponse): void {
    const way = this.ways.get(id)
    if (way) json(response, way)
    else problem(response, 404, "There is no way with this id.")
  }

  deadLetters: Array<typeof DeadLetterInfo.Type> = []
  complaints: Array<typeof Complaint.Type> = []
  topics: ReadonlyArray<typeof TopicInfo.Type> = []
  sources: ReadonlyArray<typeof SourceState.Type> = []
  /** What was sent to be read. */
  readonly ingested: Array<{ readonly source: string; readonly paths: ReadonlyArray<string> }> = []
  /** The next documents are refused with this sentence. */
  refusesDocuments: string | undefined

  private redrive(body: Body, response: ServerResponse): void {
    const [wanted] = body["positions"] as ReadonlyArray<{ readonly partition: number; readonly offset: number }>
    const sent = this.deadLetters.filter(
      ({ offset, partition }) => offset === wanted!.offset && partition === wanted!.partition
    )
    this.deadLetters = this.deadLetters.filter((letter) => !sent.includes(letter))
    json(response, { sent: sent.length, refused: 0, deadLetters: sent })
  }

  private ingest(body: Body, response: ServerResponse): void {
    if (this.refusesDocuments !== undefined) return problem(response, 422, this.refusesDocuments)
    const documents = body["documents"] as ReadonlyArray<{ readonly path: string }>
    const source = body["source"] as string
    this.ingested.push({ source, paths: documents.map(({ path }) => path) })
    const counts = { added: documents.length, changed: 0, removed: 0, unchanged: 0, chunks: documents.length * 2 }
    json(response, { source, ...counts, problems: [] })
  }

  private document(id: string, response: ServerResponse): void {
    const document = documents.find((one) => one.id === id)
    if (!document) return problem(response, 404, "There is no document with this id.")
    json(response, { id, title: document.title, sections: document.sections })
  }
}

type Body = Readonly<Record<string, unknown>>

const bodyOf = async (request: IncomingMessage): Promise<Body> => {
  let text = ""
  for await (const piece of request.setEncoding("utf8")) text += piece as string
  return text === "" ? {} : (JSON.parse(text) as Body)
}

const json = (response: ServerResponse, value: unknown, status = 200): void => {
  response.writeHead(status, { ...headers, "content-type": "application/json" }).end(JSON.stringify(value))
}

const problem = (response: ServerResponse, status: number, detail: string): void => {
  const body = JSON.stringify({ type: "about:blank", title: "Problem", status, detail })
  response.writeHead(status, { ...headers, "content-type": "application/problem+json" }).end(body)
}

const write = (response: ServerResponse, numbered: { readonly id: number; readonly happening: Happening }): void => {
  response.write(`id: ${numbered.id}\nevent: message\ndata: ${JSON.stringify(numbered.happening)}\n\n`)
}

const sources = (): ReadonlyArray<typeof SourceInfo.Type> => [
  {
    source: "docs",
    refreshedAt: Date.now() - 3_600 * second,
    documents: documents.map(({ id, path, title, sections }) => ({
      id,
      path,
      title,
      chunks: sections.length,
      ingestedAt: Date.now() - 3_600 * second
    }))
  }
]

const actor = (name: string, route: string, handled: number, more: object = {}) => ({
  name,
  route,
  state: "running" as const,
  restarts: 0,
  inHand: 0,
  handled,
  lag: 0,
  deadLetters: 0,
  retries: 0,
  lastError: null,
  ...more
})

const calm = (startedAt: number): typeof Status.Type => ({
  version: "0.1.0",
  startedAt,
  ready: true,
  summary: "Questions are answered; 126 passages wait for a vector and are found by text.",
  actors: [
    actor("Listener", "local chat → discord-messages, bot-queries", 3118, { lag: null }),
    actor("Indexer", "discord-messages, document-chunks → passages", 4220, { inHand: 2 }),
    actor("Vectorizer", "passages → Chroma", 3981, {
      lag: 126,
      inHand: 32,
      retries: 5,
      restarts: 2,
      lastError: "Chroma did not answer within 10 s: the batch of 32 is tried again in 4 s."
    }),
    actor("Answerer", "bot-queries → bot-responses", 1164, { lag: 1, inHand: 1 }),
    actor("Speaker", "bot-responses → local chat", 1163),
    actor("Ingester", "files → document-chunks", 84, { state: "starting" as const, lag: null })
  ],
  parts: [
    { name: "broker", kind: "embedded", up: true, detail: "SQLite, data/broker.db, 18 MB" },
    { name: "chat", kind: "embedded", up: true, detail: "This page, 3 channels" },
    { name: "vectors", kind: "embedded", up: true, detail: "Chroma as a child process", breaker: "half-open" },
    { name: "embedder", kind: "embedded", up: true, detail: "MiniLM in a worker, loaded 2 min ago" },
    { name: "writer", kind: "embedded", up: true, detail: "Quotes; set GEMINI_API_KEY for prose" },
    { name: "state", kind: "embedded", up: true, detail: "SQLite, data/state.db, 4 MB" }
  ],
  knowledge: { documents: 2, chunks: 5, passages: 1284, messages: 182, waiting: 126 }
})
