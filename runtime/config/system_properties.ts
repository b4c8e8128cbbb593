/** Defaults that a program itself gives to the settings that are made after them. */
import { isSetting, type Settings, validateSetting } from "./settings.ts";

/** What was set with `SparkContext.setSystemProperty`. */
const systemProperties = new Map<string, string>();

/** Sets a default of the settings made from now on; a key that is no setting is only kept. */
export function setSystemProperty(key: string, value: string): void {
  if (isSetting(key)) validateSetting(key, value);
  systemProperties.set(key, value);
}

/** What was set for `key`; else undefined. */
export function systemProperty(key: string): string | undefined {
  return systemProperties.get(key);
}

/** All that are settings. */
export function settingsAmongProperties(): Settings {
  return Object.fromEntries([...systemProperties].filter(([key]) => isSetting(key)));
}
