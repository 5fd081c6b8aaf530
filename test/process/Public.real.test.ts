/** Who asks over the API, as the page and MCP do, is shown of Discord what PUBLIC_CHANNEL_IDS names, and nothing else. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Discord } from "../discord/Discord.ts"
import { call, inFolder, until } from "./Rtfm.ts"

describe("PUBLIC_CHANNEL_IDS", () => {
  it("opens these channels to callers who are nobody in Discord, and no other", { timeout: 180_000 }, () =>
    inFolder(async (_, start) => {
      const discord = await Discord.open({ gateway: { identifyInterval: 0 } })
      try {
        const [ada, eve] = [discord.user("ada"), discord.user("eve")]
        const [one, other] = [discord.guild({ members: [ada] }), discord.guild({ members: [eve] })]
        const [general, staff] = [one.channel("general"), one.channel("staff")]
        const help = other.channel("help")
        const ids = [general.id, help.id, "123456789012345678"].join(", ")
        const { url } = await start({ ...discord.env, INGEST_OWN_DOCS: "false", PUBLIC_CHANNEL_IDS: ids })
        await Effect.runPromise(discord.until(() => discord.gateway.identifies === 1))
        ada.says(general, "The espresso machine in the lobby is cleaned with the blue brush.")
        ada.says(staff, "The safe in the cellar opens with the word xylophone.")
        eve.says(help, "The projector of the library needs the adapter from drawer nine.")
        await until(
          () => call(url, "/api/status"),
          ({ body }) => body.knowledge.messages === 3,
          60
        )
        const foundFor = async (q: string) =>
          JSON.stringify((await call(url, `/api/search?q=${encodeURIComponent(q)}`)).body.found)
        assert.include(await foundFor("How is the espresso machine cleaned?"), "blue brush")
        assert.include(await foundFor("What does the projector of the library need?"), "drawer nine")
        assert.notInclude(await foundFor("Which word opens the safe in the cellar?"), "xylophone")

        const log = await fetch(`${url}/api/topics/discord-messages/records`).then((response) => response.text())
        assert.include(log, "blue brush")
        assert.notInclude(log, "xylophone")

        const ask = async (text: string) => JSON.stringify((await call(url, "/api/questions", { json: { text } })).body)
        const answer = await ask("With which brush is the espresso machine in the lobby cleaned?")
        assert.include(answer, "blue brush")
        assert.include(answer, `/${general.id}/`)
        assert.notInclude(await ask("Which word opens the safe in the cellar?"), "xylophone")
      } finally {
        await discord.stop()
      }
    })
  )
})
