/** The files on messages of a platform, read when they are wanted: links to them are signed and soon expire. */
import { Context, type Effect, type Scope, type Stream } from "effect"
import type { ChatError } from "./Chat.ts"

/** A file and where it stands. */
export interface Wanted {
  /** Of the channel or thread in which the message was said. */
  readonly channelId: string
  readonly messageId: string
  readonly fileId: string
}

export class Attachments extends Context.Service<
  Attachments,
  {
    /** The content, to be read once and within the scope; `undefined` when the file, or its message, is gone. */
    open(wanted: Wanted): Effect.Effect<Stream.Stream<Uint8Array, ChatError> | undefined, ChatError, Scope.Scope>
  }
>()("rtfm/chat/Attachments") {}
