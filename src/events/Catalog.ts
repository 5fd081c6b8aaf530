/** Every kind of event there is. */
import { contactCreated } from "./ContactCreated.ts"
import type { EventKind } from "./EventKind.ts"
import { machineCreated } from "./MachineCreated.ts"
import { requestCreated } from "./RequestCreated.ts"

export const kinds: ReadonlyArray<EventKind<any, any>> = [contactCreated, requestCreated, machineCreated]

export { contactCreated, machineCreated, requestCreated }

export const kindOf = (type: string): EventKind<any, any> | undefined => kinds.find((kind) => kind.type === type)
