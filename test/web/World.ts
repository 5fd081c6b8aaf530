/** Everything the web needs, held in memory; the test plays the bot. */
import { Clock, Context, Effect, Layer, Option } from "effect"
import { Ingester } from "../../src/actors/Ingester.ts"
import { Refresher } from "../../src/actors/Refresher.ts"
import { Supervisor } from "../../src/actors/Supervise.ts"
import * as MemoryBroker from "../../src/broker/Memory.ts"
import { Chat, ChatError } from "../../src/chat/Chat.ts"
import { LocalChat } from "../../src/chat/LocalChat.ts"
import { Converter } from "../../src/docs/formats/Converter.ts"
import { Documents } from "../../src/docs/Documents.ts"
import type { Answer } from "../../src/domain/Answer.ts"
import type { ActorStatus, LocalChannel, LocalMessage } from "../../src/domain/Happening.ts"
import * as Feedback from "../../src/knowledge/Feedback.ts"
import { Recent } from "../../src/events/Recent.ts"
import { Steps } from "../../src/events/Steps.ts"
import { Indexes } from "../../src/knowledge/Indexes.ts"
import { Passages } from "../../src/knowledge/Passages.ts"
import { Retriever } from "../../src/knowledge/Retriever.ts"
import { Retrievers } from "../../src/knowledge/RetrieverLive.ts"
import { Embedder } from "../../src/model/Embedder.ts"
import { Happenings } from "../../src/runtime/Happenings.ts"
import { Parts } from "../../src/runtime/Parts.ts"
import * as Ways from "../../src/runtime/Ways.ts"
import * as Migrations from "../../src/state/Migrations.ts"
import * as Sqlite from "../../src/state/Sqlite.ts"

export const answer: Answer = {
  text: "Run `rtfm ingest docs` [1]",
  refused: false,
  mode: "closest",
  citations: [
    {
      n: 1,
      quote: "rtfm ingest docs",
      title: "Ingest",
      url: "/#/documents/readme",
      passageId: "readme#0/0",
      passage: "Run rtfm ingest docs to add a folder."
    }
  ],
  timing: { queuedMs: 1, retrieveMs: 2, writeMs: 3 }
}

export class World extends Context.Service<
  World,
  {
    /** Says the bot's answer, as the Speaker does. */
    answer(questionId: string): Effect.Effect<void>
    /** The messages there are, in order. */
    readonly messages: Array<LocalMessage>
    /** Waits until so many messages of people are there. */
    posted(count: number): Effect.Effect<void>
    readonly failing: Array<string>
    /** What the next calls fail with. */
    broken: ChatError | undefined
    defect: Error | undefined
  }
>()("rtfm/test/web/World") {}

const actor: ActorStatus = {
  name: "answerer",
  route: "bot-queries → bot-responses",
  state: "running",
  restarts: 0,
  inHand: 0,
  handled: 3,
  lag: 0,
  deadLetters: 0,
  retries: 0,
  lastError: null
}

const channel = { id: "local:general", name: "general", createdAt: 1 }
const bot = { id: "rtfm", name: "rtfm", bot: true }

