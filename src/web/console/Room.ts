/** A channel as the page knows it: its newest messages, and older ones as far as the reader went back. */
import { batch, signal } from "@preact/signals"
import type { Happening } from "../../domain/Happening.ts"
import * as api from "./api.ts"
import { apply, type Messages, withRead } from "./Timeline.ts"

/** Messages read at once. */
const page = 100
/** With more than this, and the reader at the end, only the newest `kept` stay. */
const most = 600
const kept = 300

export class Room {
  readonly channelId: string
  readonly messages = signal<Messages>([])
  readonly phase = signal<"new" | "loading" | "ready" | "failed">("new")
  readonly hasOlder = signal(false)
  readonly loadingOlder = signal(false)
  /** The reader is at the newest message. */
  following = true
  /** What happened while messages are being read, to be applied to what was read; there only then. */
  private held: Array<Happening> | undefined
  /** Counts the readings that start, so that one which was overtaken is known. */
  private readings = 0

  constructor(channelId: string) {
    this.channelId = channelId
  }

  /** Reads the newest messages in place of what was known. */
  async load(): Promise<void> {
    if (this.phase.peek() !== "ready") this.phase.value = "loading"
    this.loadingOlder.value = false
    try {
      const read = await this.read()
      if (read) this.show(read.messages, apply(read.messages, read.held))
    } catch {
      this.phase.value = "failed"
    }
  }

  async loadOlder(): Promise<void> {
    const oldest = this.messages.peek()[0]
    if (!oldest || !this.hasOlder.peek() || this.held) return
    this.loadingOlder.value = true
    try {
      const read = await this.read(oldest.id)
      if (read) this.show(read.messages, apply(withRead(this.messages.peek(), read.messages), read.held))
    } catch {
      // The next scroll tries again.
      this.loadingOlder.value = false
    }
  }

  /** What is not read yet will be read with everything else. */
  take(happenings: ReadonlyArray<Happening>): void {
    if (this.phase.peek() === "new") return
    this.held?.push(...happenings)
    const next = apply(this.messages.peek(), happenings)
    const tooMany = this.following && next.length > most
    batch(() => {
      if (tooMany) this.hasOlder.value = true
      this.messages.value = tooMany ? next.slice(-kept) : next
    })
  }

  forget(): void {
    this.readings++
    this.held = undefined
    this.phase.value = "new"
  }

  /** Nothing when another reading began meanwhile. */
  private async read(
    before?: string
  ): Promise<{ readonly messages: Messages; readonly held: Array<Happening> } | undefined> {
    const reading = ++this.readings
    const held: Array<Happening> = []
    this.held = held
    try {
      const messages = await api.messages(this.channelId, page, before)
      return reading === this.readings ? { messages, held } : undefined
    } catch (error) {
      if (reading === this.readings) throw error
      return undefined
    } finally {
      if (reading === this.readings) this.held = undefined
    }
  }

  private show(read: Messages, messages: Messages): void {
    batch(() => {
      this.messages.value = messages
      this.hasOlder.value = read.length === page
      this.loadingOlder.value = false
      this.phase.value = "ready"
    })
  }
}
