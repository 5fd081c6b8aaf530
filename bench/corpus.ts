/** Documentation made up for measuring: words as rare as in real text, and vectors that are there already. */
import { Effect, Layer } from "effect"
import type { ChatEvent } from "../src/domain/ChatMessage.ts"
import type { DocumentRecord } from "../src/domain/Document.ts"
import { Embedder } from "../src/model/Embedder.ts"

const dimensions = 384
const vocabulary = 4_000
const sectionsOfDocument = 20
const wordsOfSentence = 12
const sentencesOfSection = 7

/** The same numbers in every run (mulberry32). */
const randomFrom = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
}

/** A hundred, so that words begin in as many ways as those of a language do. */
const syllables = [..."bcdfghklmnprstvwabio"].flatMap((start) =>
  ["al", "er", "in", "on", "us"].map((end) => `${start}${end}`)
)
const wordOf = (n: number): string => `${syllables[n % 100]}${n < 100 ? "" : syllables[Math.floor(n / 100)]}`

/** The n-th word is met about n times more rarely than the first. */
const words = (random: () => number, count: number) =>
  Array.from({ length: count }, () => wordOf(Math.floor(vocabulary ** random())))

const sentence = (random: () => number) => `${words(random, wordsOfSentence).join(" ")}.`

/** Sections of one passage each. */
export const sections = (count: number): ReadonlyArray<DocumentRecord & { readonly type: "chunk" }> => {
  const random = randomFrom(1)
  return Array.from({ length: count }, (_, i) => {
    const ordinal = i % sectionsOfDocument
    const documentId = `bench/${Math.floor(i / sectionsOfDocument)}.md`
    const total = Math.min(sectionsOfDocument, count - (i - ordinal))
    const text = Array.from({ length: sentencesOfSection }, () => sentence(random)).join(" ")
    const chunk = { id: `${documentId}#${ordinal}`, ordinal, title: words(random, 3).join(" "), text, url: `/${i}` }
    return { type: "chunk", documentId, source: "bench", version: "1", total, chunk }
  })
}

/** Messages of one or two sentences in a channel of the page. */
export const messages = (count: number, channelId: string): ReadonlyArray<ChatEvent & { readonly type: "created" }> => {
  const random = randomFrom(3)
  return Array.from({ length: count }, (_, i) => {
    const text = Array.from({ length: 1 + Math.floor(random() * 2) }, () => sentence(random)).join(" ")
    const author = { id: `person-${i % 50}`, name: `Person ${i % 50}`, bot: false }
    const at = { createdAt: i, editedAt: i, url: `/messages/${i}` }
    return {
      type: "created",
      message: { id: `bench-${i}`, serverId: "local", channelId, author, text, mentionsBot: false, ...at }
    }
  })
}

/** Questions about some of the texts, in words of theirs. */
export const questions = (count: number, about: ReadonlyArray<string>): ReadonlyArray<string> => {
  const random = randomFrom(2)
  return Array.from({ length: count }, (_, n) => {
    const words = about[Math.floor(random() * about.length)]!.split(" ")
    const asked = words.filter(() => random() < 6 / words.length)
    return `Question ${n}: what about ${asked.slice(0, 6).join(" ")}?`
  })
}

const axes = new Map<string, Float32Array>()
const axisOf = (word: string): Float32Array => {
  let axis = axes.get(word)
  if (axis === undefined) {
    const random = randomFrom([...word].reduce((sum, char) => Math.imul(sum, 31) + char.charCodeAt(0), 7))
    axis = Float32Array.from({ length: dimensions }, () => random() - 0.5)
    axes.set(word, axis)
  }
  return axis
}

/** Texts that share words are near each other. */
const vectorOf = (text: string): Float32Array => {
  const vector = new Float32Array(dimensions)
  for (const word of text.toLowerCase().match(/\w+/g) ?? [""]) {
    const axis = axisOf(word)
    for (let i = 0; i < dimensions; i++) vector[i]! += axis[i]!
  }
  const length = Math.hypot(...vector)
  return vector.map((x) => x / length)
}

/** An embedder that has the vectors of `texts`, and takes no time for them. */
export const embedderOf = (id: string, texts: Iterable<string>): Embedder["Service"] => {
  const stored = new Map(Array.from(texts, (text) => [text, vectorOf(text)]))
  const embed = (asked: ReadonlyArray<string>) =>
    Effect.sync(() => asked.map((text) => stored.get(text) ?? vectorOf(text)))
  return {
    id,
    dimensions,
    embedPassages: embed,
    embedQueries: embed,
    status: Effect.succeed({ state: "loaded", detail: "vectors of a benchmark" })
  }
}

export const embedder = (id: string, texts: Iterable<string>) => Layer.succeed(Embedder, embedderOf(id, texts))
