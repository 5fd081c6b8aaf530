/** What can be done with the message the pointer or the keyboard is on. */
import type { LocalMessage } from "../../domain/Happening.ts"
import { focusComposer } from "./Focus.ts"
import { Icon } from "./Icon.tsx"
import { editing, removing, replyingTo } from "./state.ts"
import { texts } from "./texts.ts"

interface Props {
  readonly message: LocalMessage
  readonly isMine: boolean
}

export const MessageActions = ({ message, isMine }: Props) => (
  <div class="actions" role="group" aria-label={texts.chat.actions}>
    <Action icon="reply" label={texts.chat.reply} run={() => replyTo(message)} />
    {isMine && <Action icon="edit" label={texts.chat.edit} run={() => (editing.value = message.id)} />}
    {isMine && <Action icon="trash" label={texts.chat.remove} run={() => (removing.value = message.id)} />}
  </div>
)

export const replyTo = (message: LocalMessage): void => {
  replyingTo.value = message
  focusComposer()
}

interface ActionProps {
  readonly icon: "reply" | "edit" | "trash"
  readonly label: string
  readonly run: () => void
}

const Action = ({ icon, label, run }: ActionProps) => (
  <button type="button" class="icon-button" aria-label={label} title={label} onClick={run}>
    <Icon name={icon} />
  </button>
)
