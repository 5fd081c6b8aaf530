/** What a command says and with which code it exits when it fails. */
import { Cause } from "effect"
import { CliError } from "effect/cli"
import { SqlError } from "effect/sql"
import { ChoiceError } from "../actors/Supervise.ts"
import { BrokerError } from "../broker/Broker.ts"
import { ChatFatalError } from "../chat/Chat.ts"
import { RoutesError } from "../notify/RoutesFile.ts"
import { RoomError } from "../runtime/Room.ts"
import { SettingsError } from "../settings.ts"
import * as SqlFailure from "../state/SqlFailure.ts"
import { ServerError } from "../web/ServerError.ts"
import { CommandError } from "./CommandError.ts"

/** Exit codes are part of the interface: scripts and supervisors tell failures apart by them. */
export const exitCodes = {
  0: "done, or stopped as asked",
  1: "failed; the last line says why",
  2: "a setting, a flag or an argument is wrong",
  3: "another rtfm has DATA_DIR open",
  4: "the address cannot be listened on",
  5: "DATA_DIR cannot be written, is damaged, or its disk is full",
  6: "Discord refuses the bot: its token, its intents or its size",
  7: "Kafka or the schema registry refuses it: login, TLS, schema"
} as const

type ExitCode = keyof typeof exitCodes

const brokerCodes: Partial<Record<BrokerError["reason"], ExitCode>> = {
  locked: 3,
  full: 5,
  unauthorized: 5,
  invalid: 5
}

/** What cannot be mended by a new start comes from other machines; what is about one topic is about nothing else. */
const brokerCodeOf = ({ fatal, reason, topic }: BrokerError): ExitCode => {
  if (fatal === true) return 7
  return topic !== undefined && reason === "invalid" ? 1 : (brokerCodes[reason] ?? 1)
}

export const exitCodeOf = (cause: Cause.Cause<unknown>): ExitCode => {
  if (Cause.hasInterruptsOnly(cause)) return 0
  const error = Cause.squash(cause)
  if (error instanceof SettingsError || error instanceof RoutesError) return 2
  if (error instanceof ChoiceError || CliError.isCliError(error)) return 2
  if (error instanceof BrokerError) return brokerCodeOf(error)
  if (error instanceof ChatFatalError) return 6
  if (error instanceof RoomError || SqlError.isSqlError(error)) return 5
  if (error instanceof ServerError) return error.reason === "unprotected" ? 2 : 4
  return 1
}

/** `undefined` when there is nothing left to say. */
export const sentenceOf = (cause: Cause.Cause<unknown>): string | undefined => {
  if (Cause.hasInterruptsOnly(cause)) return undefined
  const error = Cause.squash(cause)
  // The command line's own mistakes are printed with the help they need.
  if (CliError.isCliError(error) || (error instanceof CommandError && error.shown === true)) return undefined
  if (Cause.hasDies(cause)) return Cause.pretty(cause)
  if (SqlError.isSqlError(error)) return `${error.message}: ${SqlFailure.from(error).message}.`
  return error instanceof Error ? error.message : String(error)
}
