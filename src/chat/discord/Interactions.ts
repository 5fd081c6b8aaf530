/** Commands, buttons and forms: acknowledged at once, and what they ask is heard like any question. */
import {
  type APIChatInputApplicationCommandInteraction,
  type APIInteraction,
  type APIMessage,
  type APIMessageApplicationCommandInteraction,
  type APIMessageComponentInteraction,
  type APIModalSubmitInteraction,
  ApplicationCommandType,
  ComponentType,
  InteractionResponseType,
  InteractionType,
  MessageFlags,
  Routes,
  TextInputStyle
} from "discord-api-types/v10"
import { Deferred, Effect, Exit } from "effect"
import { maxQuestionLength, type BotQuery } from "../../domain/Question.ts"
import * as Permissions from "../../domain/Permissions.ts"
import type { Feedback } from "../../knowledge/Feedback.ts"
import type { Heard } from "../Chat.ts"
import * as Commands from "./Commands.ts"
import type { DiscordState, Mode } from "./DiscordState.ts"
import type * as Guilds from "./Guilds.ts"
import * as Hearing from "./Hearing.ts"
import type { Known } from "./Known.ts"
import { type ButtonAction, buttonIn } from "./Rendering.ts"
import type { Rest, RestError } from "./Rest.ts"
import type { Retention } from "./Retention.ts"
import type { Switches } from "./Switches.ts"

export interface Options {
  readonly rest: Rest
  /** Of its own, so that an acknowledgement never waits behind what is said. */
  readonly acknowledging: Rest
  readonly state: DiscordState
  readonly switches: Switches
  readonly feedback: Feedback["Service"]
  readonly guilds: Guilds.Guilds
  readonly known: Known
  readonly selfId: string
  /** What the commands about the bot say. */
  readonly about: Readonly<
    Record<"status" | "sources" | "privacy", (serverId: string | undefined) => Effect.Effect<string, unknown>>
  >
  readonly retention: Retention
  /** Forgets a person and says what is gone. */
  readonly forget: (userId: string) => Effect.Effect<string, unknown>
  /** The role that is called when somebody asks for a human. */
  readonly humanRole: string | undefined
}

/** How long an interaction can be answered, in milliseconds; Discord's 15 minutes, less some for the way. */
const tokenLife = 14.5 * 60_000
/** Characters of a message. */
const longest = 2000

const hidden = { flags: MessageFlags.Ephemeral, allowed_mentions: { parse: [] } }
const tell = (content: string) => ({
  type: InteractionResponseType.ChannelMessageWithSource,
  data: { content: content.slice(0, longest), ...hidden }
})
const wait = (isPrivate: boolean) => ({
  type: InteractionResponseType.DeferredChannelMessageWithSource,
  data: isPrivate ? { flags: MessageFlags.Ephemeral } : {}
})

/** Asks what was wrong with an answer. */
const reasonForm = (replyId: string) => ({
  type: InteractionResponseType.Modal,
  data: {
    custom_id: `rtfm:reason:${replyId}`,
    title: "What was wrong?",
    components: [
      {
        type: ComponentType.ActionRow,
        components: [
          {
            type: ComponentType.TextInput,
            custom_id: "reason",
            label: "In your own words",
            style: TextInputStyle.Paragraph,
            required: false,
            max_length: 500
          }
        ]
      }
    ]
  }
})

const userOf = ({ member, user }: APIInteraction) => (member?.user ?? user)!

const reasonIn = ({ data }: APIModalSubmitInteraction): string => {
  const fields = data.components.flatMap((row) => ("components" in row ? row.components : []))
  const field = fields.find(({ custom_id }) => custom_id === "reason")
  return field !== undefined && "value" in field && typeof field.value === "string" ? field.value : ""
}

const isHidden = ({ flags }: APIMessage): boolean => ((flags ?? 0) & MessageFlags.Ephemeral) !== 0

/** The links that stand below an answer. */
const sourcesIn = (message: APIMessage): string => {
  const lines = message.content.split("\n").filter((line) => line.startsWith("-# ["))
  return lines.length === 0 ? "This answer names no sources." : lines.map((line) => line.slice(3)).join("\n")
}

