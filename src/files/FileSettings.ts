/** What an operator can set about the files of messages. */
import { Config, Effect, Option, Redacted, Schema } from "effect"
import * as Setting from "../runtime/Setting.ts"

const HttpUrl = Schema.URLFromString.check(
  Schema.makeFilter((url) => /^https?:$/.test(url.protocol) && url.username === "" && url.password === "")
)

export const minioUrl = Setting.optional("MINIO_URL", {
  description: "S3-compatible store for the files of messages; absent: files are left where they are",
  expected: "an http or https address without a user or password, such as http://localhost:9000",
  config: (name) => Config.schema(HttpUrl, name)
})

/** Nobody is asked for keys to no store; where there is one, a start without them ends. */
const withStore = <A>(config: Config.Config<A>) =>
  Config.flatMap(minioUrl.config, (url) =>
    Option.isNone(url) ? Config.option(config) : Config.map(config, Option.some)
  )

export const accessKey: Setting.Setting<Option.Option<string>> = {
  name: "MINIO_ACCESS_KEY",
  description: "Access key of that store",
  expected: "an access key, together with MINIO_URL and MINIO_SECRET_KEY",
  fallback: undefined,
  secret: false,
  config: withStore(Config.NonEmptyString("MINIO_ACCESS_KEY"))
}

export const secretKey: Setting.Setting<Option.Option<Redacted.Redacted>> = {
  name: "MINIO_SECRET_KEY",
  description: "Secret of MINIO_ACCESS_KEY",
  expected: "a secret, together with MINIO_ACCESS_KEY",
  fallback: undefined,
  secret: true,
  config: withStore(Config.map(Config.NonEmptyString("MINIO_SECRET_KEY"), Redacted.make))
}

/** As S3 names buckets. */
const BucketName = Schema.String.check(Schema.isPattern(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/))

export const bucketName = Setting.withDefault("BUCKET_NAME", {
  description: "Bucket of that store, made when it is not there",
  expected: "3 to 63 small letters, digits, dots and hyphens",
  config: (name) => Config.schema(BucketName, name),
  fallback: "rtfm",
  value: "rtfm"
})

export const bucketRegion = Setting.withDefault("BUCKET_REGION", {
  description: "Region of that store, where it has regions",
  expected: "a name such as us-east-1",
  config: Config.NonEmptyString,
  fallback: "us-east-1",
  value: "us-east-1"
})

export const mostMegabytes = Setting.withDefault("FILE_MAX_MB", {
  description: "Larger files of messages are not kept, in megabytes",
  expected: "a number from 1 to 5000",
  config: (name) => Config.schema(Schema.FiniteFromString.check(Schema.isBetween({ minimum: 1, maximum: 5000 })), name),
  fallback: "100",
  value: 100
})

const kept = "text,image,audio,video,application/pdf,application/vnd,application/xml,application/zip"
const FileTypes = Schema.String.check(Schema.isPattern(/^\s*[a-z]+(\/[\w.+-]*)?(\s*,\s*[a-z]+(\/[\w.+-]*)?)*\s*$/))

export const fileTypes = Setting.withDefault("FILE_TYPES", {
  description: "Files of messages that are kept, by what is in them and not by their names",
  expected: "media types or their beginnings, separated by commas, such as text,image,application/pdf",
  config: (name) =>
    Config.map(Config.schema(FileTypes, name), (types): ReadonlyArray<string> =>
      types.split(",").map((type) => type.trim())
    ),
  fallback: kept,
  value: kept.split(",")
})

export const settings: ReadonlyArray<Setting.Setting<any>> = [
  minioUrl,
  accessKey,
  secretKey,
  bucketName,
  bucketRegion,
  mostMegabytes,
  fileTypes
]

/** Where files are kept, and who keeps them. */
export interface Address {
  readonly url: URL
  readonly accessKey: string
  readonly secretKey: Redacted.Redacted
  readonly bucket: string
  readonly region: string
}

/** Of the settings; `undefined` without a store. */
export const address = Effect.gen(function* () {
  const url = yield* minioUrl.config
  const key = yield* accessKey.config
  const secret = yield* secretKey.config
  if (Option.isNone(url) || Option.isNone(key) || Option.isNone(secret)) return undefined
  const address: Address = {
    url: url.value,
    accessKey: key.value,
    secretKey: secret.value,
    bucket: yield* bucketName.config,
    region: yield* bucketRegion.config
  }
  return address
})
