/**
 * Functions of Flint around functions of the user: `mapValues(fn)` is a `map` whose function calls
 * `fn`. What is said to the user speaks of his function and its place, not of ours.
 */
import type { UserFunction } from "../core/plan/plan.ts";

const users = new WeakMap<UserFunction, UserFunction>();

/** `fn`, known from now on as being about `user`. */
export function wrapped(user: UserFunction, fn: UserFunction): UserFunction {
  users.set(fn, user);
  return fn;
}

/** The user's function that `fn` is about; `fn` itself where it is about no other. */
export function userFunctionOf(fn: UserFunction): UserFunction {
  return users.get(fn) ?? fn;
}

/** Whether a function is written with `async`. */
export function isAsync(fn: UserFunction): boolean {
  return /^\[object Async/.test(Object.prototype.toString.call(fn));
}
