/** What the browser keeps for the person: a name and a look for good, the token and the drafts for the tab. */
import { effect, signal } from "@preact/signals"
import type { Person } from "../Api.ts"
import { texts } from "./texts.ts"

export type Me = typeof Person.Type
export type Theme = "light" | "dark"

/** A browser may forbid storage altogether: then everything lasts as long as the page. */
const read = (storage: () => Storage, key: string): unknown => {
  try {
    return JSON.parse(storage().getItem(key) ?? "null")
  } catch {
    return null
  }
}

const write = (storage: () => Storage, key: string, value: unknown): void => {
  try {
    storage().setItem(key, JSON.stringify(value))
  } catch {
    return
  }
}

const forGood = () => localStorage
const forTab = () => sessionStorage

export const longestName = 40

/** As the API wants names. */
export const isName = (name: string): boolean => /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,39}$/u.test(name)

const isMe = (value: unknown): value is Me =>
  typeof value === "object" &&
  value !== null &&
  "id" in value &&
  typeof value.id === "string" &&
  "name" in value &&
  typeof value.name === "string"

const somebody = (): Me => {
  const random = crypto.getRandomValues(new Uint32Array(3))
  return {
    id: `page-${[...random].map((word) => word.toString(36)).join("")}`,
    name: texts.rail.guest(10 + (random[0]! % 90))
  }
}

const keptMe = read(forGood, "rtfm.me")
export const me = signal<Me>(isMe(keptMe) ? keptMe : somebody())

const keptTheme = read(forGood, "rtfm.theme")
/** `undefined`: as the system prefers. */
export const theme = signal<Theme | undefined>(keptTheme === "light" || keptTheme === "dark" ? keptTheme : undefined)

const keptToken = read(forTab, "rtfm.token")
export const token = signal<string | undefined>(typeof keptToken === "string" ? keptToken : undefined)

const keptDrafts = read(forTab, "rtfm.drafts")
/** What is written and not sent, by channel. */
export const drafts = signal<Readonly<Record<string, string>>>(
  typeof keptDrafts === "object" && keptDrafts !== null ? (keptDrafts as Record<string, string>) : {}
)

export const setDraft = (channelId: string, text: string): void => {
  drafts.value = { ...drafts.value, [channelId]: text }
}

export const otherTheme = (): void => {
  const shown = theme.value ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")
  theme.value = shown === "dark" ? "light" : "dark"
}

effect(() => write(forGood, "rtfm.me", me.value))
effect(() => write(forTab, "rtfm.token", token.value ?? null))
effect(() => write(forTab, "rtfm.drafts", drafts.value))
effect(() => {
  if (theme.value === undefined) return
  document.documentElement.dataset["theme"] = theme.value
  write(forGood, "rtfm.theme", theme.value)
})
