/** Files in a bucket of an S3-compatible store. Loads the store's client, so it is itself loaded only where one is set. */
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  S3Client
} from "@aws-sdk/client-s3"
import { Upload } from "@aws-sdk/lib-storage"
import { NodeStream } from "@effect/platform-node"
import { Cause, Effect, Layer, Metric, Redacted, Stream } from "effect"
import type { Readable } from "node:stream"
import type { Address } from "./FileSettings.ts"
import { FileStore, FileStoreError } from "./FileStore.ts"
import { swept } from "./Sweeping.ts"

/** What is in memory of a file on its way; S3 takes no smaller parts. */
const partSize = 5 * 1024 * 1024
/** Files removed at the same time. */
const atOnce = 4

const failuresTotal = Metric.counter("rtfm_files_failures_total", {
  description: "Calls of the store for files that failed",
  incremental: true
})

/** Of the client's errors, what the store said and with which status; none when there was no answer. */
const answerIn = (error: unknown): { readonly name: string; readonly status: number | undefined } => {
  const { $metadata, Code, code, name } = error as {
    readonly name?: string
    readonly Code?: string
    /** Of a connection that failed. */
    readonly code?: string
    readonly $metadata?: { readonly httpStatusCode?: number }
  }
  return { name: Code ?? code ?? name ?? "Unknown", status: $metadata?.httpStatusCode }
}

const busy: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504])

const reasonOf = (name: string, status: number | undefined): FileStoreError["reason"] => {
  if (status === undefined || busy.has(status)) return "unreachable"
  if (status === 401 || status === 403) return "denied"
  return status === 404 || name === "NoSuchBucket" || name === "NoSuchKey" ? "missing" : "failed"
}

const notAccepted: ReadonlySet<string> = new Set([
  "InvalidAccessKeyId",
  "SignatureDoesNotMatch",
  "ExpiredToken",
  "InvalidToken",
  "AuthorizationHeaderMalformed"
])

const toErrorAt =
  ({ bucket, url }: Address) =>
  (doing: string) =>
  (error: unknown): FileStoreError => {
    const { name, status } = answerIn(error)
    const reason = reasonOf(name, status)
    const store = `The S3 store at ${url.host}`
    const fail = (detail: string) => new FileStoreError({ reason, detail, cause: error })
    if (reason === "unreachable") return fail(`${store} does not answer (${name})`)
    if (reason === "denied" && notAccepted.has(name))
      return fail(
        `${store} does not accept MINIO_ACCESS_KEY and MINIO_SECRET_KEY (${name}): set a pair of keys that is valid.`
      )
    if (reason === "denied")
      return fail(`${store} does not let MINIO_ACCESS_KEY ${doing} in bucket ${bucket} (${name}).`)
    if (name === "NoSuchBucket") return fail(`${store} has no bucket ${bucket}`)
    return fail(`${store} could not ${doing} in bucket ${bucket} (${name})`)
  }

const makeClient = ({ accessKey, region, secretKey, url }: Address) =>
  new S3Client({
    endpoint: url.href,
    region,
    credentials: { accessKeyId: accessKey, secretAccessKey: Redacted.value(secretKey) },
    // Other stores than Amazon's have neither a host for each bucket nor checksums of their own.
    forcePathStyle: true,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 5_000, socketTimeout: 60_000 }
  })

