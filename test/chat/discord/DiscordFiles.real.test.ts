/** Files on messages of a Discord of our own: read under fresh links, from its own hosts and from no other. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, type Scope, Stream } from "effect"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import type { Attachments } from "../../../src/chat/Attachments.ts"
import type { ChatError } from "../../../src/chat/Chat.ts"
import { isOwn, make } from "../../../src/chat/discord/DiscordFiles.ts"
import * as Rest from "../../../src/chat/discord/Rest.ts"
import { Discord } from "../../discord/Discord.ts"
import { file } from "../../discord/Media.ts"

const manual = "Descale it every three months."

interface Scene {
  readonly discord: Discord
  readonly open: Attachments["Service"]["open"]
  readonly wanted: { readonly channelId: string; readonly messageId: string; readonly fileId: string }
  readonly remove: () => void
}

const scene = <A, E>(body: (scene: Scene) => Effect.Effect<A, E, Scope.Scope>) =>
  Effect.gen(function* () {
    const discord = yield* Discord.start()
    const ada = discord.user("ada")
    const general = discord.guild({ members: [ada] }).channel("general")
    const message = ada.says(general, "Look", { files: [file("manual.txt", manual)] })
    const api = new URL(discord.url)
    const { open } = make(Rest.make({ token: Redacted.make(discord.token), api }), api)
    const wanted = { channelId: general.id, messageId: message.id, fileId: message.attachments[0]!.id }
    return yield* body({ discord, open, wanted, remove: () => ada.deletes(message) })
  }).pipe(Effect.scoped)

const text = new TextDecoder()
const read = (content: Stream.Stream<Uint8Array, ChatError> | undefined) =>
  content === undefined
    ? Effect.undefined
    : Effect.map(Stream.runCollect(content), (pieces) => pieces.map((piece) => text.decode(piece)).join(""))

describe("files on messages of Discord", () => {
  it.live("are read, and asked for again under a new link when the old one expired on its way", () =>
    scene(({ discord, open, wanted }) =>
      Effect.gen(function* () {
        assert.strictEqual(yield* read(yield* open(wanted)), manual)
        discord.media.before = () => discord.advance("2 days")
        assert.strictEqual(yield* read(yield* open(wanted)), manual)
        assert.deepStrictEqual(
          discord.media.requests.map(({ status }) => status),
          [200, 404, 200]
        )
        assert.lengthOf(discord.callsOf("getMessage"), 3)
      })
    )
  )

  it.live("are gone with their message", () =>
    scene(({ open, remove, wanted }) =>
      Effect.gen(function* () {
        assert.isUndefined(yield* open({ ...wanted, fileId: "1" }))
        remove()
        assert.isUndefined(yield* open(wanted))
      })
    )
  )

  it.live("are tried again later when the host is in trouble, or has them no more", () =>
    scene(({ discord, open, wanted }) =>
      Effect.gen(function* () {
        for (const status of [500, 503, 429, 404]) {
          discord.media.status = status
          const error = yield* Effect.flip(open(wanted))
          assert.isTrue(error.retryable, String(status))
        }
      })
    )
  )

  it.live("are never fetched from elsewhere, whoever sends there", () =>
    scene(({ discord, open, wanted }) =>
      Effect.gen(function* () {
        let asked = 0
        const other = createServer((_, response) => {
          asked++
          response.end("a secret of this machine")
        })
        yield* Effect.callback<void>((resume) => void other.listen(0, "127.0.0.1", () => resume(Effect.void)))
        yield* Effect.addFinalizer(() => Effect.sync(() => other.close()))
        const { port } = other.address() as AddressInfo
        for (const elsewhere of [
          `http://127.0.0.1:${port}/latest/meta-data`,
          `http://localhost:${port}/attachments/1/2/a.txt`,
          "file:///etc/passwd",
          "//169.254.169.254/attachments/1/2/a.txt",
          ""
        ]) {
          discord.media.redirect = elsewhere
          const error = yield* Effect.flip(open(wanted))
          assert.isFalse(error.retryable, elsewhere)
          assert.notInclude(error.detail, "hm=")
        }
        assert.strictEqual(asked, 0)
      })
    )
  )

  it("come from Discord's hosts alone, over TLS; those of another API from its machine, too", () => {
    const own = (link: string, api: string) => isOwn(new URL(link), new URL(api))
    const [discord, proxy] = ["https://discord.com/api", "http://127.0.0.1:9/api"]
    const good = "https://cdn.discordapp.com/attachments/1/2/a.txt?ex=1&is=2&hm=3&"
    assert.isTrue(own(good, discord))
    assert.isTrue(own(good, proxy))
    assert.isTrue(own("https://media.discordapp.net/ephemeral-attachments/1/2/a.txt", discord))
    assert.isTrue(own("http://127.0.0.1:8/attachments/1/2/a.txt", proxy))
    for (const bad of [
      "http://cdn.discordapp.com/attachments/1/2/a.txt",
      "https://cdn.discordapp.com:8443/attachments/1/2/a.txt",
      "https://cdn.discordapp.com.example.com/attachments/1/2/a.txt",
      "https://user@cdn.discordapp.com/attachments/1/2/a.txt",
      "https://cdn.discordapp.com/icons/1/2/a.txt",
      "https://discord.com/attachments/1/2/a.txt",
      "http://127.0.0.1/attachments/1/2/a.txt"
    ])
      assert.isFalse(own(bad, discord), bad)
    assert.isFalse(own("http://127.0.0.1:8/latest/meta-data", proxy))
    assert.isFalse(own("http://localhost/attachments/1/2/a.txt", proxy))
  })
})
