/** Answers as Discord shows them: text with numbered links, sources below, and buttons. Pure. */
import { ButtonStyle, type APIActionRowComponent, type APIButtonComponent, ComponentType } from "discord-api-types/v10"
import type { Answer, Citation } from "../../domain/Answer.ts"
import type { Reply } from "../Chat.ts"
import { link, neutralise, split } from "./DiscordText.ts"

/** One message. */
export interface Part {
  readonly content: string
  readonly components: ReadonlyArray<APIActionRowComponent<APIButtonComponent>>
}

/** Sources that are named below an answer. */
const sourcesShown = 5

/** Pages of our own have an address only where the operator says under which they are reached. */
const addressOf = (url: string, publicUrl: URL | undefined): string => {
  if (URL.canParse(url)) return url
  return publicUrl === undefined ? "" : new URL(url, publicUrl).href
}

/** Fences and inline code are left alone: what looks like a number in them is code. */
const outsideCode = (text: string, change: (text: string) => string): string =>
  text
    .split(/(^(?:> ?)?```[\s\S]*?^(?:> ?)?```|`[^`\n]+`)/m)
    .map((piece, i) => (i % 2 === 1 ? piece : change(piece)))
    .join("")

/** `[n]` becomes a link to its source; a number that stands for none stays text. */
const linked = (text: string, citations: ReadonlyArray<Citation>, publicUrl: URL | undefined): string => {
  const urls = new Map(citations.map(({ n, url }) => [String(n), addressOf(url, publicUrl)]))
  return outsideCode(text, (piece) =>
    piece.replaceAll(/\[(\d+)\](?!\()/g, (token, n: string) => {
      const url = urls.get(n)
      return url === undefined || url === "" ? token : link(`[${n}]`, url)
    })
  )
}

const sourcesOf = (citations: ReadonlyArray<Citation>, publicUrl: URL | undefined): ReadonlyArray<string> => {
  const seen = new Set<string>()
  const lines = citations.flatMap(({ n, title, url }) => {
    if (seen.has(url)) return []
    seen.add(url)
    return [`-# [${n}] ${link(title, addressOf(url, publicUrl))}`]
  })
  return lines.slice(0, sourcesShown)
}

export const answerText = (answer: Answer, publicUrl: URL | undefined): string => {
  const below = sourcesOf(answer.citations, publicUrl)
  const text = linked(neutralise(answer.text), answer.citations, publicUrl)
  return below.length === 0 ? text : `${text}\n\n${below.join("\n")}`
}

const button = (custom_id: string, emoji: string, label?: string): APIButtonComponent => ({
  type: ComponentType.Button,
  style: ButtonStyle.Secondary,
  custom_id,
  emoji: { name: emoji },
  ...(label !== undefined && { label })
})

/** What a button under an answer does. */
export const buttonActions = ["up", "down", "sources", "again", "human"] as const
export type ButtonAction = (typeof buttonActions)[number]

const buttonPrefix = "rtfm"
export const buttonId = (action: ButtonAction, replyId: string): string => `${buttonPrefix}:${action}:${replyId}`

/** `undefined` for what is no button of ours. */
export const buttonIn = (customId: string): { readonly action: ButtonAction; readonly replyId: string } | undefined => {
  const [prefix, action, ...rest] = customId.split(":")
  const known = buttonActions.find((each) => each === action)
  return prefix !== buttonPrefix || known === undefined ? undefined : { action: known, replyId: rest.join(":") }
}

/** Under an answer; ids of more than 100 characters, which no question of Discord has, get none. */
const buttonsOf = ({ answer, id }: Reply, asksHuman: boolean): Part["components"] => {
  if (answer === undefined || buttonId("sources", id).length > 100) return []
  const buttons = [
    button(buttonId("up", id), "👍"),
    button(buttonId("down", id), "👎"),
    ...(answer.citations.length === 0 ? [] : [button(buttonId("sources", id), "📖", "Sources")]),
    button(buttonId("again", id), "🔁", "Ask again"),
    ...(asksHuman ? [button(buttonId("human", id), "🙋", "Ask a human")] : [])
  ]
  return [{ type: ComponentType.ActionRow, components: buttons }]
}

/** The messages of a reply, in order; at least one. The buttons stand under the last. */
export const partsOf = (
  reply: Reply,
  { asksHuman, publicUrl }: { readonly publicUrl: URL | undefined; readonly asksHuman: boolean }
): ReadonlyArray<Part> => {
  const text = reply.answer === undefined ? neutralise(reply.text) : answerText(reply.answer, publicUrl)
  const parts = split(text)
  const shown = parts.length === 0 ? ["…"] : parts
  const components = buttonsOf(reply, asksHuman)
  return shown.map((content, i) => ({ content, components: i === shown.length - 1 ? components : [] }))
}
