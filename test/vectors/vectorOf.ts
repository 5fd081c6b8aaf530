/** A vector that belongs to a name, near to no other's. */
import { createHash } from "node:crypto"

export const vectorOf = (name: string): Float32Array =>
  Float32Array.from(createHash("sha512").update(name).digest(), (byte) => byte - 127.5)
