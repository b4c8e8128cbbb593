/** What this very process may do: nobody grants to tasks what they do not have themselves. */
import type { GrantName } from "../core/grants.ts";

/** Whether it has the permission, for one value or for all of its kind. Nobody is asked for it. */
export function isGranted(name: GrantName, value?: string): boolean {
  const { state, partial } = Deno.permissions.querySync(descriptorOf(name, value));
  // Partial: all of the kind but for what --deny-… names.
  return state === "granted" && !partial;
}

function descriptorOf(name: GrantName, value: string | undefined): Deno.PermissionDescriptor {
  if (value === undefined) return { name };
  switch (name) {
    case "read":
    case "write":
    case "ffi":
      return { name, path: value };
    case "net":
      return { name, host: value };
    case "env":
      return { name, variable: value };
    case "run":
      return { name, command: value };
    case "sys":
      return { name, kind: value as NonNullable<Deno.SysPermissionDescriptor["kind"]> };
  }
}
