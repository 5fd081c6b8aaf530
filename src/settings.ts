/** Every setting, gathered from the places that use them, and the one check that names all that are wrong. */
import { NodeServices } from "@effect/platform-node"
import { ConfigProvider, Effect, Layer, Schema } from "effect"
import { announcementChannelId, commandsTopic, responsesTopic } from "./actors/Commander.ts"
import { ingestOwnDocs } from "./actors/OwnDocs.ts"
import { rememberFor } from "./actors/Recorder.ts"
import { refreshEvery } from "./actors/Refresher.ts"
import { shutdownGrace } from "./actors/Supervise.ts"
import * as DiscordSettings from "./chat/discord/DiscordSettings.ts"
import * as Registry from "./broker/avro/Registry.ts"
import * as KafkaSettings from "./broker/kafka/KafkaSettings.ts"
import { privateAddresses } from "./docs/site/Fetcher.ts"
import { mostPages } from "./docs/site/Website.ts"
import * as Allowance from "./model/Allowance.ts"
import { answerCache } from "./model/AnswerCache.ts"
import * as GeminiSettings from "./model/gemini/GeminiSettings.ts"
import * as Services from "./events/services/Services.ts"
import * as FileSettings from "./files/FileSettings.ts"
import * as Preferences from "./knowledge/Preferences.ts"
import * as DiscordWebhook from "./notify/DiscordWebhook.ts"
import { routesFile } from "./notify/RoutesFile.ts"
import { logFormat, logLevel } from "./runtime/Logging.ts"
import type { Setting } from "./runtime/Setting.ts"
import { dataDir } from "./state/DataDir.ts"
import { chromaUrl } from "./vectors/Chroma.ts"
import * as Guard from "./web/Guard.ts"

/** In the order in which a reader wants to know them. */
export const all: ReadonlyArray<Setting<any>> = [
  ...Guard.settings,
  dataDir,
  ...DiscordSettings.settings,
  ...FileSettings.settings,
  ...KafkaSettings.settings,
  ...Registry.settings,
  chromaUrl,
  ...GeminiSettings.settings,
  ...Allowance.settings,
  answerCache,
  ...Preferences.settings,
  ingestOwnDocs,
  refreshEvery,
  mostPages,
  privateAddresses,
  commandsTopic,
  responsesTopic,
  announcementChannelId,
  ...DiscordWebhook.settings,
  routesFile,
  rememberFor,
  ...Services.settings,
  logLevel,
  logFormat,
  shutdownGrace
]

export class SettingsError extends Schema.TaggedError<SettingsError>()("SettingsError", {
  problems: Schema.Array(Schema.Struct({ name: Schema.String, expected: Schema.String }))
}) {
  override get message() {
    const lines = this.problems.map(({ expected, name }) => `  ${name}: expected ${expected}`)
    return `${lines.length === 1 ? "A setting is" : `${lines.length} settings are`} wrong:\n${lines.join("\n")}`
  }
}

/** Fails with every setting that is wrong, not with the first. */
export const check = Effect.gen(function* () {
  const results = yield* Effect.forEach(all, ({ config, expected, name }) =>
    Effect.match(config, { onSuccess: () => [], onFailure: () => [{ name, expected }] })
  )
  const problems = results.flat()
  if (problems.length > 0) return yield* new SettingsError({ problems })
})

/** The environment first, then `.env` in the working directory when it is there. */
export const layer = ConfigProvider.layerAdd(
  ConfigProvider.fromDotEnv({ path: ".env" }).pipe(
    Effect.catchIf(
      (error) => error.reason._tag === "NotFound",
      () => Effect.succeed(ConfigProvider.fromUnknown({}))
    )
  )
).pipe(Layer.provide(NodeServices.layer))
