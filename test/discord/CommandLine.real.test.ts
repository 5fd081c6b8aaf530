/** Lines of a terminal do in the emulator what they say, and the transcript tells what happened. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { stripVTControlCharacters } from "node:util"
import { CommandLine } from "./CommandLine.ts"
import * as Commands from "./Commands.ts"
import { Discord } from "./Discord.ts"
import { Transcript } from "./Transcript.ts"

const setUp = Effect.fnUntraced(function* () {
  const discord = yield* Discord.start()
  const people = [discord.user("alice"), discord.user("bob")]
  const guild = discord.guild({ members: people })
  const general = guild.channel("general")
  const help = guild.forum("help")
  const lines: Array<string> = []
  const transcript = new Transcript(discord, (line) => lines.push(stripVTControlCharacters(line)))
  transcript.follow()
  const commandLine = new CommandLine(discord, people, general, (number) => transcript.message(number))
  const option = (name: string, type: number) => ({ name, type, description: name })
  Commands.replaceAll(discord.world, "", [
    { name: "ask", description: "Ask", options: [option("question", 3), option("private", 5)] },
    { name: "rtfm", description: "About", options: [{ ...option("channel", 1), options: [option("to", 7)] }] }
  ])
  return {
    discord,
    general,
    help,
    lines,
    run: (line: string) => commandLine.run(line),
    prompt: () => commandLine.prompt
  }
})

const optionsOf = (discord: Discord) => [...discord.world.interactions.values()].at(-1)!.data["options"]

describe("the command line", () => {
  it.live("says, answers, edits, reacts and deletes", () =>
    Effect.gen(function* () {
      const { discord, general, lines, prompt, run } = yield* setUp()
      run("bob #general hello @rtfm")
      run("alice reply 1 hi")
      run("edit 2 hi, bob")
      run("react 1 ❓")
      run("delete 2")
      assert.strictEqual(prompt(), "alice #general > ")
      assert.deepStrictEqual(
        discord.messagesIn(general).map(({ content }) => content),
        [`hello ${discord.bot}`]
      )
      assert.deepStrictEqual(lines, [
        "1 bob in #general\n    hello @rtfm",
        "2 alice in #general ↩ 1\n    hi",
        "2 alice in #general ↩ 1 ✎\n    hi, bob",
        "alice reacted to 1 with ❓",
        "2 was deleted"
      ])
    })
  )

  it.live("runs commands with the options that are named, or the first", () =>
    Effect.gen(function* () {
      const { discord, general, run } = yield* setUp()
      run("/ask how do I descale?")
      assert.deepStrictEqual(optionsOf(discord), [{ name: "question", type: 3, value: "how do I descale?" }])
      run("/ask question:how? private:true")
      assert.deepStrictEqual(optionsOf(discord), [
        { name: "question", type: 3, value: "how?" },
        { name: "private", type: 5, value: true }
      ])
      run("/rtfm channel to:#general")
      assert.deepStrictEqual(optionsOf(discord), [
        { name: "channel", type: 1, options: [{ name: "to", type: 7, value: general.id }] }
      ])
    })
  )

  it.live("posts, whispers, opens threads, and says what it does not understand", () =>
    Effect.gen(function* () {
      const { discord, general, help, prompt, run } = yield* setUp()
      run("post #help It leaks | From the left.")
      assert.deepStrictEqual(
        discord.threadsOf(help).map(({ name }) => name),
        ["It leaks"]
      )
      assert.strictEqual(prompt(), "alice #It leaks > ")
      run("#general dm psst")
      run("on the record")
      run("thread 3 details")
      assert.deepStrictEqual(
        discord.threadsOf(general).map(({ name }) => name),
        ["details"]
      )
      assert.match(run("channels") ?? "", /#help/)
      assert.throws(() => run("#nowhere hello"), /no channel #nowhere/)
      assert.throws(() => run("reply 99 hello"), /no message "99"/)
      assert.throws(() => run("/nothing"), /no command nothing/)
    })
  )
})
