/** What a person can do in the chat. The stream brings the result; what fails says so and keeps the text. */
import type { Verdict } from "../../domain/Feedback.ts"
import type { LocalMessage } from "../../domain/Happening.ts"
import * as api from "./api.ts"
import { drafts, me, setDraft } from "./Kept.ts"
import { watch } from "./live.ts"
import { chatAddress, go } from "./Route.ts"
import * as state from "./state.ts"
import { texts } from "./texts.ts"

/** Whether rtfm reads a message as a question. */
export const asksTheBot = (text: string): boolean => /^\s*!rtfm\b/i.test(text) || /(?<![\w@])@rtfm\b/i.test(text)

export const start = (): void => {
  void watch({
    opened: (resumed) => {
      if (resumed) state.resumed()
      else void state.readAll()
      state.connection.value = { state: "live" }
    },
    happened: state.happened,
    reset: () => void state.readAll(),
    lost: (nextTryAt) => (state.connection.value = { state: "lost", nextTryAt })
  })
}

/** `randomUUID` is missing where the page is served without TLS from another host. */
export const newKey = (): string => [...crypto.getRandomValues(new Uint32Array(4))].map((n) => n.toString(36)).join("-")

/** A text that failed keeps its key, so that sending it again cannot say it twice. */
const keys = new Map<string, string>()

const keyOf = (...parts: ReadonlyArray<string | undefined>): string => {
  const content = JSON.stringify(parts)
  const key = keys.get(content) ?? newKey()
  keys.set(content, key)
  return key
}

const done = (key: string): void => {
  for (const [content, kept] of keys) if (kept === key) keys.delete(content)
}

export const send = async (channelId: string, text: string): Promise<void> => {
  const replyTo = state.replyingTo.peek()
  const key = keyOf("message", channelId, text, replyTo?.id)
  beginSending(channelId)
  try {
    const message = { text, author: me.peek(), ...(replyTo === undefined ? {} : { replyTo: replyTo.id }) }
    const posted = await api.post(channelId, message, key)
    done(key)
    state.happened([{ type: "message.created", message: posted }])
    followOn(posted.id)
    if (asksTheBot(text)) awaitAnswer(channelId, posted.id)
  } catch (error) {
    if (replyTo && state.channelId.peek() === channelId) state.replyingTo.value = replyTo
    giveBack(channelId, text, error)
  }
}

/** A reply that asks is a message, because a question by itself replies to nothing. */
export const ask = async (channelId: string, text: string): Promise<void> => {
  if (asksTheBot(text)) return send(channelId, text)
  if (state.replyingTo.peek()) return send(channelId, `@rtfm ${text}`)
  const key = keyOf("question", channelId, text)
  const askedAt = Date.now()
  beginSending(channelId)
  state.waitFor(key, channelId)
  try {
    const asked = await api.ask({ text, channelId, author: me.peek() }, key)
    done(key)
    followOn(asked.id)
    if ("state" in asked) awaitAnswer(channelId, asked.id)
  } catch (error) {
    if (!wasSaid(channelId, text, askedAt)) giveBack(channelId, text, error)
  } finally {
    state.stopWaiting(key)
  }
}

/** With the way of something open, what is said next is followed. */
const followOn = (id: string): void => {
  if (state.followed.peek() !== undefined) state.followed.value = id
}

/** The answer may have come before the call that asked was back. */
const awaitAnswer = (channelId: string, questionId: string): void => {
  const messages = state.roomOf(channelId).messages.peek()
  if (!messages.some((message) => message.answer && message.replyTo === questionId))
    state.waitFor(questionId, channelId)
}

/** A question that is in the channel was asked, whatever became of the call; clocks may differ by a little. */
const wasSaid = (channelId: string, text: string, since: number): boolean =>
  state
    .roomOf(channelId)
    .messages.peek()
    .some((said) => said.author.id === me.peek().id && said.text === text && said.createdAt > since - 5_000)

const beginSending = (channelId: string): void => {
  setDraft(channelId, "")
  state.replyingTo.value = undefined
  setFailure(channelId, undefined)
}

const giveBack = (channelId: string, text: string, error: unknown): void => {
  if ((drafts.peek()[channelId] ?? "") === "") setDraft(channelId, text)
  setFailure(channelId, texts.compose.notSent(sentence(error)))
}

const sentence = (error: unknown): string => {
  const { message } = api.asProblem(error)
  return /[.!?]$/.test(message) ? message : `${message}.`
}

export const setFailure = (channelId: string, text: string | undefined): void => {
  const others = Object.entries(state.failures.peek()).filter(([id]) => id !== channelId)
  state.failures.value = Object.fromEntries(text === undefined ? others : [...others, [channelId, text]])
}

/** Tells whether it was saved. */
export const saveEdit = async (message: LocalMessage, text: string): Promise<boolean> => {
  try {
    const edited = await api.edit(message, text)
    state.happened([{ type: "message.edited", message: edited }])
    setFailure(message.channelId, undefined)
    return true
  } catch (error) {
    setFailure(message.channelId, sentence(error))
    return false
  }
}

export const remove = async (message: LocalMessage): Promise<void> => {
  state.removing.value = undefined
  try {
    await api.remove(message)
    state.happened([{ type: "message.deleted", channelId: message.channelId, messageId: message.id }])
  } catch (error) {
    setFailure(message.channelId, sentence(error))
  }
}

/** Tells what went wrong, or nothing. */
export const createChannel = async (name: string): Promise<string | undefined> => {
  try {
    const created = await api.createChannel(name)
    state.addChannel(created)
    go(chatAddress(created.id))
    return undefined
  } catch (error) {
    return sentence(error)
  }
}

/** What goes wrong is said above the message box. */
const trying = async (channelId: string, run: () => Promise<void>): Promise<boolean> => {
  try {
    await run()
    setFailure(channelId, undefined)
    return true
  } catch (error) {
    setFailure(channelId, sentence(error))
    return false
  }
}

/** Puts an emoji under a message, or takes one's own away. */
export const react = (message: LocalMessage, emoji: string): Promise<boolean> =>
  trying(message.channelId, async () => {
    const mine = message.reactions?.some(
      (each) => each.emoji === emoji && each.by.some(({ id }) => id === me.peek().id)
    )
    const reactions = await api.react(message, emoji, me.peek(), !mine)
    const { channelId, id } = message
    state.happened([{ type: "message.reacted", channelId, messageId: id, reactions }])
  })

export const openThread = (message: LocalMessage): Promise<boolean> =>
  trying(message.channelId, async () => {
    const thread = await api.openThread(message)
    state.addChannel(thread)
    go(chatAddress(thread.id))
  })

/** Says what one thinks of an answer; the same verdict again takes it back. */
export const judge = (message: LocalMessage, verdict: Verdict | null, reason?: string): Promise<boolean> =>
  trying(message.channelId, () => api.judge(message.id, me.peek(), verdict, reason))
