/** Which files of which messages are in the store, in the state. */
import { Clock, Context, Effect, Layer } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import * as SqlFailure from "../state/SqlFailure.ts"
import { FileStoreError } from "./FileStore.ts"

export interface KeptFile {
  readonly messageId: string
  readonly fileId: string
  readonly serverId: string
  readonly channelId: string
  readonly threadId: string | null
  readonly authorId: string
  /** As whoever sent it called it. */
  readonly name: string
  /** In the store. */
  readonly key: string
  readonly url: string
  /** Media type, by what is in it. */
  readonly type: string
  /** Bytes. */
  readonly size: number
  /** Of its bytes, in hexadecimal; `null` until all of it is in the store. */
  readonly sha256: string | null
}

/** A channel, with its threads unless one is named. */
export interface Place {
  readonly serverId: string
  readonly channelId: string
  readonly threadId?: string
}

const failed = (cause: SqlError.SqlError) =>
  new FileStoreError({
    reason: "failed",
    detail: `What is known of files could not be read or written: ${SqlFailure.from(cause).message}`,
    cause
  })

export class Kept extends Context.Service<
  Kept,
  {
    /** To be called before a file goes to the store, without a checksum, and again once it is there. */
    put(file: KeptFile): Effect.Effect<void, FileStoreError>
    ofMessages(messageIds: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<KeptFile>, FileStoreError>
    in(place: Place): Effect.Effect<ReadonlyArray<KeptFile>, FileStoreError>
    /** To be called once they are gone from the store. */
    forget(files: ReadonlyArray<KeptFile>): Effect.Effect<void, FileStoreError>
  }
>()("rtfm/files/Kept") {
  static readonly layer = Layer.effect(
    Kept,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const columns = sql.literal(
        `message_id AS "messageId", file_id AS "fileId", server_id AS "serverId", channel_id AS "channelId",
         thread_id AS "threadId", author_id AS "authorId", name, key, url, type, size, sha256`
      )
      // The driver's rows have no prototype, which makes them unequal to any other object.
      const found = Effect.map((rows: ReadonlyArray<KeptFile>) => rows.map((row): KeptFile => ({ ...row })))
      const safely = Effect.mapError(failed)

      const put = Effect.fnUntraced(function* (file: KeptFile) {
        const row = {
          message_id: file.messageId,
          file_id: file.fileId,
          server_id: file.serverId,
          channel_id: file.channelId,
          thread_id: file.threadId,
          author_id: file.authorId,
          name: file.name,
          key: file.key,
          url: file.url,
          type: file.type,
          size: file.size,
          sha256: file.sha256,
          at: yield* Clock.currentTimeMillis
        }
        yield* sql`
          INSERT INTO files ${sql.insert(row)}
          ON CONFLICT (message_id, file_id) DO UPDATE SET key = excluded.key, url = excluded.url, type = excluded.type,
            size = excluded.size, sha256 = excluded.sha256, at = excluded.at`
      }, safely)

      return Kept.of({
        put,
        ofMessages: (messageIds) =>
          messageIds.length === 0
            ? Effect.succeed([])
            : sql<KeptFile>`SELECT ${columns} FROM files WHERE ${sql.in("message_id", messageIds)}`.pipe(found, safely),
        in: ({ channelId, serverId, threadId }) => {
          const within = threadId === undefined ? sql`` : sql` AND thread_id = ${threadId}`
          return sql<KeptFile>`
            SELECT ${columns} FROM files WHERE server_id = ${serverId} AND channel_id = ${channelId}${within}`.pipe(
            found,
            safely
          )
        },
        forget: (files) =>
          Effect.forEach(
            files,
            ({ fileId, messageId }) => sql`DELETE FROM files WHERE message_id = ${messageId} AND file_id = ${fileId}`,
            { discard: true }
          ).pipe(sql.withTransaction, safely)
      })
    })
  )
}