export const make = Effect.fnUntraced(function* (address: Address) {
  const { bucket, url } = address
  const client = yield* Effect.acquireRelease(
    Effect.sync(() => makeClient(address)),
    (client) => Effect.sync(() => client.destroy())
  )
  const toError = toErrorAt(address)
  const call = <A>(doing: string, run: (signal: AbortSignal) => Promise<A>) =>
    Effect.tryPromise({ try: run, catch: toError(doing) }).pipe(
      Effect.tapError(({ reason }) => Metric.update(Metric.withAttributes(failuresTotal, { reason }), 1))
    )

  const makeBucket = call("make the bucket", (abortSignal) =>
    client.send(new CreateBucketCommand({ Bucket: bucket }), { abortSignal })
  ).pipe(
    // Another process was faster.
    Effect.catchIf(
      ({ cause }) => answerIn(cause).name.startsWith("BucketAlready"),
      () => Effect.void
    )
  )

  const listPage = (Prefix: string, MaxKeys: number, ContinuationToken?: string) =>
    call("list files", (abortSignal) =>
      client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix, MaxKeys, ContinuationToken }), { abortSignal })
    )

  const upload = (key: string, type: string, body: Readable) =>
    call("keep a file", (signal) => {
      const upload = new Upload({
        client,
        params: { Bucket: bucket, Key: key, Body: body, ContentType: type },
        partSize,
        queueSize: 1
      })
      signal.addEventListener("abort", () => void upload.abort(), { once: true })
      return upload.done()
    })

  /** The upload tells only that its content failed; how, the content itself does. */
  const putOnce = <E>(key: string, type: string, content: Stream.Stream<Uint8Array, E>) =>
    Effect.suspend(() => {
      let failure: Cause.Cause<E> | undefined
      const body = NodeStream.toReadableNever(
        Stream.tapCause(swept(content), (cause) => Effect.sync(() => void (failure = cause)))
      )
      return upload(key, type, body).pipe(
        Effect.catch((error): Effect.Effect<never, FileStoreError | E> =>
          failure === undefined ? Effect.fail(error) : Effect.failCause(failure)
        ),
        Effect.ensuring(Effect.sync(() => body.destroy()))
      )
    })

  let bucketIsThere = false
  const ensureBucket = Effect.suspend(() => (bucketIsThere ? Effect.void : lookForBucket))
  const lookForBucket = listPage("", 1).pipe(
    Effect.catchIf(
      ({ reason }) => reason === "missing",
      () => makeBucket
    ),
    Effect.andThen(Effect.sync(() => void (bucketIsThere = true)))
  )

  return FileStore.of({
    put: (key, type, content) => Effect.asVoid(Effect.andThen(ensureBucket, putOnce(key, type, content))),
    get: (key) =>
      Stream.unwrap(
        Effect.map(
          call(`read ${key}`, (abortSignal) =>
            client.send(new GetObjectCommand({ Bucket: bucket, Key: key }), { abortSignal })
          ),
          ({ Body }) => Stream.fromAsyncIterable(Body as Readable, toError(`read ${key}`))
        )
      ),
    remove: (keys) =>
      Effect.forEach(
        keys,
        (Key) =>
          call("remove a file", (abortSignal) =>
            client.send(new DeleteObjectCommand({ Bucket: bucket, Key }), { abortSignal })
          ).pipe(
            Effect.catchIf(
              ({ reason }) => reason === "missing",
              () => Effect.void
            )
          ),
        { concurrency: atOnce, discard: true }
      ),
    list: Effect.fn("FileStore.list")(function* (prefix: string) {
      const keys: Array<string> = []
      let token: string | undefined
      do {
        const { Contents, NextContinuationToken } = yield* listPage(prefix, 1000, token)
        for (const { Key } of Contents ?? []) if (Key !== undefined) keys.push(Key)
        token = NextContinuationToken
      } while (token !== undefined)
      return keys
    }),
    check: listPage("", 1).pipe(
      Effect.as(`bucket ${bucket} at ${url.host} can be read`),
      Effect.catchIf(
        ({ reason }) => reason === "missing",
        () => Effect.succeed(`bucket ${bucket} at ${url.host} is not there yet: it is made with the first file`)
      )
    ),
    urlOf: (key) =>
      new URL(`${url.pathname.replace(/\/$/, "")}/${bucket}/${key.split("/").map(encodeURIComponent).join("/")}`, url)
        .href
  })
})

/** What is wrong is said at the start, and nothing waits for it. */
export const layer = (address: Address) =>
  Layer.effect(
    FileStore,
    Effect.tap(make(address), ({ check }) =>
      Effect.forkScoped(Effect.catch(check, ({ detail }) => Effect.logWarning(detail)))
    )
  )
