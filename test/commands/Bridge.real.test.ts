/** `rtfm produce` and `rtfm consume` as processes, with and without the one that has the broker. */
import { assert, describe, it } from "@effect/vitest"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { call, inFolder, until } from "../process/Rtfm.ts"

const cli = resolve(import.meta.dirname, "../../src/cli.ts")

/** A command with its output and exit code; without `input` there is nothing to read from. */
const begin = (folder: string, args: ReadonlyArray<string>, input?: string) => {
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: folder,
    env: { PATH: process.env["PATH"], HOME: folder, DATA_DIR: join(folder, "data"), NO_COLOR: "1" },
    stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"]
  })
  child.stdin?.end(input)
  const printed = { out: "", err: "" }
  child.stdout!.on("data", (chunk) => (printed.out += String(chunk)))
  child.stderr!.on("data", (chunk) => (printed.err += String(chunk)))
  const done = once(child, "close").then(([code]) => ({ ...printed, code: code as number }))
  return { child, printed, done }
}
const run = (folder: string, args: ReadonlyArray<string>, input?: string) => begin(folder, args, input).done

const lines = (text: string): ReadonlyArray<string> => text.split("\n").filter((line) => line !== "")
const consumed = async (folder: string, ...args: ReadonlyArray<string>): Promise<ReadonlyArray<any>> =>
  lines((await run(folder, ["consume", "--json", ...args])).out).map((line) => JSON.parse(line))

const quiet = { INGEST_OWN_DOCS: "false" }

describe("produce and consume", () => {
  it("work on the log itself when no process runs", () =>
    inFolder(async (folder) => {
      const sent = await run(folder, ["produce"])
      assert.strictEqual(sent.code, 0, sent.err)
      assert.match(sent.err, /^3 records to discord-commands in \d+\.\d\d s, /)
      for (const line of lines(sent.out)) assert.match(line, /^discord-commands \d \d$/)
      const values = (await consumed(folder)).map(({ value }) => JSON.parse(value).text)
      assert.lengthOf(values, 3)
      assert.include(values, "Hello from rtfm produce!")
      const pretty = await run(folder, ["consume", "--filter", "Hello"])
      assert.match(pretty.out, /^discord-commands\/\d\/\d {2}\d{4}-\d\d-\d\dT\S+Z {2}lag=\d\n {2}\{"text":"Hello/)
    }))

  it("refuse what cannot be done in one sentence, and send nothing", () =>
    inFolder(async (folder) => {
      const json = await run(folder, ["produce", "--json", `{"a":1}`, "{a:1}"])
      assert.deepInclude(json, { code: 1, out: "" })
      assert.include(json.err, "Message 2 is not JSON.")
      const nowhere = await run(folder, ["produce", "hi", "--topic", "nowhere"])
      assert.deepInclude(nowhere, { code: 1, out: "" })
      assert.include(nowhere.err, "There is no topic nowhere.")
      assert.strictEqual((await run(folder, ["consume", "--from", "yesterday"])).code, 2)
      const none = await run(folder, ["consume"])
      assert.deepInclude(none, { code: 0, out: "", err: "No records.\n" })
    }))

  it("go through the process that runs; what is produced is said once", () =>
    inFolder(async (folder, start) => {
      const { url } = await start(quiet)
      const said = async (channel: string): Promise<ReadonlyArray<string>> =>
        ((await call(url, `/api/channels/${encodeURIComponent(channel)}/messages`)).body as ReadonlyArray<any>).map(
          ({ text }) => text
        )

      const following = begin(folder, ["consume", "--follow", "--from", "earliest", "--json", "--count", "3"])
      const file = join(folder, "messages.txt")
      writeFileSync(file, "from a file\r\n\n")
      assert.strictEqual((await run(folder, ["produce", "--file", file, "--key", "a"])).code, 0)
      await run(folder, ["produce", "--key", "a", "--header", "x=1", "--header", "y=2"], "piped\nand piped")
      const followed = lines((await following.done).out).map((line) => JSON.parse(line))
      assert.deepStrictEqual(
        followed.map(({ headers, key, value }) => [key, value, headers]),
        [
          ["a", "from a file", {}],
          ["a", "piped", { x: "1", y: "2" }],
          ["a", "and piped", { x: "1", y: "2" }]
        ]
      )
      const { offset, timestamp } = followed[2]
      assert.lengthOf(await consumed(folder, "--from", `offset=${offset}`), 1)
      assert.lengthOf(await consumed(folder, "--from", `time=${new Date(timestamp + 1).toISOString()}`), 0)
      assert.lengthOf(await consumed(folder, "--filter", "key=b"), 0)
      assert.lengthOf(await consumed(folder, "--filter", "piped", "--count", "1"), 1)

      const announced = await until(
        () => said("local:announcements"),
        (texts) => texts.length >= 3
      )
      assert.deepStrictEqual(
        announced,
        ["from a file", "piped", "and piped"].map((text) => `\`\`\`\n${text}\n\`\`\``)
      )
      await run(folder, ["produce", "Tea is ready", "--topic", "discord_responses", "--key", "local:general"])
      await until(
        () => said("local:general"),
        (texts) => texts.includes("Tea is ready")
      )

      const forever = begin(folder, ["produce", "again", "--continuous", "--rate", "200", "--topic", "bot-queries.dlq"])
      await until(
        () => lines(forever.printed.out).length,
        (count) => count > 20
      )
      forever.child.kill("SIGINT")
      const stopped = await forever.done
      assert.strictEqual(stopped.code, 0, stopped.err)
      const acknowledged = lines(stopped.out)
      assert.match(stopped.err, new RegExp(`^${acknowledged.length} records to bot-queries.dlq`))
      const there = await consumed(folder, "--topic", "bot-queries.dlq")
      assert.sameMembers(
        there.map(({ offset, partition, topic }) => `${topic} ${partition} ${offset}`),
        [...acknowledged]
      )
    }))

  it("lead to dead letters that are sent back only when somebody insists", () =>
    inFolder(async (folder, start) => {
      await start(quiet)
      const topic = ["--topic", "discord_responses"]
      await run(folder, ["produce", "who is meant?", ...topic])
      await until(
        async () => JSON.parse((await run(folder, ["dlq", "list", "--json", ...topic])).out),
        (letters) => letters.length === 1
      )
      const refused = await run(folder, ["dlq", "redrive", ...topic])
      assert.deepInclude(refused, { code: 1, out: "" })
      assert.include(refused.err, "1 dead letter stays: undecodable or rejected")
      const trial = await run(folder, ["dlq", "redrive", ...topic, "--since", "1h", "--force", "--dry-run"])
      assert.match(trial.out, /^1 dead letter would be sent back\.\n {2}discord_responses\.dlq\/\d\/0\n$/)
      assert.lengthOf(await consumed(folder, ...topic), 1)
      assert.strictEqual((await run(folder, ["dlq", "redrive", ...topic, "--force"])).out, "1 dead letter sent back.\n")
      assert.lengthOf(await consumed(folder, ...topic), 2)
    }))

  it("end when the process stops", () =>
    inFolder(async (folder, start) => {
      const rtfm = await start(quiet)
      await run(folder, ["produce", "hi"])
      const following = begin(folder, ["consume", "--follow", "--from", "earliest"])
      await until(
        () => following.printed.out,
        (out) => out.includes("hi")
      )
      assert.strictEqual(await rtfm.kill("SIGTERM"), 0)
      assert.deepInclude(await following.done, { code: 1, err: "rtfm has stopped: nothing more comes.\n" })
    }))
})
