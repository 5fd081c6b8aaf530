/** `rtfm notify test`: tells a few notifications where the settings say, and says what arrived. */
import { Console, Effect, Layer } from "effect"
import { Command } from "effect/cli"
import { FetchHttpClient } from "effect/http"
import { announcementChannelId } from "../actors/Commander.ts"
import { discordToken } from "../chat/discord/DiscordSettings.ts"
import { type Embed, fitted, toText } from "../domain/Embed.ts"
import { destinationOf, isWebhook } from "../domain/Notification.ts"
import { contactCreated, machineCreated, requestCreated } from "../events/Catalog.ts"
import { type EventKind, rendered } from "../events/EventKind.ts"
import * as DiscordWebhook from "../notify/DiscordWebhook.ts"
import { Notifier, type NotifyError } from "../notify/Notifier.ts"
import { CommandError } from "./CommandError.ts"

interface Sample {
  readonly name: string
  readonly webhook: string
  readonly embeds: ReadonlyArray<Embed>
}

const sampleOf = (kind: EventKind<any, any>, processed: boolean): Sample => ({
  name: `a ${processed ? "processed" : "failed"} ${kind.name.toLowerCase()}`,
  webhook: kind.webhook,
  embeds: [
    rendered(kind, kind.sample, {
      error: processed ? undefined : kind.sampleError,
      done: processed ? kind.sampleDone : kind.sampleDone.slice(0, 1)
    })
  ]
})

const plain = (title: string, color: number, fields: Embed["fields"] = []) => fitted({ title, color, fields, at: 0 })

const samples: ReadonlyArray<Sample> = [
  { name: "a simple text", webhook: "DISCORD_WEBHOOK", embeds: [plain("rtfm can tell you things here", 0x3498db)] },
  {
    name: "rich embeds",
    webhook: "DISCORD_WEBHOOK",
    embeds: [
      plain("Fields", 0x2ecc71, [{ name: "A field", value: "its value", inline: true }]),
      plain("Another color", 0xf1c40f, [{ name: "A long field", value: "over the whole width" }])
    ]
  },
  sampleOf(contactCreated, true),
  sampleOf(requestCreated, false),
  sampleOf(machineCreated, true)
]

/** Tries of one message that Discord limits; each waits as long as it asks. */
const tries = 5

const send = (
  notifier: Notifier["Service"],
  destination: string,
  embeds: ReadonlyArray<Embed>,
  left = tries
): Effect.Effect<string, NotifyError> =>
  notifier.send(destination, embeds).pipe(
    Effect.catchIf(
      ({ reason }) => reason === "limited" && left > 1,
      ({ retryAfter }) =>
        Effect.andThen(Effect.sleep(retryAfter ?? 1000), send(notifier, destination, embeds, left - 1))
    )
  )

const tell = Effect.fnUntraced(function* (notifier: Notifier["Service"], { embeds, name, webhook }: Sample) {
  const destination = destinationOf(notifier.places, webhook)
  if (!isWebhook(destination)) {
    yield* Console.log(`${name}: no webhook is set; it would be told in ${destination}:\n`)
    yield* Console.log(`${embeds.map(toText).join("\n\n")}\n`)
    return true
  }
  const sent = yield* Effect.result(send(notifier, destination, embeds))
  if (sent._tag === "Success") {
    yield* Console.log(`${name}: arrived by ${destination} as message ${sent.success}`)
    return true
  }
  yield* Console.log(`${name}: ${sent.failure.detail}`)
  return false
})

const test = Command.make(
  "test",
  {},
  Effect.fn(function* () {
    const notifier = yield* Notifier
    const arrived = yield* Effect.forEach(samples, (sample) => tell(notifier, sample))
    const lost = arrived.filter((each) => !each).length
    if (lost > 0) {
      return yield* new CommandError({ detail: `${lost} of ${samples.length} notifications did not arrive.` })
    }
  })
).pipe(
  Command.withDescription("Send a few notifications by the webhooks of the settings, and say what arrived"),
  Command.withExamples([
    { command: "rtfm notify test", description: "A text, rich embeds, and an event of each kind" }
  ]),
  Command.provide(
    DiscordWebhook.layer({
      channelId: announcementChannelId.config,
      token: discordToken.config
    }).pipe(Layer.provide(FetchHttpClient.layer))
  )
)

export const notify = Command.make("notify").pipe(
  Command.withDescription("Notifications of events"),
  Command.withSubcommands([test])
)
