/** Every service that handlers call, with their settings. */
import { Layer } from "effect"
import type { Setting } from "../../runtime/Setting.ts"
import * as Crm from "./Crm.ts"
import * as Dispenser from "./Dispenser.ts"
import * as Inventory from "./Inventory.ts"
import * as Mailer from "./Mailer.ts"
import * as Network from "./Network.ts"
import * as Payment from "./Payment.ts"

export const settings: ReadonlyArray<Setting<any>> = [
  Payment.url,
  Dispenser.url,
  Inventory.url,
  Network.url,
  Crm.url,
  Mailer.url,
  Mailer.from,
  Mailer.customerCare
]

export const layer = Layer.mergeAll(
  Payment.Payment.layer,
  Dispenser.Dispenser.layer,
  Inventory.Inventory.layer,
  Network.Network.layer,
  Crm.Crm.layer,
  Mailer.Mailer.layer
)