const make = Effect.gen(function* () {
  const happenings = yield* Happenings
  const channels: Array<LocalChannel> = [channel]
  const messages: Array<LocalMessage> = []
  const waiting = new Set<() => void>()
  let next = 1

  const add = (message: LocalMessage) =>
    Effect.suspend(() => {
      messages.push(message)
      for (const wake of waiting) wake()
      return Effect.as(happenings.tell({ type: "message.created", message }), message)
    })

  const world = World.of({
    messages,
    failing: [],
    broken: undefined,
    defect: undefined,
    posted: (count) =>
      Effect.callback<void>((resume) => {
        const look = () => {
          if (messages.filter(({ author }) => !author.bot).length >= count) resume(Effect.void)
        }
        waiting.add(look)
        look()
        return Effect.sync(() => waiting.delete(look))
      }),
    answer: (questionId) =>
      Effect.gen(function* () {
        const question = messages.find(({ id }) => id === questionId)!
        yield* add({
          id: `answer-${questionId}`,
          channelId: question.channelId,
          author: bot,
          text: answer.text,
          replyTo: questionId,
          createdAt: 2,
          editedAt: 2,
          answer
        })
        yield* happenings.tell({
          type: "question.answered",
          questionId,
          channelId: question.channelId,
          refused: answer.refused
        })
      })
  })

  const whole = <A>(effect: Effect.Effect<A, ChatError>) =>
    Effect.suspend(() => {
      if (world.defect !== undefined) return Effect.die(world.defect)
      return world.broken === undefined ? effect : Effect.fail(world.broken)
    })
  const refuse = (reason: ChatError["reason"], detail: string) => Effect.fail(new ChatError({ reason, detail }))
  const own = (id: string, authorId: string) => {
    const message = messages.find((message) => message.id === id)
    if (message === undefined) return refuse("invalid", `There is no message ${id}`)
    return message.author.id === authorId
      ? Effect.succeed(message)
      : refuse("forbidden", "Only its author may change it")
  }

  const localChat = LocalChat.of({
    channels: whole(Effect.succeed(channels)),
    createChannel: (name) =>
      Effect.sync(() => {
        const created = { id: `local:${name}`, name, createdAt: 2 }
        channels.push(created)
        return created
      }),
    openThread: (messageId) =>
      Effect.sync(() => {
        const thread = { parentId: channel.id, messageId }
        const opened = { id: `${channel.id}.${messageId}`, name: "a thread", createdAt: 2, thread }
        channels.push(opened)
        return opened
      }),
    react: ({ by, emoji, on }) => Effect.succeed(on ? [{ emoji, by: [by] }] : []),
    messages: (channelId, { limit }) =>
      channels.some(({ id }) => id === channelId)
        ? Effect.sync(() => messages.filter((message) => message.channelId === channelId).slice(-limit))
        : refuse("unknown-channel", `There is no channel ${channelId}`),
    message: (id) => whole(Effect.sync(() => messages.find((message) => message.id === id))),
    answerTo: (id) => Effect.sync(() => messages.find((message) => message.replyTo === id && message.answer)),
    post: (post) =>
      whole(
        Effect.gen(function* () {
          const id = post.idempotencyKey === undefined ? `m-${next++}` : `m-${post.idempotencyKey}`
          const existing = messages.find((message) => message.id === id)
          if (existing !== undefined) return existing
          if (!channels.some(({ id }) => id === post.channelId)) {
            return yield* refuse("unknown-channel", `There is no channel ${post.channelId}`)
          }
          const now = yield* Clock.currentTimeMillis
          return yield* add({
            id,
            channelId: post.channelId,
            author: { ...post.author, bot: false },
            text: post.text,
            ...(post.replyTo !== undefined && { replyTo: post.replyTo }),
            createdAt: now,
            editedAt: now
          })
        })
      ),
    edit: ({ authorId, messageId, text }) =>
      Effect.map(own(messageId, authorId), (message) => {
        const edited = { ...message, text, editedAt: 3 }
        messages.splice(messages.indexOf(message), 1, edited)
        return edited
      }),
    remove: ({ authorId, messageId }) =>
      Effect.map(own(messageId, authorId), (message) => void messages.splice(messages.indexOf(message), 1))
  })

  const chat = Chat.of({
    heard: undefined as never,
    say: () => Effect.die("not said here"),
    draft: () => Effect.void,
    revise: () => Effect.void,
    audience: () => Effect.succeed({ serverId: "local", channelIds: new Set(channels.map(({ id }) => id)) }),
    announcements: Effect.succeed("local:announcements"),
    outdated: () => Effect.succeed(new Set()),
    typing: () => Effect.void
  })

  const supervisor = Supervisor.of({
    actors: Effect.succeed([actor]),
    failing: Effect.sync(() => world.failing),
    draining: Effect.succeed(false),
    fatal: Effect.never
  })

  return Context.make(World, world).pipe(
    Context.add(LocalChat, localChat),
    Context.add(Chat, chat),
    Context.add(Supervisor, supervisor)
  )
})

