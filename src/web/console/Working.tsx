/** Says that the bot is at work on an answer in a channel. */
import { isWorking } from "./state.ts"
import { texts } from "./texts.ts"

export const Working = ({ channelId }: { readonly channelId: string }) => (
  <div class="working" role="status">
    {isWorking(channelId) && (
      <>
        <span class="avatar bot-sign" aria-hidden="true">
          ¶
        </span>
        <span>{texts.compose.working}</span>
        <i aria-hidden="true" />
      </>
    )}
  </div>
)
