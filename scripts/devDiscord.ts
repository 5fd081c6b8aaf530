/** The bot in a Discord of its own: starts both, and a command line to talk in. */
import { spawn } from "node:child_process"
import { createWriteStream, mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { createInterface } from "node:readline"
import { styleText } from "node:util"
import { CommandLine, help } from "../test/discord/CommandLine.ts"
import { Discord } from "../test/discord/Discord.ts"
import { Transcript } from "../test/discord/Transcript.ts"

const discord = await Discord.open({ limits: { banAfter: 1_000_000 } })

const people = ["alice", "bob", "carol"].map((name) => discord.user(name))
const [alice, bob, carol] = people as [(typeof people)[0], (typeof people)[0], (typeof people)[0]]
const brew = discord.guild({
  name: "Brew",
  owner: carol,
  members: [alice, bob],
  bot: ["ManageMessages", "ManageThreads"]
})
const general = brew.channel("general", { topic: "Coffee, mostly" })
const support = brew.channel("support")
brew.channel("staff", { private: [carol] })
brew.forum("help", { tags: ["machine", "beans"] })

/** Something to be asked about, said once the bot listens. */
const talk = () => {
  bob.says(support, "How often does the Brewmaster have to be descaled?")
  carol.says(support, "Descale the Brewmaster every two months, with 20 g of citric acid in a litre of water.")
  bob.says(general, "The new grinder is set to 12 clicks for espresso.")
}

const screen = createInterface({ input: process.stdin, output: process.stdout, prompt: "" })
const print = (text: string) => {
  if (process.stdout.isTTY) process.stdout.write("\r\u001B[K")
  console.log(text)
  screen.prompt(true)
}

const transcript = new Transcript(discord, print)
const commandLine = new CommandLine(discord, people, general, (number) => transcript.message(number))
screen.setPrompt(commandLine.prompt)
transcript.follow()

const folder = process.env["DATA_DIR"] ?? mkdtempSync(join(tmpdir(), "rtfm-discord-"))
const log = join(folder, "..", `${folder.split("/").at(-1)}.log`)
const bot = spawn(process.execPath, [resolve(import.meta.dirname, "../src/cli.ts"), "start"], {
  env: { PORT: "0", DATA_DIR: folder, ...process.env, ...discord.env },
  stdio: ["ignore", "pipe", "pipe"]
})
const file = createWriteStream(log, { flags: "a" })
let output = ""
for (const stream of [bot.stdout, bot.stderr])
  stream.on("data", (chunk) => {
    file.write(chunk)
    const before = output
    output += String(chunk)
    const ready = /ready: (\S+)/.exec(output)?.[1]
    if (ready === undefined || /ready: \S+/.test(before)) return
    print(styleText("green", `The bot is ready; its page is ${ready}`))
    talk()
  })

const ended = new Promise<number | string>((done) => bot.once("exit", (code, signal) => done(code ?? signal ?? 1)))
let leaving = false
void ended.then((code) => {
  if (leaving) return
  print(styleText("red", `The bot ended with ${code}:\n${output.slice(-2000)}`))
  screen.close()
})

const execute = (line: string) => {
  if (line.trim() === "quit") return screen.close()
  try {
    const told = commandLine.run(line)
    if (told !== undefined) console.log(told)
  } catch (wrong) {
    console.log(styleText("red", wrong instanceof Error ? wrong.message : String(wrong)))
  }
  screen.setPrompt(commandLine.prompt)
  screen.prompt()
}

console.log(`${styleText("bold", "A Discord of your own")}\n${help}\n\nThe bot starts; what it logs goes to ${log}`)
screen.on("line", execute)
screen.prompt()
screen.once("close", () => {
  leaving = true
  bot.kill("SIGTERM")
  void ended.then(async () => {
    await discord.stop()
    process.exit(0)
  })
})
