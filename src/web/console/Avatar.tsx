/** Who speaks, at a glance: the bot's paragraph sign, or a person's initials in a colour of their own. */
import type { Author } from "../../domain/ChatMessage.ts"

const colours = 8

export const Avatar = ({ author }: { readonly author: Author }) =>
  author.bot ? (
    <span class="avatar bot-sign" aria-hidden="true">
      ¶
    </span>
  ) : (
    <span class={`avatar colour-${colourOf(author.id)}`} aria-hidden="true">
      {initials(author.name)}
    </span>
  )

const initials = (name: string): string => {
  const words = name.split(/[\s._-]+/).filter((word) => word !== "")
  const letters = words.length > 1 ? [words[0], words.at(-1)] : words
  return letters
    .map((word) => [...(word ?? "")][0] ?? "")
    .join("")
    .toUpperCase()
}

const colourOf = (id: string): number => {
  let sum = 0
  for (const char of id) sum = (sum * 31 + char.codePointAt(0)!) >>> 0
  return sum % colours
}
