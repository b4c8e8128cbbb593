import { OPTIONS } from "../../../runtime/config/options.ts";
import { validateSettings } from "../../../runtime/config/settings.ts";

Deno.test("every default is a value of its kind", () => {
  for (const [key, option] of Object.entries(OPTIONS)) {
    if ("default" in option) validateSettings({ [key]: option.default });
  }
});