export const make = (options: Options) => {
  const { about, acknowledging, feedback, forget, guilds, humanRole, known, rest, selfId, state, switches } = options
  const { retention } = options
  /** How the acknowledgement of an interaction went, for the question that waits for it. */
  const acknowledged = new Map<string, Deferred.Deferred<boolean>>()

  const respond = ({ id, token }: APIInteraction, body: unknown) =>
    acknowledging.call("answer a command", {
      method: "post",
      route: Routes.interactionCallback(id, token),
      auth: false,
      body,
      retries: 2,
      deadline: "3 seconds"
    })
  const complete = ({ application_id, token }: APIInteraction, content: string) =>
    acknowledging.call("complete the answer of a command", {
      method: "patch",
      route: Routes.webhookMessage(application_id, token),
      auth: false,
      body: { content: content.slice(0, longest), allowed_mentions: { parse: [] } }
    })

  const mayManage = ({ member }: APIInteraction): boolean =>
    (Permissions.permissionsIn(member?.permissions ?? "0") & Permissions.permission.manageServer) !== 0
  const onlyManagers = tell("Only who may manage the server can do this.")

  const setRetention = Effect.fnUntraced(function* (interaction: APIInteraction, days: number) {
    if (!mayManage(interaction) || interaction.guild_id === undefined) return onlyManagers
    yield* retention.set(interaction.guild_id, days)
    return tell(
      days === 0
        ? "What is said in this server is kept until it is deleted here."
        : `What was said more than ${days === 1 ? "a day" : `${days} days`} ago is deleted from what I know, now and from now on.`
    )
  })

  const setMode = (interaction: APIChatInputApplicationCommandInteraction, values: Commands.Typed["values"]) =>
    Effect.gen(function* () {
      if (!mayManage(interaction)) return onlyManagers
      const channelId = String(values["channel"] ?? interaction.channel.id)
      const mode = values["mode"] as Mode
      yield* switches.setMode(channelId, mode)
      return tell(`<#${channelId}>: ${modeSentences[mode]}`)
    })

  const onCommand = Effect.fnUntraced(function* (interaction: APIChatInputApplicationCommandInteraction) {
    const { path, values } = Commands.typedIn(interaction.data.options)
    if (interaction.data.name === "ask") return wait(values["private"] === true)
    if (interaction.data.name === "echo") return tell("It is on its way through the log.")
    const name = path[0]
    if (name === "channel") return yield* setMode(interaction, values)
    if (name === "forget-me") return wait(true)
    if (name === "retention") return yield* setRetention(interaction, Number(values["days"]))
    if (name === "status" || name === "sources" || name === "privacy")
      return tell(yield* about[name](interaction.guild_id))
    return tell("This command is not known here any more.")
  })

  const onButton = Effect.fnUntraced(function* (
    interaction: APIMessageComponentInteraction,
    { action, replyId }: { readonly action: ButtonAction; readonly replyId: string }
  ) {
    const by = userOf(interaction).id
    switch (action) {
      case "up":
        yield* feedback.record({ answerId: replyId, by, verdict: "helpful" })
        return tell("Thank you: noted as helpful.")
      case "down":
        yield* feedback.record({ answerId: replyId, by, verdict: "unhelpful" })
        return reasonForm(replyId)
      case "sources":
        return tell(sourcesIn(interaction.message))
      case "again":
        return interaction.message.message_reference === undefined
          ? tell("The question is not here any more: ask it with /ask.")
          : wait(isHidden(interaction.message))
      case "human":
        return yield* callHuman(interaction, replyId)
    }
  })

  /** Calls the role once for each answer, whoever asks how often: the nonce and the ledger see to that. */
  const callHuman = Effect.fnUntraced(function* (interaction: APIMessageComponentInteraction, replyId: string) {
    const channelId = interaction.channel.id
    const callId = `human-${replyId}`
    if (humanRole === undefined) return tell("Nobody is set up to be called here.")
    if ((yield* state.posted(callId)).some(({ messageId }) => messageId !== null))
      return tell("Somebody was called already.")
    const message = yield* rest.call<APIMessage>("call a human", {
      method: "post",
      route: Routes.channelMessages(channelId),
      body: {
        content: `<@&${humanRole}> ${Hearing.nameOf(userOf(interaction))} asks for a human here.`.slice(0, longest),
        nonce: interaction.message.id.slice(-24),
        enforce_nonce: true,
        allowed_mentions: { parse: [], roles: [humanRole] },
        message_reference: { message_id: interaction.message.id, fail_if_not_exists: false }
      }
    })
    yield* state.post(callId, { part: 0, channelId, messageId: message.id, digest: "" })
    return tell("Somebody was called.")
  })

  const onForm = Effect.fnUntraced(function* (interaction: APIModalSubmitInteraction) {
    const [, kind, ...rest] = interaction.data.custom_id.split(":")
    if (kind !== "reason") return tell("This form is not known here any more.")
    const reason = reasonIn(interaction)
    const given = { answerId: rest.join(":"), by: userOf(interaction).id, verdict: "unhelpful" as const }
    yield* feedback.record({ ...given, ...(reason !== "" && { reason }) })
    return tell("Thank you: noted.")
  })

  const responseTo = Effect.fnUntraced(function* (interaction: APIInteraction) {
    if (interaction.type === InteractionType.ModalSubmit) return yield* onForm(interaction)
    if (interaction.type === InteractionType.MessageComponent) {
      const button = buttonIn(interaction.data.custom_id)
      return button === undefined
        ? tell("This button is not known here any more.")
        : yield* onButton(interaction, button)
    }
    if (interaction.type !== InteractionType.ApplicationCommand) return undefined
    if (interaction.data.type === ApplicationCommandType.Message) return wait(false)
    return yield* onCommand(interaction as APIChatInputApplicationCommandInteraction)
  })

  const isForgetting = (interaction: APIInteraction): boolean =>
    interaction.type === InteractionType.ApplicationCommand &&
    interaction.data.type === ApplicationCommandType.ChatInput &&
    Commands.typedIn(interaction.data.options).path[0] === "forget-me"

  /** Acknowledged before, by a process that was killed since. */
  const again = (error: unknown): boolean => (error as RestError).code === 40060

  /** Answers within Discord's three seconds, whatever else there is to do. */
  const acknowledge = Effect.fnUntraced(
    function* (interaction: APIInteraction) {
      const heard = acknowledged.get(interaction.id)
      const response = yield* Effect.orElseSucceed(responseTo(interaction), () =>
        tell("That did not work just now: try again in a moment.")
      )
      const exit = response === undefined ? Exit.void : yield* Effect.exit(respond(interaction, response))
      const inTime = Exit.isSuccess(exit) || exit.cause.reasons.some((it) => "error" in it && again(it.error))
      if (heard !== undefined) yield* Deferred.succeed(heard, inTime)
      if (inTime && isForgetting(interaction)) {
        const receipt = yield* Effect.orElseSucceed(
          forget(userOf(interaction).id),
          () => "Not everything could be forgotten just now: try again in a moment."
        )
        yield* complete(interaction, receipt)
      }
    },
    (effect) => Effect.ignore(effect)
  )

  const spotOf = Effect.fnUntraced(function* ({ channel, guild_id }: APIInteraction) {
    const id = channel?.id ?? ""
    const place = guild_id === undefined ? undefined : yield* known.channel(id, guild_id)
    return place === undefined ? { serverId: guild_id ?? Hearing.directServer, channelId: id } : guilds.spotOf(place)
  })

  const queryOf = Effect.fnUntraced(function* (
    interaction: APIInteraction,
    { source, text }: Words,
    isPrivate: boolean
  ) {
    const spot = yield* spotOf(interaction)
    const user = userOf(interaction)
    const alone = isPrivate || spot.serverId === Hearing.directServer
    const query: BotQuery = {
      id: interaction.id,
      text: text.trim().slice(0, maxQuestionLength),
      ...(source !== undefined && { source }),
      ...spot,
      author: { id: user.id, name: Hearing.nameOf(user, interaction.member?.nick), bot: user.bot === true },
      ...(alone && { private: true }),
      replyTo: null,
      askedAt: Hearing.timeOf(interaction.id)
    }
    return query
  })

  /** The answer belongs to the command, unless it was too late to say that one comes. */
  const ask = Effect.fnUntraced(function* (interaction: APIInteraction, words: Words, isPrivate: boolean) {
    const waiting = acknowledged.get(interaction.id)
    const inTime =
      waiting === undefined ||
      (yield* Deferred.await(waiting).pipe(
        Effect.timeoutOrElse({ duration: "4 seconds", orElse: () => Effect.succeed(false) })
      ))
    acknowledged.delete(interaction.id)
    if (words.text.trim() === "") {
      yield* Effect.ignore(complete(interaction, "There is no question in that."))
      return []
    }
    if (inTime)
      yield* state.keepToken(interaction.id, {
        applicationId: interaction.application_id,
        token: interaction.token,
        private: isPrivate,
        expiresAt: Hearing.timeOf(interaction.id) + tokenLife
      })
    return [{ query: yield* queryOf(interaction, words, isPrivate) }] as ReadonlyArray<Heard>
  })

  const askAgain = Effect.fnUntraced(function* (interaction: APIMessageComponentInteraction) {
    const { channel_id, message_id } = interaction.message.message_reference ?? {}
    if (channel_id === undefined || message_id === undefined) return []
    const question = yield* rest
      .call<APIMessage>("read the question", { method: "get", route: Routes.channelMessage(channel_id, message_id) })
      .pipe(Effect.orElseSucceed(() => undefined))
    const asked = question === undefined ? undefined : Hearing.questionIn(question, selfId)
    return yield* ask(interaction, asked ?? wordless, isHidden(interaction.message))
  })

  const hearCommand = Effect.fnUntraced(function* (
    interaction: APIChatInputApplicationCommandInteraction | APIMessageApplicationCommandInteraction
  ) {
    if (interaction.data.type === ApplicationCommandType.Message) {
      const message = interaction.data.resolved.messages[interaction.data.target_id]
      const asked = message === undefined ? undefined : Hearing.questionIn(message, selfId)
      return yield* ask(interaction, asked ?? wordless, false)
    }
    const { values } = Commands.typedIn((interaction as APIChatInputApplicationCommandInteraction).data.options)
    if (interaction.data.name === "ask")
      return yield* ask(interaction, { text: String(values["question"]) }, values["private"] === true)
    if (interaction.data.name !== "echo") return []
    const echo = { id: interaction.id, channelId: interaction.channel.id, text: String(values["text"]) }
    return [{ echo }] as ReadonlyArray<Heard>
  })

  return {
    acknowledge,
    /** To be called before `acknowledge`, in the order of arrival. */
    expect: ({ id }: APIInteraction): void => {
      acknowledged.set(id, Deferred.makeUnsafe())
      // What is never asked for goes with the oldest.
      if (acknowledged.size > 1000) acknowledged.delete(acknowledged.keys().next().value!)
    },
    hear: Effect.fnUntraced(function* (interaction: APIInteraction) {
      if (interaction.type === InteractionType.ApplicationCommand)
        return yield* hearCommand(
          interaction as APIChatInputApplicationCommandInteraction | APIMessageApplicationCommandInteraction
        )
      if (interaction.type !== InteractionType.MessageComponent) return []
      return buttonIn(interaction.data.custom_id)?.action === "again" ? yield* askAgain(interaction) : []
    })
  }
}

export type Interactions = ReturnType<typeof make>

/** What is asked, and the message that says so where one does. */
interface Words {
  readonly text: string
  readonly source?: string
}
const wordless: Words = { text: "" }

const modeSentences: Record<Mode, string> = {
  listen: "I listen here and never answer.",
  answer: "I listen here, and answer when I am asked.",
  automatic: "I answer here whatever I have grounds to answer.",
  off: "I neither listen nor answer here."
}
