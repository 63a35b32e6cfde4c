import { BlockList, isIP } from "node:net";
import { InvalidOption } from "../../../core/errors.ts";
import type { AddressGuardOptions } from "../../../core/ports.ts";
import type { Address } from "./connect-race.ts";

/** What is not of the internet at large (IANA's special-purpose registries, RFC 6890). */
const NOT_PUBLIC = [
  "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24",
  "192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4",
  "::/128 ::1/128 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 2002::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8",
].flatMap(line => line.split(" "));

/** A host is refused: its address may not be connected to. */
export class BlockedAddress extends Error {
  readonly code = "SKEIN_BLOCKED";
}

/** Which addresses may be connected to. It looks at the very address that is then used: a name can't change in between. */
export type AddressGuard = (address: Address) => boolean;

/**
 * @throws InvalidOption naming the exception that is no address
 */
export function addressGuard(options: AddressGuardOptions | boolean | undefined): AddressGuard | undefined {
  if (options === undefined || options === false) return undefined;
  const blocked = listOf(NOT_PUBLIC, "");
  const except = listOf(options === true ? [] : (options.except ?? []), "blockPrivateAddresses.except: ");
  return address => {
    const { address: text, family } = embedded(address);
    const type = family === 4 ? "ipv4" : "ipv6";
    return !blocked.check(text, type) || except.check(text, type);
  };
}

/** Behind a translator (RFC 6052) and in a mapped address stands one of IPv4, which is what is meant. */
function embedded(address: Address): Address {
  const match = /^(?:64:ff9b::|::ffff:)(?:(\d+\.\d+\.\d+\.\d+)|([0-9a-f]{1,4}):([0-9a-f]{1,4}))$/i.exec(
    address.address,
  );
  if (address.family !== 6 || match === null) return address;
  const [, dotted, high = "0", low = "0"] = match;
  const [first, second] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return {
    address: dotted ?? `${first >> 8}.${first & 255}.${second >> 8}.${second & 255}`,
    family: 4,
  };
}

function listOf(ranges: readonly string[], name: string): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = "", bits] = String(range).split("/");
    const family = isIP(address);
    const most = family === 4 ? 32 : 128;
    const prefix = bits === undefined ? most : Number(bits);
    if (family === 0 || !Number.isInteger(prefix) || prefix < 0 || prefix > most || bits === "")
      throw new InvalidOption(`${name}expected an address or a range such as "10.1.0.0/16"; got "${range}"`);
    list.addSubnet(address, prefix, family === 4 ? "ipv4" : "ipv6");
  }
  return list;
}
