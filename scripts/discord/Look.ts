/** Messages of the emulator as Discord shows them, as a page to be pictured. */
import type { Discord } from "../../test/discord/Discord.ts"
import type { Json, Message } from "../../test/discord/Model.ts"

/** What of a channel is shown, and under which heading. */
export interface Scene {
  readonly heading: string
  readonly messages: ReadonlyArray<Message>
  /** What somebody ran that a message answers, by the message's id. */
  readonly used?: ReadonlyMap<string, { readonly by: string; readonly what: string }>
}

const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;")

/** Of a line; what is escaped with a backslash is text. */
const inline = (discord: Discord, line: string): string => {
  const kept: Array<string> = []
  const keep = (html: string) => `\0${kept.push(html) - 1}\0`
  const marked = line
    .replaceAll(/`([^`]+)`/g, (_, code: string) => keep(`<code>${escape(code)}</code>`))
    .replaceAll(/\\([^\w\s])/g, (_, char: string) => keep(escape(char)))
    .replaceAll(/<@!?(\d+)>/g, (_, id: string) => keep(`<i>@${escape(nameOf(discord, id))}</i>`))
    .replaceAll(/<#(\d+)>/g, (_, id: string) => keep(`<i>#${escape(discord.world.channels.get(id)?.name ?? "?")}</i>`))
    .replaceAll(
      /\[((?:[^[\]]|\[\d+\])+)\]\(<?([^)>]+)>?\)/g,
      (_, text: string) => `${keep("<a>")}${text}${keep("</a>")}`
    )
    .replaceAll(/\*\*(.+?)\*\*/g, (_, text: string) => `${keep("<b>")}${text}${keep("</b>")}`)
    .replaceAll(/(?<![\w*])[*_]([^*_]+)[*_](?![\w*])/g, (_, text: string) => `${keep("<em>")}${text}${keep("</em>")}`)
  const restore = (html: string): string =>
    html.includes("\0") ? restore(html.replaceAll(/\0(\d+)\0/g, (_, n: string) => kept[Number(n)]!)) : html
  return restore(escape(marked))
}

const nameOf = (discord: Discord, id: string): string => discord.world.users.get(id)?.username ?? id

/** Fences, quotes, lists and small print; everything else is lines. */
const markdown = (discord: Discord, text: string): string =>
  text
    .split(/```\w*\n([\s\S]*?)```/)
    .map((piece, i) => (i % 2 === 1 ? `<pre>${escape(piece.trimEnd())}</pre>` : lines(discord, piece)))
    .join("")

const lines = (discord: Discord, text: string): string =>
  text
    .replace(/^\n+|\n+$/g, "")
    .split("\n")
    .map((line) => {
      const small = /^-# (.*)/.exec(line)
      if (small !== null) return `<small>${inline(discord, small[1]!)}</small>`
      const quote = /^> ?(.*)/.exec(line)
      if (quote !== null) return `<blockquote>${inline(discord, quote[1]!)}</blockquote>`
      const item = /^[-*] (.*)/.exec(line)
      if (item !== null) return `<div class="item">${inline(discord, item[1]!)}</div>`
      return line === "" ? `<div class="gap"></div>` : `<div>${inline(discord, line)}</div>`
    })
    .join("")

const colours = ["#5865f2", "#3ba55c", "#ed4245", "#eb459e", "#faa61a"]
const avatar = ({ bot, username }: Message["author"], small = false): string => {
  const colour = bot ? colours[0] : colours[1 + (username.length % (colours.length - 1))]
  return `<span class="${small ? "dot" : "avatar"}" style="background:${colour}">${small ? "" : escape(username[0]!.toUpperCase())}</span>`
}

const author = ({ bot, username }: Message["author"]): string =>
  `<b class="${bot ? "bot" : "name"}">${escape(username)}</b>${bot ? `<span class="app">APP</span>` : ""}`

const buttons = (components: ReadonlyArray<Json>): string => {
  const rows = components.filter((row) => row["components"] !== undefined)
  return rows
    .map(({ components: row }) => {
      const all = (row as ReadonlyArray<Json>).map(
        ({ emoji, label }) => `<span class="button">${escape([emoji?.name, label].filter(Boolean).join(" "))}</span>`
      )
      return `<div class="row">${all.join("")}</div>`
    })
    .join("")
}

