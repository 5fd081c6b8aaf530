/** What people took back while the process was down is not told by it afterwards. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Discord } from "../discord/Discord.ts"
import { call, inFolder, until } from "./Rtfm.ts"

describe("a process that was away for too long", () => {
  it("shows nothing that was deleted or edited meanwhile, and forgets it", { timeout: 180_000 }, () =>
    inFolder(async (_, start) => {
      const discord = await Discord.open({ gateway: { identifyInterval: 0 } })
      try {
        const ada = discord.user("ada")
        const general = discord.guild({ members: [ada] }).channel("general")
        const env = { ...discord.env, INGEST_OWN_DOCS: "false", PUBLIC_CHANNEL_IDS: general.id }
        const first = await start(env)
        await Effect.runPromise(discord.until(() => discord.gateway.identifies === 1))
        const deleted = ada.says(general, "The safe in the cellar opens with the word xylophone.")
        const edited = ada.says(general, "The espresso machine in the lobby is cleaned with the blue brush.")
        const messages = async (url: string) => (await call(url, "/api/status")).body.knowledge.messages as number
        await until(
          () => messages(first.url),
          (known) => known === 2,
          60
        )
        await first.kill("SIGKILL")
        ada.deletes(deleted)
        ada.edits(edited, "The espresso machine in the lobby is cleaned with the green sponge.")
        discord.gateway.forgetSessions()

        const { url } = await start(env)
        await Effect.runPromise(discord.until(() => discord.gateway.identifies === 2))
        ada.says(general, "Good morning, everybody.")
        await until(
          () => messages(url),
          (known) => known === 3,
          60
        )
        const found = async (q: string) =>
          JSON.stringify((await call(url, `/api/search?q=${encodeURIComponent(q)}`)).body.found)
        assert.notInclude(await found("Which word opens the safe in the cellar?"), "xylophone")
        await until(
          () => found("With what is the espresso machine in the lobby cleaned?"),
          (text) => text.includes("green sponge") && !text.includes("blue brush"),
          60
        )
        await until(
          () => messages(url),
          (known) => known === 2,
          60
        )
      } finally {
        await discord.stop()
      }
    })
  )
})
