/** The bot's commands as Discord shows them, and what people say with them. Pure. */
import {
  type APIApplicationCommandInteractionDataOption,
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ApplicationIntegrationType,
  InteractionContextType,
  type LocalizationMap,
  type RESTPutAPIApplicationCommandsJSONBody
} from "discord-api-types/v10"
import { maxQuestionLength } from "../../domain/Question.ts"
import { modes } from "./DiscordState.ts"
import { longest as longestRetention } from "./Retention.ts"

/** Texts in the languages there are; the first is the default, and stands under its own keys, too. */
const said = (en: string, de: string, fr: string): LocalizationMap => ({ "en-US": en, "en-GB": en, de, fr })

const named = (name: string, [de, fr]: readonly [string, string], description: readonly [string, string, string]) => ({
  name,
  name_localizations: said(name, de, fr),
  description: description[0],
  description_localizations: said(...description)
})

const places = {
  integration_types: [ApplicationIntegrationType.GuildInstall],
  contexts: [InteractionContextType.Guild, InteractionContextType.BotDM]
}
const servers = { ...places, contexts: [InteractionContextType.Guild] }

/** In a message's context menu. */
export const askAboutMessage = "Ask rtfm"

const subcommand = (
  name: string,
  names: readonly [string, string],
  description: readonly [string, string, string],
  options: ReadonlyArray<object> = []
) => ({ type: ApplicationCommandOptionType.Subcommand, ...named(name, names, description), options })

const modeWords: Record<(typeof modes)[number], readonly [string, string, string]> = {
  listen: ["listen, never answer", "nur zuhören", "écouter seulement"],
  answer: ["answer when asked", "antworten, wenn gefragt", "répondre si on demande"],
  automatic: ["answer everything it can", "alles beantworten", "répondre à tout"],
  off: ["off", "aus", "désactivé"]
}

const modeOption = {
  type: ApplicationCommandOptionType.String,
  ...named("mode", ["modus", "mode"], ["What the bot does there", "Was der Bot dort tut", "Ce que le bot y fait"]),
  required: true,
  choices: modes.map((mode) => ({
    name: modeWords[mode][0],
    value: mode,
    name_localizations: said(...modeWords[mode])
  }))
}

const channelOption = {
  type: ApplicationCommandOptionType.Channel,
  ...named(
    "channel",
    ["kanal", "salon"],
    ["The channel; this one if none is named", "Der Kanal; sonst dieser", "Le salon ; sinon celui-ci"]
  )
}

const daysOption = {
  type: ApplicationCommandOptionType.Integer,
  ...named("days", ["tage", "jours"], ["Days; 0 for no limit", "Tage; 0 für keine Grenze", "Jours ; 0 sans limite"]),
  required: true,
  min_value: 0,
  max_value: longestRetention
}

export const definitions = [
  {
    type: ApplicationCommandType.ChatInput,
    ...named(
      "ask",
      ["fragen", "demander"],
      ["Ask what is known here", "Frag, was hier bekannt ist", "Demander ce que l'on sait ici"]
    ),
    ...places,
    options: [
      {
        type: ApplicationCommandOptionType.String,
        ...named("question", ["frage", "question"], ["Your question", "Deine Frage", "Votre question"]),
        required: true,
        max_length: maxQuestionLength
      },
      {
        type: ApplicationCommandOptionType.Boolean,
        ...named(
          "private",
          ["privat", "privé"],
          ["Only you see the answer", "Nur du siehst die Antwort", "Vous seul voyez la réponse"]
        )
      }
    ]
  },
  {
    type: ApplicationCommandType.ChatInput,
    ...named(
      "echo",
      ["echo", "écho"],
      ["Say this here, by way of the log", "Sag das hier, über das Log", "Dire ceci ici, par le journal"]
    ),
    ...servers,
    options: [
      {
        type: ApplicationCommandOptionType.String,
        ...named("text", ["text", "texte"], ["What to say", "Was zu sagen ist", "Ce qu'il faut dire"]),
        required: true,
        max_length: 2000
      }
    ]
  },
  {
    type: ApplicationCommandType.ChatInput,
    ...named("rtfm", ["rtfm", "rtfm"], ["About this bot", "Über diesen Bot", "À propos de ce bot"]),
    ...places,
    options: [
      subcommand("status", ["status", "état"], ["What it knows", "Was er weiß", "Ce qu'il sait"]),
      subcommand(
        "sources",
        ["quellen", "sources"],
        ["The documentation it knows", "Die Dokumentation, die er kennt", "La documentation qu'il connaît"]
      ),
      subcommand(
        "channel",
        ["kanal", "salon"],
        ["What it does in a channel", "Was er in einem Kanal tut", "Ce qu'il fait dans un salon"],
        [modeOption, channelOption]
      ),
      subcommand(
        "retention",
        ["aufbewahrung", "conservation"],
        [
          "How long what is said in this server is kept",
          "Wie lange bleibt, was auf diesem Server gesagt wird",
          "Durée de conservation de ce qui est dit sur ce serveur"
        ],
        [daysOption]
      ),
      subcommand(
        "forget-me",
        ["vergiss-mich", "oublie-moi"],
        ["Delete what you said, and keep nothing more", "Lösche, was du gesagt hast", "Effacer ce que vous avez dit"]
      ),
      subcommand(
        "privacy",
        ["datenschutz", "vie-privée"],
        ["What is kept, and how to leave", "Was gespeichert wird", "Ce qui est gardé"]
      )
    ]
  },
  { type: ApplicationCommandType.Message, name: askAboutMessage, ...servers }
] as RESTPutAPIApplicationCommandsJSONBody

/** What was typed into a command: its path below the name, and the values by name. */
export interface Typed {
  readonly path: ReadonlyArray<string>
  readonly values: Readonly<Record<string, string | number | boolean>>
}

export const typedIn = (options: ReadonlyArray<APIApplicationCommandInteractionDataOption> = []): Typed => {
  const [first] = options
  if (first !== undefined && "options" in first && first.type === ApplicationCommandOptionType.Subcommand) {
    const inner = typedIn(first.options as ReadonlyArray<APIApplicationCommandInteractionDataOption>)
    return { path: [first.name, ...inner.path], values: inner.values }
  }
  const values = options.flatMap((option) => ("value" in option ? [[option.name, option.value] as const] : []))
  return { path: [], values: Object.fromEntries(values) }
}
