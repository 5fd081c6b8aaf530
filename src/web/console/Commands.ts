/** What can be typed after a slash, and what a text can be completed with. */
import { ask, createChannel, setFailure } from "./actions.ts"
import { longest } from "./api.ts"
import { isName, me, setDraft } from "./Kept.ts"
import { wayOf } from "./MessageActions.tsx"
import { documentsAddress, eventsAddress, go, machineAddress } from "./Route.ts"
import { keysOpen, roomOf } from "./state.ts"
import { texts } from "./texts.ts"
import { follow } from "./WayPanel.tsx"

type Name = keyof typeof texts.compose.commands

const commands: Readonly<
  Record<Name, (channelId: string, rest: string) => string | undefined | Promise<string | undefined>>
> = {
  ask: (channelId, rest) => {
    if (rest !== "") void ask(channelId, rest)
    return undefined
  },
  documents: () => void go(documentsAddress()),
  events: () => void go(eventsAddress()),
  machine: () => void go(machineAddress),
  way: (channelId) => {
    const newest = roomOf(channelId).messages.peek().at(-1)
    if (newest) follow(wayOf(newest))
    return undefined
  },
  channel: (_, rest) => createChannel(rest),
  name: (_, rest) => {
    if (!isName(rest)) return texts.rail.wrongName
    me.value = { ...me.peek(), name: rest }
    return undefined
  },
  keys: () => {
    keysOpen.value = true
    return undefined
  }
}

const isCommand = (name: string): name is Name => Object.hasOwn(commands, name)

const parsed = (text: string) => /^\/([a-z]+)(?:\s+([^]*))?$/i.exec(text.trim())

/** Runs a text that is a command; tells whether it was one. A path such as `/etc/hosts` is none. */
export const runCommand = (channelId: string, text: string): boolean => {
  const [, name, rest = ""] = parsed(text) ?? []
  if (name === undefined) return false
  if (!isCommand(name.toLowerCase())) {
    setFailure(channelId, texts.compose.unknownCommand(name))
    return true
  }
  setDraft(channelId, "")
  setFailure(channelId, undefined)
  void Promise.resolve(commands[name.toLowerCase() as Name](channelId, rest.trim())).then((problem) => {
    if (problem === undefined) return
    setFailure(channelId, problem)
    setDraft(channelId, text)
  })
  return true
}

export interface Completion {
  /** What is put in place of what was typed. */
  readonly text: string
  readonly shown: string
  readonly hint: string
  readonly does: string
}

/** For what stands before the caret: commands at the start of a text, people after an at sign. */
export const completionsFor = (channelId: string, before: string): ReadonlyArray<Completion> => {
  if (before.length > longest) return []
  const typed = /^\/([a-z]*)$/i.exec(before)?.[1]?.toLowerCase()
  if (typed !== undefined)
    return Object.entries(texts.compose.commands)
      .filter(([name]) => name.startsWith(typed))
      .map(([name, { does, hint }]) => ({ text: `/${name} `, shown: `/${name}`, hint, does }))
  const named = /(?:^|\s)@([\p{L}\p{N}_.-]*)$/u.exec(before)?.[1]?.toLowerCase()
  return named === undefined ? [] : people(channelId).filter(({ shown }) => shown.toLowerCase().startsWith(`@${named}`))
}

/** Completed to at most so many. */
const most = 8

/** The bot first, then who spoke here last. */
const people = (channelId: string): ReadonlyArray<Completion> => {
  const authors = roomOf(channelId)
    .messages.peek()
    .toReversed()
    .filter(({ author }) => !author.bot && author.id !== me.peek().id)
    .map(({ author }) => author.name)
  const names = [...new Set(authors)].slice(0, most - 1)
  const bot = { text: `@${texts.bot} `, shown: `@${texts.bot}`, hint: "", does: texts.compose.askBot }
  return [bot, ...names.map((name) => ({ text: `@${name} `, shown: `@${name}`, hint: "", does: "" }))]
}

/** The text with the completion in place of what was typed for it. */
export const completed = (before: string, { text }: Completion): string =>
  text.startsWith("/") ? text : before.replace(/@[\p{L}\p{N}_.-]*$/u, text)
