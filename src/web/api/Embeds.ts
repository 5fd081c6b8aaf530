/** What a rich notification is on the wire. */
import * as Domain from "../../domain/Embed.ts"
import { described } from "./Describe.ts"

export const Embed = described("Embed", "A rich notification, as Discord shows it", Domain.Embed, {
  title: "Markdown, like the other texts",
  color: "`0xRRGGBB` as a number",
  fields: "Those that are `inline` stand beside each other",
  footer: "Stands below, with the time"
})
