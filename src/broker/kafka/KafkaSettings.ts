/** How to reach Kafka, as whom, and what its topics are to be like there. */
import { Config, Effect, Option, Redacted, Schema } from "effect"
import { readFileSync } from "node:fs"
import * as Setting from "../../runtime/Setting.ts"
import type { BrokerError } from "../Broker.ts"
import { invalid } from "../Rules.ts"
import { replicaId } from "./Replica.ts"

const address = String.raw`(\[[0-9a-fA-F:]+\]|[\w.-]+)(:\d{1,5})?`

export const bootstrapServers = Setting.optional("KAFKA_BOOTSTRAP_SERVERS", {
  description: "Kafka brokers to use; absent: the embedded broker in DATA_DIR",
  expected: "addresses such as localhost:9092, separated by commas",
  config: (name) =>
    Config.schema(Schema.String.check(Schema.isPattern(new RegExp(`^${address}(\\s*,\\s*${address})*$`))), name).pipe(
      Config.map((text) => text.split(",").map((server) => server.trim()))
    )
})

const mechanisms = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const
type Mechanism = (typeof mechanisms)[number]

export const saslMechanism = Setting.withDefault<Mechanism>("KAFKA_SASL_MECHANISM", {
  description: "How KAFKA_USERNAME proves who it is to Kafka",
  expected: "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512",
  config: (name) => Config.Literals(mechanisms, name),
  fallback: "PLAIN",
  value: "PLAIN"
})

export const username = Setting.optional("KAFKA_USERNAME", {
  description: "User at Kafka; absent: no SASL",
  expected: "a name, together with KAFKA_PASSWORD",
  config: Config.NonEmptyString
})

export const password = Setting.optional("KAFKA_PASSWORD", {
  description: "Password of KAFKA_USERNAME",
  expected: "a password, together with KAFKA_USERNAME",
  config: (name) => Config.NonEmptyString(name).pipe(Config.map(Redacted.make)),
  secret: true
})

export const tls = Setting.withDefault("KAFKA_TLS", {
  description: "Whether to speak TLS with Kafka",
  expected: "true or false",
  config: Config.Boolean,
  fallback: "false",
  value: false
})

export const tlsCa = Setting.optional("KAFKA_TLS_CA", {
  description: "File of the certificates to trust for Kafka; absent: those of well-known authorities",
  expected: "a file in PEM format, together with KAFKA_TLS=true",
  config: Config.NonEmptyString
})

export const replicationFactor = Setting.optional("KAFKA_REPLICATION_FACTOR", {
  description: "Brokers that keep each record of a topic made by rtfm; absent: what Kafka is set to",
  expected: "a whole number from 1",
  config: (name) => Config.schema(Schema.FiniteFromString.check(Schema.isInt(), Schema.isGreaterThan(0)), name)
})

export const topicPrefix = Setting.withDefault("KAFKA_TOPIC_PREFIX", {
  description: "What the names of all topics, groups and transactions at Kafka start with",
  expected: 'letters, digits, ".", "_" and "-", at most 100',
  config: (name) => Config.schema(Schema.String.check(Schema.isPattern(/^[a-zA-Z0-9._-]{0,100}$/)), name),
  fallback: "",
  value: ""
})

const codecs = ["zstd", "lz4", "snappy", "gzip", "none"] as const
type Codec = (typeof codecs)[number]

export const compression = Setting.withDefault<Codec>("KAFKA_COMPRESSION", {
  description: "How records are compressed on the way to Kafka and in the topics made there; any codec is read",
  expected: "zstd, lz4, snappy, gzip or none",
  config: (name) => Config.Literals(codecs, name),
  fallback: "zstd",
  value: "zstd"
})

/** With less, what is acknowledged could be lost with a broker. */
export const acks = Setting.withDefault<"all">("KAFKA_ACKS", {
  description: "Which brokers have a record before it counts as written: all that are in sync, and never fewer",
  expected: "all",
  config: (name) => Config.Literals(["all"], name),
  fallback: "all",
  value: "all"
})

export const retries = Setting.withDefault("KAFKA_RETRIES", {
  description: "How often a write that fails is tried again, within 7 s; after that its actor tries",
  expected: "a whole number from 3",
  config: (name) => Config.schema(Schema.FiniteFromString.check(Schema.isInt(), Schema.isGreaterThan(2)), name),
  fallback: "20",
  value: 20
})

export const replica = Setting.optional("REPLICA_ID", {
  description: "Name of this process among those that share the work; absent: one kept in DATA_DIR",
  expected: 'letters, digits, ".", "_" and "-", at most 60; no two processes the same',
  config: (name) => Config.schema(Schema.String.check(Schema.isPattern(/^[a-zA-Z0-9._-]{1,60}$/)), name)
})

export const settings: ReadonlyArray<Setting.Setting<any>> = [
  bootstrapServers,
  saslMechanism,
  username,
  password,
  tls,
  tlsCa,
  replicationFactor,
  topicPrefix,
  compression,
  acks,
  retries,
  replica
]

export interface Sasl {
  readonly mechanism: Mechanism
  readonly username: string
  readonly password: Redacted.Redacted
}

export interface Options {
  readonly servers: ReadonlyArray<string>
  /** Names this process: its members, its transactions and its connections. */
  readonly replica: string
  readonly sasl?: Sasl
  /** Certificates to trust, as PEM; `undefined` for those of well-known authorities. */
  readonly tls?: { readonly ca: string | undefined }
  /** `undefined` for the broker's own. */
  readonly replicationFactor?: number
  readonly prefix?: string
  /** Default: zstd. */
  readonly compression?: Codec
  /** How often a write is tried again at most; default: for as long as there is patience. */
  readonly retries?: number
}

const readCertificates = (file: string): Effect.Effect<string, BrokerError> =>
  Effect.try({
    try: () => readFileSync(file, "utf8"),
    catch: (cause) => invalid(`KAFKA_TLS_CA cannot be read: ${cause instanceof Error ? cause.message : cause}.`)
  })

/** Of the settings; a replica's id is taken from `DATA_DIR`, and held, for as long as the scope is open. */
export const options = Effect.fnUntraced(function* (servers: ReadonlyArray<string>) {
  const user = yield* username.config
  const secret = yield* password.config
  if (Option.isSome(user) !== Option.isSome(secret))
    return yield* invalid("KAFKA_USERNAME and KAFKA_PASSWORD belong together: set both, or none.")
  const ca = yield* tlsCa.config
  const encrypted = yield* tls.config
  if (Option.isSome(ca) && !encrypted) return yield* invalid("KAFKA_TLS_CA is set, but KAFKA_TLS is not true.")
  const copies = yield* replicationFactor.config
  const name = yield* replica.config
  const options: Options = {
    servers,
    replica: Option.isSome(name) ? name.value : yield* replicaId,
    prefix: yield* topicPrefix.config,
    compression: yield* compression.config,
    retries: yield* retries.config,
    ...(Option.isSome(user) &&
      Option.isSome(secret) && {
        sasl: { mechanism: yield* saslMechanism.config, username: user.value, password: secret.value }
      }),
    ...(encrypted && { tls: { ca: Option.isSome(ca) ? yield* readCertificates(ca.value) : undefined } }),
    ...(Option.isSome(copies) && { replicationFactor: copies.value })
  }
  return options
})
