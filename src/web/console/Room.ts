/** A channel as the page knows it: its newest messages, and older ones as far as the reader went back. */
import { batch, signal } from "@preact/signals"
import type { Happening } from "../../domain/Happening.ts"
import * as api from "./api.ts"
import { apply, type Messages, withRead } from "./Timeline.ts"

/** Messages read at once. */
const page = 100
/** With more than this, and the reader at the end, only the newest `kept` stay. */
const most = 1000
const kept = 400

export class Room {
  readonly channelId: string
  readonly messages = signal<Messages>([])
  readonly phase = signal<"new" | "loading" | "ready" | "failed">("new")
  readonly hasOlder = signal(false)
  readonly loadingOlder = signal(false)
  /** The reader is at the newest message. */
  following = true
  /** What happened while messages are being read, to be applied to what was read. */
  private held: Array<Happening> = []
  private reading = 0

  constructor(channelId: string) {
    this.channelId = channelId
  }

  /** Reads the newest messages in place of what was known. */
  async load(): Promise<void> {
    const reading = this.begin()
    this.phase.value = this.messages.peek().length === 0 ? "loading" : this.phase.peek()
    try {
      const read = await api.messages(this.channelId, page)
      if (reading !== this.reading) return
      batch(() => {
        this.messages.value = apply(read, this.held)
        this.hasOlder.value = read.length === page
        this.phase.value = "ready"
      })
    } catch {
      if (reading === this.reading) this.phase.value = "failed"
    } finally {
      if (reading === this.reading) this.held = []
    }
  }

  async loadOlder(): Promise<void> {
    const oldest = this.messages.peek()[0]
    if (!oldest || !this.hasOlder.peek() || this.loadingOlder.peek()) return
    const reading = this.begin()
    this.loadingOlder.value = true
    try {
      const read = await api.messages(this.channelId, page, oldest.id)
      if (reading !== this.reading) return
      batch(() => {
        this.messages.value = apply(withRead(this.messages.peek(), read), this.held)
        this.hasOlder.value = read.length === page
      })
    } catch {
      return
    } finally {
      this.loadingOlder.value = false
    }
  }

  /** What is not read yet will be read with everything else. */
  take(happenings: ReadonlyArray<Happening>): void {
    if (this.phase.peek() === "new") return
    this.held.push(...happenings)
    const next = apply(this.messages.peek(), happenings)
    const tooMany = this.following && next.length > most
    batch(() => {
      if (tooMany) this.hasOlder.value = true
      this.messages.value = tooMany ? next.slice(-kept) : next
    })
  }

  forget(): void {
    this.reading++
    this.phase.value = "new"
  }

  private begin(): number {
    this.held = []
    return ++this.reading
  }
}
