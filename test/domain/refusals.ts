/** What Discord would refuse of an embed, in words. */
import { type Embed, limits, sizeOf } from "../../src/domain/Embed.ts"

export const refusals = (embed: Embed): ReadonlyArray<string> => {
  const text = (what: string, value: string | undefined, most: number, needed = true) =>
    value === undefined
      ? []
      : value.length > most || (needed && value.trim() === "")
        ? [`${what}: ${value.length}`]
        : []
  return [
    ...text("title", embed.title, limits.title),
    ...text("author", embed.author, limits.author),
    ...text("description", embed.description, limits.description),
    ...text("footer", embed.footer, limits.footer),
    ...embed.fields.flatMap(({ name, value }) => [
      ...text("name", name, limits.name),
      ...text("value", value, limits.value)
    ]),
    ...(embed.fields.length > limits.fields ? [`fields: ${embed.fields.length}`] : []),
    ...(sizeOf(embed) > limits.total ? [`total: ${sizeOf(embed)}`] : []),
    ...(embed.color >= 0 && embed.color <= 0xffffff ? [] : [`color: ${embed.color}`])
  ]
}
