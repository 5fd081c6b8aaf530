/** What the client reports, in one error with a reason, and a sentence that names broker, topic and cause. */
import { BrokerError } from "../Broker.ts"
import type { Options } from "./KafkaSettings.ts"

/** The client's errors nest, by `errors` and by `cause`. */
interface Reported {
  readonly message?: string
  readonly code?: string
  readonly apiId?: string
  readonly serverErrorMessage?: string | null
  readonly errors?: ReadonlyArray<unknown>
  readonly cause?: unknown
}

/** An error and all it was caused by, outermost first. */
export const chain = (error: unknown): ReadonlyArray<Reported> => {
  if (typeof error !== "object" || error === null) return []
  const reported = error as Reported
  return [reported, ...(reported.errors ?? []).flatMap(chain), ...chain(reported.cause)]
}

const unauthorizedIds = /_AUTHORIZATION_FAILED$|^DELEGATION_TOKEN/
const fencedIds = new Set([
  "INVALID_PRODUCER_EPOCH",
  "PRODUCER_FENCED",
  "INVALID_PRODUCER_ID_MAPPING",
  "INVALID_TXN_STATE",
  "TRANSACTION_COORDINATOR_FENCED",
  "FENCED_INSTANCE_ID",
  "FENCED_MEMBER_EPOCH",
  "ILLEGAL_GENERATION",
  "UNKNOWN_MEMBER_ID",
  "REBALANCE_IN_PROGRESS"
])
const unknownTopicIds = new Set(["UNKNOWN_TOPIC_OR_PARTITION", "UNKNOWN_TOPIC_ID"])
const invalidIds = new Set([
  "MESSAGE_TOO_LARGE",
  "RECORD_LIST_TOO_LARGE",
  "INVALID_RECORD",
  "INVALID_TOPIC_EXCEPTION",
  "INVALID_PARTITIONS",
  "INVALID_REPLICATION_FACTOR",
  "INVALID_CONFIG",
  "INVALID_REQUEST",
  "INVALID_GROUP_ID",
  "POLICY_VIOLATION",
  "INCONSISTENT_GROUP_PROTOCOL",
  "UNSUPPORTED_SASL_MECHANISM",
  "UNSUPPORTED_VERSION",
  "OFFSET_METADATA_TOO_LARGE"
])
const unreachableIds = new Set([
  "REQUEST_TIMED_OUT",
  "NETWORK_EXCEPTION",
  "BROKER_NOT_AVAILABLE",
  "LEADER_NOT_AVAILABLE",
  "NOT_LEADER_OR_FOLLOWER",
  "COORDINATOR_NOT_AVAILABLE",
  "COORDINATOR_LOAD_IN_PROGRESS",
  "NOT_COORDINATOR",
  "NOT_CONTROLLER",
  "NOT_ENOUGH_REPLICAS",
  "NOT_ENOUGH_REPLICAS_AFTER_APPEND"
])

const isAuthentication = ({ apiId, code }: Reported): boolean =>
  code === "PLT_KFK_AUTHENTICATION" || apiId === "SASL_AUTHENTICATION_FAILED"

/** Node's codes for certificates that cannot be trusted. */
const isCertificate = ({ code = "" }: Reported): boolean => /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code)
const isTlsWanted = ({ message = "" }: Reported): boolean => message === "Broker requires TLS."
const isUnknownTopic = ({ apiId, message = "" }: Reported): boolean =>
  unknownTopicIds.has(apiId ?? "") || message.startsWith("Unknown topic ")
const isNetwork = ({ code = "", message = "" }: Reported): boolean =>
  message.startsWith("Cannot find broker") ||
  message.startsWith("TLS handshake failed") ||
  /^PLT_KFK_(NETWORK|TIMEOUT)$|^E(CONN|HOST|NET|PIPE|TIMEDOUT|ADDR|AI_)|^ENOTFOUND/.test(code)

/** The most telling of the chain: what a broker said, else what the operating system said, else the innermost. */
const tell = (all: ReadonlyArray<Reported>): string => {
  const said = all.findLast(({ apiId }) => apiId !== undefined)
  if (said !== undefined) return `${said.apiId}: ${said.serverErrorMessage ?? said.message}`
  const system = all.findLast(({ code }) => code !== undefined && !code.startsWith("PLT_KFK"))
  return (system ?? all.at(-1))?.message || "no reason given"
}

const ended = (text: string): string => text.trim().replace(/[.!]?$/, ".")

export interface Doing {
  /** What was tried, as in "could not …". */
  readonly what: string
  readonly topic?: string
}

export type Failure = (cause: unknown) => BrokerError

/** Nothing of the client's own errors is kept: they carry whole requests. */
export const failureOf =
  ({ sasl, servers }: Options, { topic, what }: Doing): Failure =>
  (cause) => {
    if (cause instanceof BrokerError) return cause
    const all = chain(cause)
    const has = (ids: { has(id: string): boolean }) => all.some(({ apiId }) => apiId !== undefined && ids.has(apiId))
    const error = (reason: BrokerError["reason"], detail: string, fatal = false) =>
      new BrokerError({
        reason,
        detail: ended(detail),
        ...(topic !== undefined && { topic }),
        ...(fatal && { fatal })
      })
    const broker = `Kafka at ${servers.join(",")}`
    const because = `could not ${what}: ${tell(all)}`

    if (all.some(isAuthentication))
      return error(
        "unauthorized",
        `${broker} refused ${sasl?.username ?? "us"} (${sasl?.mechanism}): ${tell(all)}`,
        true
      )
    if (has({ has: (id) => unauthorizedIds.test(id) })) return error("unauthorized", `${broker} ${because}`)
    if (all.some(isTlsWanted)) return error("invalid", `${broker} speaks TLS: set KAFKA_TLS=true`, true)
    if (all.some(isCertificate))
      return error("invalid", `No TLS with ${broker}, see KAFKA_TLS and KAFKA_TLS_CA: ${tell(all)}`, true)
    if (has(fencedIds)) return error("fenced", `${broker} ${because}`)
    if (all.some(isUnknownTopic))
      return error("unknown-topic", `There is no topic ${topic ?? "as asked for"} at ${broker}`)
    if (has(invalidIds)) return error("invalid", `${broker} ${because}`)
    if (has(unreachableIds) || all.some(isNetwork))
      return error("unreachable", `${broker} does not answer; could not ${what}: ${tell(all)}`)
    return error("failed", `${broker} ${because}`)
  }

/** Two processes cannot have one name: the older of them has to end. */
export const replaced = ({ servers }: Options): BrokerError =>
  new BrokerError({
    reason: "fenced",
    detail: `Another process with the same REPLICA_ID has taken over at Kafka at ${servers.join(",")}.`,
    fatal: true
  })

/** Retrying cannot help: the answer will be the same. */
export const isHopeless = (error: unknown): boolean =>
  chain(error).some((reported) => isAuthentication(reported) || isCertificate(reported) || isTlsWanted(reported))

export const isUnknown = (error: unknown): boolean => chain(error).some(isUnknownTopic)

export const hasId = (error: unknown, id: string): boolean => chain(error).some(({ apiId }) => apiId === id)

/** How a group tells a member that its generation is over. */
const lateIds = ["ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID", "FENCED_INSTANCE_ID", "REBALANCE_IN_PROGRESS"]
export const isLate = (error: unknown): boolean => lateIds.some((id) => hasId(error, id))
