/**
 * What user code may do in a task to which nothing was granted: 42 acts and how each is to end.
 *
 * `denied`: the system refuses it, as Deno says (NotCapable) or as TaskError PermissionDenied.
 * `allowed`: it works; so what is allowed is known, and a Deno in which it is not is noticed.
 * `ends`: it works and takes its own executor along, and nothing else.
 */
import { createRequire } from "node:module";
import * as childProcess from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import process from "node:process";
import type { TaskPermissions } from "../../mod.ts";

/** Where an act finds what it tries. */
export type Place = Readonly<{
  /** The application's folder, the worker's own in it, and that of another slot. */
  application: string;
  own: string;
  others: string;
  /** A folder that has nothing to do with the job; `secret`, `secret.js`, `secret.json` are in it. */
  elsewhere: string;
  /** A link in `own` that leads to `elsewhere/secret`. */
  link: string;
  /** A port at which somebody listens. */
  port: number;
  /** The driver. */
  pid: number;
}>;

/** What a stage is granted, an act that it needs it for, and one for which it is not enough. */
export type Grant = readonly [
  what: string,
  permissions: (place: Place) => TaskPermissions,
  granted: (place: Place) => unknown,
  beyond: (place: Place) => unknown,
];

export type Outcome = "denied" | "allowed" | "ends";
export type Probe = readonly [
  what: string,
  end: Outcome,
  act: (place: Place) => unknown,
];

const NESTED = "data:text/javascript,postMessage(0);";

/** What the nested worker of the options says first. */
function said(url: string, permissions: Deno.PermissionOptions): Promise<unknown> {
  const worker = new Worker(url, { type: "module", deno: { permissions } });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
  }).finally(() => worker.terminate());
}

export const PROBES: readonly Probe[] = [
  // Files.
  ["read elsewhere", "denied", ({ elsewhere }) => Deno.readTextFileSync(`${elsewhere}/secret`)],
  [
    "read through ..",
    "denied",
    ({ own }) => Deno.readTextFileSync(`${own}/../../elsewhere/secret`),
  ],
  [
    "read elsewhere by node:fs",
    "denied",
    ({ elsewhere }) => fs.readFileSync(`${elsewhere}/secret`),
  ],
  ["fetch of a file: address", "denied", ({ elsewhere }) => fetch(`file://${elsewhere}/secret`)],
  ["list a folder elsewhere", "denied", ({ elsewhere }) => [...Deno.readDirSync(elsewhere)]],
  ["look at a file elsewhere", "denied", ({ elsewhere }) => Deno.statSync(`${elsewhere}/secret`)],
  ["write elsewhere", "denied", ({ elsewhere }) => Deno.writeTextFileSync(`${elsewhere}/new`, "")],
  [
    "write elsewhere by node:fs",
    "denied",
    ({ elsewhere }) => fs.writeFileSync(`${elsewhere}/new`, ""),
  ],
  [
    "write into the application's folder",
    "denied",
    ({ application }) => Deno.writeTextFileSync(`${application}/new`, ""),
  ],
  [
    "write into another slot's folder",
    "denied",
    ({ others }) => Deno.writeTextFileSync(`${others}/new`, ""),
  ],
  [
    "read through a link that somebody put there",
    "allowed",
    ({ link }) => Deno.readTextFileSync(link),
  ],
  ["remove elsewhere", "denied", ({ elsewhere }) => Deno.removeSync(`${elsewhere}/secret`)],
  ["rename to elsewhere", "denied", ({ own, elsewhere }) => {
    Deno.writeTextFileSync(`${own}/mine`, "");
    Deno.renameSync(`${own}/mine`, `${elsewhere}/mine`);
  }],
  [
    "make a hard link to elsewhere",
    "denied",
    ({ own, elsewhere }) => Deno.linkSync(`${elsewhere}/secret`, `${own}/hard`),
  ],
  [
    "make a symbolic link",
    "denied",
    ({ own, elsewhere }) => Deno.symlinkSync(`${elsewhere}/secret`, `${own}/soft`),
  ],
  [
    "read the application's folder",
    "allowed",
    ({ application }) => [...Deno.readDirSync(application)],
  ],
  ["write and read its own folder", "allowed", ({ own }) => {
    Deno.writeTextFileSync(`${own}/notes`, "mine");
    return Deno.readTextFileSync(`${own}/notes`);
  }],
  // Environment, system, programs.
  ["read the environment", "denied", () => Deno.env.get("HOME")],
  ["read the environment by node:process", "denied", () => process.env.HOME!.length],
  [
    "load an environment file",
    "denied",
    ({ elsewhere }) => process.loadEnvFile(`${elsewhere}/secret`),
  ],
  ["run a program", "denied", () => new Deno.Command("true").outputSync()],
  ["run a program by node:child_process", "denied", () => {
    const { error } = childProcess.spawnSync("true");
    if (error) throw error;
  }],
  ["end the driver", "denied", ({ pid }) => Deno.kill(pid, "SIGTERM")],
  ["load a native library", "denied", () => Deno.dlopen("libc.so.6", {})],
  ["load an addon", "denied", ({ elsewhere }) => createRequire("file:///")(`${elsewhere}/a.node`)],
  ["ask for the name of the machine", "denied", () => Deno.hostname()],
  ["change to a folder elsewhere", "denied", ({ elsewhere }) => Deno.chdir(elsewhere)],
  ["change to its own folder", "allowed", ({ own }) => Deno.chdir(own)],
  ["change the mask", "denied", () => Deno.umask(0)],
  // Network.
  ["connect", "denied", ({ port }) => Deno.connect({ port })],
  ["connect by node:net", "denied", ({ port }) =>
    new Promise((resolve, reject) => {
      net.connect(port, "127.0.0.1").on("connect", resolve).on("error", reject);
    })],
  [
    "connect to the driver",
    "denied",
    ({ application }) => Deno.connect({ transport: "unix", path: `${application}/socket` }),
  ],
  ["fetch", "denied", ({ port }) => fetch(`http://127.0.0.1:${port}/`)],
  ["listen", "denied", () => Deno.listen({ port: 0 })],
  // More rights, more code.
  ["ask for a permission", "denied", async () => {
    await Deno.permissions.request({ name: "env" });
    Deno.env.toObject();
  }],
  ["start a worker with more rights", "denied", () => said(NESTED, { read: true })],
  ["start a worker with the same rights", "allowed", () => said(NESTED, "inherit")],
  ["import code from elsewhere", "denied", ({ elsewhere }) => import(`${elsewhere}/secret.js`)],
  [
    "import data from elsewhere",
    "denied",
    ({ elsewhere }) => import(`${elsewhere}/secret.json`, { with: { type: "json" } }),
  ],
  ["make code of text, and import it", "allowed", () => {
    new Function("return 1")();
    return import("data:text/javascript,export default 1");
  }],
  [
    "share memory, and see how much is used",
    "allowed",
    () => new SharedArrayBuffer(8).byteLength + Deno.memoryUsage().rss,
  ],
  ["kill its own process", "ends", () => Deno.kill(Deno.pid, "SIGKILL")],
];

