/** A rich notification as Discord shows one, and the limits it refuses to show more than. */
import { Schema } from "effect"
import { Millis } from "./ChatMessage.ts"

export const EmbedField = Schema.Struct({
  name: Schema.String,
  value: Schema.String,
  inline: Schema.optionalKey(Schema.Boolean)
})
export type EmbedField = typeof EmbedField.Type

/** Texts are Markdown: what comes from users goes through `escaped` first. */
export const Embed = Schema.Struct({
  title: Schema.String,
  url: Schema.optionalKey(Schema.String),
  author: Schema.optionalKey(Schema.String),
  description: Schema.optionalKey(Schema.String),
  /** `0xRRGGBB`. */
  color: Schema.Int,
  fields: Schema.Array(EmbedField),
  footer: Schema.optionalKey(Schema.String),
  at: Millis
})
export type Embed = typeof Embed.Type

/**
 * What Discord refuses to show more than, from its documentation of messages ("Embed Limits"). It counts characters
 * where these count UTF-16 units, of which there are never fewer.
 */
export const limits = {
  title: 256,
  author: 256,
  description: 4096,
  fields: 25,
  name: 256,
  value: 1024,
  footer: 2048,
  url: 2048,
  embeds: 10,
  /** Over all embeds of a message. */
  total: 6000
} as const

/** Stands where text was cut. */
export const cutMark = " […]"
/** Stands where there is no text, since Discord refuses empty names and values. */
const nothing = "—"

/** At most `most` units, with a mark where it was cut, and never half a character. */
export const clip = (text: string, most: number): string => {
  if (text.length <= most) return text
  return text.slice(0, most - cutMark.length).replace(/[\uD800-\uDBFF]$/, "") + cutMark
}

/** Trimmed as Discord does it. */
const shown = (text: string, most: number): string => clip(text.trim() === "" ? nothing : text.trim(), most)

/** The text as it reads, whatever Markdown or mentions it would be. */
export const escaped = (text: string): string =>
  text
    .replaceAll(/[\\*_~`|[\]<>]/g, String.raw`\$&`)
    .replaceAll(/^(\s*)([#+-])(?=[\s#])/gm, String.raw`$1\$2`)
    .replaceAll(/@(?=everyone|here)/g, "@\u200B")

const lengthOf = (text: string | undefined): number => text?.length ?? 0

/** What counts against the limit of a message. */
export const sizeOf = ({ author, description, fields, footer, title }: Embed): number =>
  [title, author, description, footer, ...fields.flatMap(({ name, value }) => [name, value])].reduce(
    (sum, text) => sum + lengthOf(text),
    0
  )

const fittedFields = (fields: ReadonlyArray<EmbedField>): ReadonlyArray<EmbedField> => {
  const more = fields.length - (limits.fields - 1)
  const kept =
    fields.length <= limits.fields
      ? fields
      : [...fields.slice(0, limits.fields - 1), { name: cutMark.trim(), value: `${more} more fields` }]
  return kept.map((field) => ({
    ...field,
    name: shown(field.name, limits.name),
    value: shown(field.value, limits.value)
  }))
}

/** Short enough that an embed of nothing but such texts fits: 4 and 25 times 2 of them. */
const shortEnough = 100

/** Takes away from its longest text, and from the next longest, until the whole has at most so many units. */
const within = (total: number, embed: Embed): Embed => {
  const over = sizeOf(embed) - total
  if (over <= 0) return embed
  const texts = [embed.title, embed.author, embed.description, embed.footer]
  const longest = Math.max(...[...texts, ...embed.fields.flatMap(({ name, value }) => [name, value])].map(lengthOf))
  const most = Math.max(shortEnough, longest - over)
  let left = 1
  const cut = (text: string): string => (text.length === longest && left-- > 0 ? clip(text, most) : text)
  return within(total, {
    ...embed,
    title: cut(embed.title),
    ...(embed.author !== undefined && { author: cut(embed.author) }),
    ...(embed.description !== undefined && { description: cut(embed.description) }),
    ...(embed.footer !== undefined && { footer: cut(embed.footer) }),
    fields: embed.fields.map((field) => ({ ...field, name: cut(field.name), value: cut(field.value) }))
  })
}

const optional = <K extends string>(key: K, text: string | undefined, most: number) =>
  (text === undefined || text.trim() === "" ? {} : { [key]: shown(text, most) }) as { readonly [_ in K]?: string }

const isLink = (url: string | undefined): url is string =>
  url !== undefined && url.length <= limits.url && /^https?:\/\/[^\s/]/.test(url) && URL.canParse(url)

/** Within every limit, with `room` left in the footer; text that was cut shows it. */
export const fitted = ({ at, author, color, description, fields, footer, title, url }: Embed, room = 0): Embed =>
  within(limits.total - room, {
    title: shown(title, limits.title),
    ...(isLink(url) && { url }),
    ...optional("author", author, limits.author),
    ...optional("description", description, limits.description),
    color: Math.min(Math.max(Math.trunc(color), 0), 0xffffff),
    fields: fittedFields(fields),
    ...optional("footer", footer, limits.footer - room),
    at
  })

const line = ({ name, value }: EmbedField): string => `**${name}:** ${value}`

/** The same as Markdown, for where there are no embeds. */
export const toText = ({ description, fields, footer, title }: Embed): string =>
  [`**${title}**`, description, ...fields.map(line), footer]
    .filter((part) => part !== undefined && part !== "")
    .join("\n")
