/** Commands of `rtfm` run in this process, each with settings of its own. */
import { NodeServices } from "@effect/platform-node"
import { ConfigProvider, Effect, Layer, Logger, Terminal } from "effect"
import { Command } from "effect/cli"
import { TestConsole } from "effect/testing"
import { randomBytes } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { rtfm } from "../../src/commands/Rtfm.ts"

export type Settings = Readonly<Record<string, string>>

/** Settings of an installation on the embedded broker, gone with the scope. */
export const embedded = Effect.acquireRelease(
  Effect.sync(() => ({ DATA_DIR: mkdtempSync(join(tmpdir(), "rtfm-commands-")) })),
  ({ DATA_DIR }) => Effect.sync(() => rmSync(DATA_DIR, { recursive: true, force: true }))
)

/** The same on Kafka, with names of its own there. */
export const onKafka = (bootstrap: string) =>
  Effect.map(embedded, (settings) => ({
    ...settings,
    KAFKA_BOOTSTRAP_SERVERS: bootstrap,
    KAFKA_TOPIC_PREFIX: `${randomBytes(4).toString("hex")}.`
  }))

/** What a command prints, on both streams. */
export const runBoth = (settings: Settings, ...args: ReadonlyArray<string>) =>
  Effect.flatMap(Terminal.Terminal, (terminal) => runAt(terminal, settings, ...args)).pipe(
    Effect.provide(NodeServices.layer)
  )

/** The same at a terminal of one's own. */
export const runAt = (terminal: Terminal.Terminal, settings: Settings, ...args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    yield* Effect.provideService(Command.runWith(rtfm, { version: "0.0.0" })(args), Terminal.Terminal, terminal)
    const texts = (lines: ReadonlyArray<unknown>) => lines.join("\n")
    return { out: texts(yield* TestConsole.logLines), err: texts(yield* TestConsole.errorLines) }
  }).pipe(
    Effect.provide(Layer.mergeAll(TestConsole.layer, NodeServices.layer, Logger.layer([]))),
    Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromUnknown(settings))
  )

export const run = (settings: Settings, ...args: ReadonlyArray<string>) =>
  Effect.map(runBoth(settings, ...args), ({ out }) => out)

/** The sentence a command fails with. */
export const refusal = (settings: Settings, ...args: ReadonlyArray<string>) =>
  Effect.map(Effect.flip(runBoth(settings, ...args)), (error) => (error as Error).message)

export const lines = (text: string): ReadonlyArray<string> => text.split("\n").filter((line) => line !== "")