/** What `withPermissions` opens, and what stays shut beside it. */
export const GRANTS: readonly Grant[] = [
  [
    "read a file",
    ({ elsewhere }) => ({ read: [`${elsewhere}/secret`] }),
    ({ elsewhere }) => Deno.readTextFileSync(`${elsewhere}/secret`),
    ({ elsewhere }) => Deno.readTextFileSync(`${elsewhere}/secret.js`),
  ],
  [
    "read a folder, and write nothing in it",
    ({ elsewhere }) => ({ read: [elsewhere] }),
    ({ elsewhere }) => fs.readFileSync(`${elsewhere}/secret.json`),
    ({ elsewhere }) => fs.writeFileSync(`${elsewhere}/new`, ""),
  ],
  [
    "import code from a folder",
    ({ elsewhere }) => ({ read: [`${elsewhere}/secret.js`] }),
    ({ elsewhere }) => import(`${elsewhere}/secret.js`),
    ({ elsewhere }) => import(`${elsewhere}/secret.json`, { with: { type: "json" } }),
  ],
  [
    "write a file, and read nothing",
    ({ elsewhere }) => ({ write: [`${elsewhere}/secret`] }),
    ({ elsewhere }) => Deno.writeTextFileSync(`${elsewhere}/secret`, "1"),
    ({ elsewhere }) => Deno.readTextFileSync(`${elsewhere}/secret`),
  ],
  [
    "connect to a port",
    ({ port }) => ({ net: [`127.0.0.1:${port}`] }),
    ({ port }) => Deno.connect({ hostname: "127.0.0.1", port }).then((it) => it.close()),
    ({ port }) => Deno.connect({ hostname: "127.0.0.1", port: port - 1 }),
  ],
  [
    "use the network, and not the driver's socket",
    () => ({ net: true }),
    () => Deno.listen({ port: 0 }).close(),
    ({ application }) => Deno.connect({ transport: "unix", path: `${application}/socket` }),
  ],
  [
    "read a variable",
    () => ({ env: ["HOME"] }),
    () => process.env.HOME,
    () => Deno.env.get("PATH"),
  ],
  [
    "run a program",
    () => ({ run: ["true"] }),
    () => new Deno.Command("true").outputSync(),
    () => new Deno.Command("false").outputSync(),
  ],
  [
    "ask for the name of the machine",
    () => ({ sys: ["hostname"] }),
    () => Deno.hostname(),
    () => Deno.umask(0),
  ],
  [
    "have more rights, and give no more away",
    ({ elsewhere }) => ({ read: [`${elsewhere}/secret`] }),
    ({ elsewhere }) => said(NESTED, { read: [`${elsewhere}/secret`] }),
    () => said(NESTED, { read: true }),
  ],
];