const chunk = {
  id: "readme#0",
  kind: "document" as const,
  title: "Readme › Ingest",
  text: "Run rtfm ingest docs to add a folder.",
  url: "/#/documents/readme",
  serverId: null,
  channelId: null,
  threadId: null,
  documentId: "handbook/readme.md",
  editedAt: 1,
  passages: []
}

const signals = { text: 1, cosine: 0.5, coverage: 1, bigrams: 1, title: 0 }

const Opinions = Feedback.layer.pipe(
  Layer.provide(Migrations.layer.pipe(Layer.provideMerge(Sqlite.layerClient(":memory:"))))
)

const reading = { state: "reading" as const, done: 1, total: 2, report: null, error: null }
const removal = { added: 0, changed: 0, removed: 1, unchanged: 0, chunks: 0, problems: [] }

const Knowledge = Layer.mergeAll(
  Opinions,
  Layer.mock(Passages, {
    counts: Effect.succeed({ documents: 1, chunks: 1, passages: 1, messages: 0 }),
    countUnembedded: () => Effect.succeed(4),
    chunks: (ids) => Effect.succeed(ids.map((id) => ({ ...chunk, id })).toReversed())
  }),
  Layer.mock(Retriever, {
    retrieve: () =>
      Effect.succeed({
        found: [{ chunk, score: 2, signals, bestPassageId: "readme#0/0" }],
        grounds: { score: 2, threshold: 1, enough: true },
        vector: null
      })
  }),
  Layer.mock(Steps, { history: () => Effect.succeed([{ step: "Payment", outcome: "done", detail: "2.50", at: 1 }]) }),
  Layer.mock(Recent, { published: () => Effect.void }),
  Layer.mock(Retrievers, {}),
  Layer.mock(Indexes, { all: Effect.succeed([]), next: Effect.succeed(undefined) }),
  Layer.mock(Embedder, { id: "fake", dimensions: 3 }),
  Layer.mock(Documents, {
    list: Effect.succeed([
      {
        source: "handbook",
        place: { kind: "folder" as const, origin: "/srv/handbook" },
        problems: [{ path: "old.md", reason: "is not UTF-8 text" }],
        refreshedAt: 1,
        documents: [{ id: "handbook/readme.md", path: "readme.md", title: "Readme", url: "", chunks: 2, ingestedAt: 1 }]
      }
    ]),
    get: (id) =>
      Effect.succeed(
        id === "handbook/readme.md"
          ? Option.some({ id, path: "readme.md", title: "Readme", url: "", chunks: 2, ingestedAt: 1 })
          : Option.none()
      )
  }),
  Layer.mock(Converter, {}),
  Layer.mock(Refresher, {
    readings: Effect.succeed(new Map([["site", { ...reading, source: "site" }]])),
    add: (_address, name = "site") => Effect.succeed({ ...reading, source: name }),
    refresh: (source) => Effect.succeed(source === "handbook" ? { ...reading, source } : undefined),
    remove: (source) => Effect.succeed(source === "handbook" ? { ...removal, source } : undefined)
  }),
  Layer.succeed(
    Ingester,
    Ingester.of({
      ingest: ({ files, problems = [], source }) =>
        Effect.succeed({
          source,
          added: files.length,
          changed: 0,
          removed: 0,
          unchanged: problems.length,
          chunks: files.length,
          problems
        })
    })
  )
)

export const layer = Layer.effectContext(make).pipe(
  Layer.provideMerge(Ways.layer),
  Layer.provideMerge(Layer.mergeAll(Happenings.layer, Parts.layer, Knowledge, MemoryBroker.layerMemory))
)
