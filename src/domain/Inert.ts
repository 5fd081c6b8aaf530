/** Text of others that does nothing where it is shown: it mentions nobody, links nowhere and hides nothing. */

/** Invisible characters: controls, directions, joiners, and tags that spell out text nobody sees. */
const invisible = /(?![\t\n\r])[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu

export const visible = (text: string): string => text.replaceAll(invisible, "")

/** An address, with or without its scheme: what comes before a path is a name with a dot, or has a scheme. */
const address =
  /<?\b(?:[a-z][a-z0-9+.-]*:\/\/|mailto:|www\.)[^\s<>"'`|]+>?|\b(?:[a-z0-9-]+\.)+[a-z]{2,}(?::\d+)?\/[^\s<>"'`|]*|\bdiscord\.(?:gg|com)\/[^\s<>"'`|]+/gi

/** Without the brackets around it and the punctuation after it. */
const bare = (url: string) => url.replaceAll(/^<|>$/g, "").replace(/[.,;:!?)\]}'"]+$/, "")

/** Addresses in a text. */
export const addressesIn = (text: string): ReadonlyArray<string> =>
  Array.from(visible(text).matchAll(address), ([url]) => bare(url))

/** What Discord turns into a mention, by what a reader would see instead. */
const mentions: ReadonlyArray<readonly [RegExp, string]> = [
  [/<@&\d+>/g, "a role"],
  [/<@!?\d+>/g, "someone"],
  [/<#\d+>|<id:\w+>/g, "a channel"],
  [/<\/([^:>]{1,40}):\d+>/g, "/$1"],
  [/<a?:(\w{1,40}):\d+>/g, ":$1:"],
  [/<t:-?\d+(?::\w)?>/g, "a time"],
  [/@(everyone|here)\b/gi, "$1"]
]

const unmentioned = (text: string) =>
  mentions.reduce((result, [pattern, instead]) => result.replaceAll(pattern, instead), text)

const links = /!?\[([^\]\n]*)\]\((?:[^()\n]|\([^()\n]*\))*\)/g

/** Runs of `pass` until nothing changes any more: taking one trick apart can put another together. */
const settle = (text: string, pass: (text: string) => string): string => {
  const next = pass(text)
  return next === text ? text : settle(next, pass)
}

export interface Options {
  /** Addresses that may stay, as code. */
  readonly addresses?: ReadonlyArray<string>
}

const codeSpan = /(`[^`\n]+`)/

/** Outside of code: no link but its text, no address that may not stay, no mention. */
const plain = (text: string, allowed: ReadonlySet<string>): string =>
  settle(text, (text) => unmentioned(text.replaceAll(links, "$1"))).replaceAll(address, (found) => {
    const url = bare(found)
    const rest = found.replace(/^</, "").replace(/>$/, "").slice(url.length)
    return `${allowed.has(url) ? `\`${url}\`` : "(a link)"}${rest}`
  })

/** In code nothing is a link or a mention, but not every reader knows what is code. */
const code = (text: string, allowed: ReadonlySet<string>): string =>
  unmentioned(text).replaceAll(address, (found) => (allowed.has(bare(found)) ? found : "(a link)"))

/** Marks at the start of a line that make it a heading, small print, a quote or an item. */
const marks = /^(?:\s*(?:#{1,6}|-#|>{1,3}|[-*•+])(?=\s|$))+\s*/

/** One line that can stand in any post: what is left reads as the text did. */
export const inert = (text: string, { addresses = [] }: Options = {}): string => {
  const allowed = new Set(addresses)
  const oneLine = visible(text.normalize("NFC")).replaceAll(/`{2,}/g, "`").replaceAll(/\s+/g, " ").trim()
  const spans = (oneLine.split("`").length - 1) % 2 === 0 ? oneLine : oneLine.replaceAll("`", "")
  return spans
    .split(codeSpan)
    .map((piece, i) => (i % 2 === 1 ? code(piece, allowed) : plain(piece.replaceAll("||", ""), allowed)))
    .join("")
    .replace(marks, "")
    .replaceAll(/\s+/g, " ")
    .trim()
}
