/** A channel: what was said, and where one writes. */
import { Composer } from "./Composer.tsx"
import { MessageList } from "./MessageList.tsx"
import { Notice } from "./Notice.tsx"
import { channel, channelId, channels, roomOf } from "./state.ts"
import { texts } from "./texts.ts"
import { TopBar } from "./TopBar.tsx"

export const ChatView = () => {
  const shown = channel.value
  const id = channelId.value
  if (!shown || id === undefined)
    return (
      <main class="view">
        <TopBar title={texts.bot} />
        <div class="log-frame">
          <p class="nothing">{channels.value.length === 0 ? texts.chat.loading : texts.chat.unknown}</p>
        </div>
        <div class="composer">
          <Notice />
        </div>
      </main>
    )
  return (
    <main class="view">
      <TopBar title={`# ${shown.name}`} topic={texts.chat.topic} />
      <MessageList key={id} room={roomOf(id)} />
      <Composer channel={shown} />
    </main>
  )
}
