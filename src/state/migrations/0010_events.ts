/** Tables of `events` and `notify`. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

export const migration = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE event_steps (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      event_id TEXT NOT NULL,
      step TEXT NOT NULL,
      outcome TEXT NOT NULL,
      detail TEXT NOT NULL,
      at INTEGER NOT NULL,
      UNIQUE (event_id, step)
    )`
  yield* sql`CREATE TABLE machine_locations (place TEXT PRIMARY KEY, machine_id TEXT NOT NULL)`
  yield* sql`
    CREATE TABLE simulated_calls (
      id TEXT PRIMARY KEY,
      service TEXT NOT NULL,
      path TEXT NOT NULL,
      body TEXT NOT NULL,
      done INTEGER NOT NULL,
      detail TEXT NOT NULL,
      at INTEGER NOT NULL
    )`
  yield* sql`
    CREATE TABLE simulated_stock (
      machine_id TEXT NOT NULL,
      drink TEXT NOT NULL,
      amount INTEGER NOT NULL,
      PRIMARY KEY (machine_id, drink)
    )`
  // A row stays when it was sent, so that what comes again is known; it goes when its topic has forgotten it.
  yield* sql`
    CREATE TABLE notifications_told (
      id TEXT PRIMARY KEY,
      destination TEXT NOT NULL,
      reference TEXT NOT NULL,
      sent INTEGER NOT NULL,
      at INTEGER NOT NULL
    )`
  yield* sql`CREATE INDEX notifications_told_at ON notifications_told (at)`
  yield* sql`
    CREATE TABLE notifications_later (
      id TEXT PRIMARY KEY,
      due_at INTEGER NOT NULL,
      notification TEXT NOT NULL,
      done INTEGER NOT NULL
    )`
  yield* sql`CREATE INDEX notifications_due ON notifications_later (due_at) WHERE done = 0`
})