const answered = (discord: Discord, message: Message, used: Scene["used"]): string => {
  const run = used?.get(message.id)
  if (run !== undefined) return `<div class="above"><s></s>${escape(run.by)} used <a>${escape(run.what)}</a></div>`
  const to = message.reference === null ? undefined : discord.world.messages.get(message.reference.messageId)
  if (to === undefined) return ""
  const text = inline(discord, to.content.split("\n")[0]!)
  return `<div class="above"><s></s>${avatar(to.author, true)} ${author(to.author)} <span class="cut">${text}</span></div>`
}

const shown = (discord: Discord, message: Message, used: Scene["used"]): string => `
  <article class="${message.ephemeralFor === null ? "" : "alone"}">
    ${answered(discord, message, used)}
    <div class="message">${avatar(message.author)}<div class="body">
      <div>${author(message.author)} <time>Today at 10:24</time></div>
      ${markdown(discord, message.content)}
      ${buttons(message.components)}
      ${[...message.reactions.keys()].map((emoji) => `<span class="reaction">${escape(emoji)} 1</span>`).join("")}
      ${message.ephemeralFor === null ? "" : `<small>👁 Only you can see this · <a>Dismiss message</a></small>`}
    </div></div>
  </article>`

const style = `
  body { margin: 0; background: #313338; color: #dbdee1; font: 15px/1.38 "gg sans", "Noto Sans", "Helvetica Neue", Arial, "Noto Color Emoji", sans-serif }
  main { width: 680px; padding-bottom: 10px }
  header { padding: 10px 16px; border-bottom: 1px solid #26282c; font-weight: 600; color: #f2f3f5 }
  header span { color: #80848e; margin-right: 6px }
  article { padding: 8px 16px 4px }
  article.alone { background: #3a3c48; border-left: 2px solid #5865f2 }
  .message { display: flex; gap: 14px } .body { min-width: 0; flex: 1 }
  .avatar { width: 40px; height: 40px; border-radius: 50%; flex: none; display: grid; place-items: center; color: #fff; font-weight: 600; font-size: 18px }
  .dot { width: 14px; height: 14px; border-radius: 50%; flex: none }
  .name, .bot { color: #f2f3f5; font-weight: 600 } .bot { color: #f2f3f5 }
  .app { background: #5865f2; color: #fff; font-size: 10px; font-weight: 600; border-radius: 3px; padding: 1px 4px; margin-left: 5px; vertical-align: 1px }
  time, small { color: #949ba4; font-size: 12px } time { margin-left: 6px } small { display: block; margin-top: 2px }
  a { color: #00a8fc } i { font-style: normal; background: #3d4270; color: #c9cdfb; border-radius: 3px; padding: 0 2px }
  code, pre { background: #2b2d31; border-radius: 4px; font: 13px/1.4 "DejaVu Sans Mono", monospace } code { padding: 1px 4px } pre { margin: 4px 0; padding: 8px; border: 1px solid #1e1f22; white-space: pre-wrap }
  blockquote { margin: 0; padding: 1px 0 1px 12px; border-left: 4px solid #4e5058 }
  .gap { height: 8px } .item::before { content: "•"; margin: 0 8px 0 4px }
  .row { display: flex; gap: 8px; margin-top: 8px }
  .button { background: #4e5058; color: #fff; border-radius: 4px; padding: 5px 12px; font-size: 13px; font-weight: 500 }
  .reaction { display: inline-block; background: #373a53; border: 1px solid #5865f2; border-radius: 8px; padding: 1px 7px; margin-top: 5px; font-size: 13px }
  .above { display: flex; align-items: center; gap: 5px; color: #b5bac1; font-size: 13px; margin: 0 0 3px 20px; white-space: nowrap; overflow: hidden }
  .above s { width: 30px; height: 9px; margin-top: 9px; border: 2px solid #4e5058; border-right: 0; border-bottom: 0; border-top-left-radius: 6px; flex: none }
  .cut { overflow: hidden; text-overflow: ellipsis }
`

export const html = (discord: Discord, { heading, messages, used }: Scene): string => `<!doctype html>
  <meta charset="utf-8"><style>${style}</style>
  <main><header><span>${heading.startsWith("@") ? "@" : "#"}</span>${escape(heading.replace(/^[@#]/, ""))}</header>
  ${messages.map((message) => shown(discord, message, used)).join("")}</main>`
