// An authenticator app: TOTP (RFC 6238) as every app has it.
import { createHmac } from "node:crypto";

const STEP = 30_000;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

function bytes(base32) {
  const bits = [...base32].map((letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, "0")).join("");
  return Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
}

export function totp(secret, step) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac("sha1", bytes(secret)).update(counter).digest();
  const number = mac.readUInt32BE(mac[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

export class App {
  #last = 0;

  constructor(secret) {
    this.secret = secret;
  }

  // A code that was not shown before. One counts once, and a clock may be a step ahead.
  async code() {
    this.#last = Math.max(this.#last + 1, Math.floor(Date.now() / STEP));
    const early = (this.#last - 1) * STEP - Date.now();
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    return totp(this.secret, this.#last);
  }
}
