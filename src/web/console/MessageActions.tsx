/** What can be done with the message the pointer or the keyboard is on. */
import type { LocalMessage } from "../../domain/Happening.ts"
import { openThread } from "./actions.ts"
import { focusComposer } from "./Focus.ts"
import { Icon, type IconName } from "./Icon.tsx"
import { channel, editing, reacting, removing, replyingTo, threads } from "./state.ts"
import { texts } from "./texts.ts"
import { follow } from "./WayPanel.tsx"

interface Props {
  readonly message: LocalMessage
  readonly isMine: boolean
}

export const MessageActions = ({ message, isMine }: Props) => (
  <div class="actions" role="group" aria-label={texts.chat.actions}>
    <Action icon="reply" label={texts.chat.reply} run={() => replyTo(message)} />
    {isMine && <Action icon="edit" label={texts.chat.edit} run={() => (editing.value = message.id)} />}
    <Action icon="smile" label={texts.chat.react} run={() => (reacting.value = message.id)} />
    {!channel.value?.thread && !threads.value.has(message.id) && (
      <Action icon="thread" label={texts.chat.thread} run={() => openThread(message)} />
    )}
    <Action icon="way" label={texts.way.see} run={() => follow(wayOf(message))} />
    {isMine && <Action icon="trash" label={texts.chat.remove} run={() => (removing.value = message.id)} />}
  </div>
)

/** An answer's way is its question's. */
export const wayOf = (message: LocalMessage): string => (message.answer && message.replyTo) ?? message.id

export const replyTo = (message: LocalMessage): void => {
  replyingTo.value = message
  focusComposer()
}

interface ActionProps {
  readonly icon: IconName
  readonly label: string
  readonly run: () => void
}

const Action = ({ icon, label, run }: ActionProps) => (
  <button type="button" class="icon-button" aria-label={label} title={label} onClick={run}>
    <Icon name={icon} />
  </button>
)
