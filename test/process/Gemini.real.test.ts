/** The real process over Gemini's API: it embeds and writes with it, falls back to quotes, and its key is nowhere to be seen. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import * as GeminiServer from "../fixtures/gemini/GeminiServer.ts"
import * as Personas from "../fixtures/gemini/Personas.ts"
import * as Reactions from "../fixtures/gemini/Reactions.ts"
import { call, inFolder, run, until } from "./Rtfm.ts"

const key = "AIzaSyCanary-0123456789-abcdefghijk"

const ask = async (url: string, text: string) =>
  (await call(url, "/api/questions?wait=30", { json: { text, channelId: "local:general" } })).body

const partOf = async (url: string, name: string) =>
  (await call(url, "/api/status")).body.parts.find((part: { name: string }) => part.name === name)

const textOf = async (url: string, path: string) => (await fetch(`${url}${path}`)).text()

it.live(
  "answers are written by Gemini and proven, or quoted when it fails; the key never appears",
  () =>
    Effect.gen(function* () {
      const gemini = yield* GeminiServer.listen({ key, model: Personas.honest })
      yield* Effect.promise(() =>
        inFolder(async (folder, start) => {
          const env = { GEMINI_API_KEY: key, GEMINI_BASE_URL: gemini.url, LOG_LEVEL: "trace", LOG_FORMAT: "json" }
          const { kill, output, url } = await start(env)
          const seen: Array<string> = []

          // Its own documentation is embedded in shared calls.
          await until(
            () => partOf(url, "state"),
            ({ detail }) => !detail.startsWith("0 passages")
          )
          const embedded = await until(
            () => gemini.calls.filter(({ method }) => method === "batchEmbedContents"),
            (calls) => calls.length > 0
          )
          assert.isAbove(embedded[0]!.body.requests.length, 10)

          const question = "Which folder holds the embedded broker, the state and the vectors?"
          const written = await until(
            () => ask(url, question),
            ({ mode, refused }) => mode === "model" && !refused
          )
          assert.match(written.answer, /\[1\]$/)
          for (const { passage, quote } of written.citations) assert.include(passage, quote)
          const [writer, embedder] = [await partOf(url, "writer"), await partOf(url, "embedder")]
          assert.deepInclude(writer, { kind: "real", up: true, breaker: "closed" })
          assert.deepInclude(embedder, { kind: "real", up: true, breaker: "closed" })

          // The same question again is not written again.
          const calls = () => gemini.calls.filter(({ method }) => method === "streamGenerateContent").length
          const before = calls()
          assert.strictEqual((await ask(url, `  ${question.toUpperCase()}`)).answer, written.answer)
          assert.strictEqual(calls(), before)

          gemini.become(() => Reactions.invalidKey)
          const quoted = await ask(url, "What does the Listener write to discord-messages?")
          assert.strictEqual(quoted.mode, "quoted")
          assert.match(quoted.answer, /^The language model does not answer at the moment/)
          const denied = await partOf(url, "writer")
          assert.deepInclude(denied, { up: false })
          assert.include(denied.detail, "GEMINI_API_KEY is not accepted")

          for (const path of ["/api/status", "/metrics", "/api/channels", "/openapi.json", "/health/ready"])
            seen.push(await textOf(url, path))
          const doctor = run({ folder, args: ["doctor"], env })
          await doctor.exited
          assert.strictEqual(await kill("SIGTERM"), 0)
          seen.push(JSON.stringify([written, quoted, writer, denied]), output(), doctor.output())
          assert.include(seen.join("\n"), "GEMINI_API_KEY")
          for (const text of seen) assert.notInclude(text, key)
          for (const text of seen) assert.notInclude(text, key.slice(0, 16))
        })
      )
    }),
  120_000
)
